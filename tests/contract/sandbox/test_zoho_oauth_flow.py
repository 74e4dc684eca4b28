"""Zoho OAuth of the sandbox: consent, token, refresh, throttle, revocation, two data centres."""

import re
from typing import Any

import pytest
from tests.contract.sandbox.zoho_browser import ZohoBrowser

THROTTLED = {
    "error_description": "You have made too many requests continuously. Please try again after some time.",
    "error": "Access Denied",
    "status": "failure",
}


async def _refresh(zoho: ZohoBrowser, token: str) -> tuple[int, Any]:
    return await zoho.token_call(grant_type="refresh_token", refresh_token=token)


async def test_consent_gives_a_code_with_its_data_centre(zoho: ZohoBrowser) -> None:
    back = await zoho.consent()
    assert (back["location"], back["accounts-server"], back["state"]) == ("us", zoho.urls["accounts"], "s1")
    assert re.fullmatch(r"1000\.[0-9a-f]{32}\.[0-9a-f]{32}", back["code"])


async def test_a_refusal_goes_back_with_access_denied(zoho: ZohoBrowser) -> None:
    assert await zoho.consent(decision="deny") == {"error": "access_denied", "state": "s1"}


@pytest.mark.parametrize("encoding", ["query", "form", "multipart"])
async def test_a_code_is_taken_in_each_encoding_and_once(zoho: ZohoBrowser, encoding: str) -> None:
    code = (await zoho.consent())["code"]
    status, tokens = await zoho.token_call(encoding, grant_type="authorization_code", code=code)
    assert (status, tokens["token_type"], tokens["expires_in"]) == (200, "Bearer", 3600)
    assert tokens["api_domain"] == zoho.urls["api_domain"]
    assert await zoho.token_call(grant_type="authorization_code", code=code) == (
        200,
        {"error": "invalid_code"},
    )


async def test_a_code_dies_after_two_minutes(zoho: ZohoBrowser) -> None:
    code = (await zoho.consent())["code"]
    await zoho.advance(121)
    assert await zoho.token_call(grant_type="authorization_code", code=code) == (
        200,
        {"error": "invalid_code"},
    )


async def test_a_refresh_token_stays_and_is_not_repeated(zoho: ZohoBrowser) -> None:
    tokens = await zoho.connect()
    for _ in range(2):
        status, refreshed = await _refresh(zoho, tokens["refresh_token"])
        assert status == 200 and "refresh_token" not in refreshed


async def test_online_access_has_no_refresh_token(zoho: ZohoBrowser) -> None:
    assert "refresh_token" not in await zoho.connect(access_type="online")


async def test_a_second_refresh_token_needs_prompt_consent(zoho: ZohoBrowser) -> None:
    assert "refresh_token" not in await zoho.connect(prompt="")
    await zoho.switch("zoho_accounts.refresh_needs_consent", False)
    assert "refresh_token" in await zoho.connect(prompt="")


async def test_errors_are_bodies_of_a_200(zoho: ZohoBrowser) -> None:
    refresh: dict[str, str] = {"grant_type": "refresh_token", "refresh_token": "nothing"}
    assert await zoho.token_call(**refresh) == (200, {"error": "invalid_code"})
    assert await zoho.token_call(**refresh, client_id="x") == (200, {"error": "invalid_client"})
    assert await zoho.token_call(**refresh, client_secret="x") == (200, {"error": "invalid_client_secret"})
    assert await zoho.token_call(grant_type="magic") == (200, {"error": "unsupported_grant_type"})
    code = (await zoho.consent())["code"]
    wrong = {"grant_type": "authorization_code", "code": code, "redirect_uri": "http://127.0.0.1/other"}
    assert await zoho.token_call(**wrong) == (200, {"error": "invalid_redirect_uri"})


async def test_ten_tokens_in_ten_minutes_then_access_denied(zoho: ZohoBrowser) -> None:
    refresh_token = zoho.urls["refresh_token"]
    answers = [(await _refresh(zoho, refresh_token))[0] for _ in range(10)]
    assert answers == [200] * 10
    assert await _refresh(zoho, refresh_token) == (400, THROTTLED)
    await zoho.advance(601)
    assert (await _refresh(zoho, refresh_token))[0] == 200


async def test_the_throttle_is_localised_and_movable(zoho: ZohoBrowser) -> None:
    await zoho.admin_call("PUT", "/limits", {"system": "zoho_crm", "token": 0})
    await zoho.switch("zoho_accounts.throttle_language", "zh")
    status, body = await _refresh(zoho, zoho.urls["refresh_token"])
    assert (status, body["status"]) == (400, "failure")
    assert body["error"] != "Access Denied"


async def test_legacy_answers_count_in_milliseconds(zoho: ZohoBrowser) -> None:
    await zoho.switch("zoho_accounts.expires_in_ms", True)
    _, tokens = await _refresh(zoho, zoho.urls["refresh_token"])
    assert (tokens["expires_in"], tokens["expires_in_sec"]) == (3_600_000, 3600)


async def test_an_access_token_dies_after_an_hour(zoho: ZohoBrowser) -> None:
    assert (await zoho.call("GET", "/org"))[0] == 200
    await zoho.advance(3600)
    status, body = await zoho.call("GET", "/org")
    assert (status, body["code"]) == (401, "INVALID_TOKEN")


async def test_revoking_a_refresh_token_kills_its_access_tokens(zoho: ZohoBrowser) -> None:
    tokens = await zoho.connect()
    url = f"{zoho.urls['accounts']}/oauth/v2/token/revoke"
    async with zoho.session.post(url, params={"token": tokens["refresh_token"]}) as answer:
        assert await answer.json() == {"status": "success"}
    assert (await zoho.call("GET", "/org"))[1]["code"] == "INVALID_TOKEN"
    assert await _refresh(zoho, tokens["refresh_token"]) == (200, {"error": "invalid_code"})
    async with zoho.session.post(url, data={"token": tokens["refresh_token"]}) as answer:
        assert answer.status == 400


async def test_the_twenty_first_refresh_token_evicts_the_oldest(zoho: ZohoBrowser) -> None:
    first = await zoho.connect()
    await zoho.switch("zoho_accounts.refresh_tokens_per_user", 3)
    await zoho.switch("zoho_accounts.codes_per_minute", 9)
    await zoho.connect()
    assert await _refresh(zoho, first["refresh_token"]) != (200, {"error": "invalid_code"})
    await zoho.connect()
    await zoho.connect()
    assert await _refresh(zoho, first["refresh_token"]) == (200, {"error": "invalid_code"})


async def test_the_fifth_code_of_a_minute_is_refused_for_ten_minutes(zoho: ZohoBrowser) -> None:
    url = f"{zoho.urls['accounts']}/oauth/v2/auth"
    for _ in range(3):
        await zoho.consent()
    for seconds, status in ((0, 429), (599, 429), (1, 200)):
        await zoho.advance(seconds)
        async with zoho.session.get(url, params=zoho.asked()) as page:
            assert page.status == status


async def test_only_the_oauthtoken_scheme_counts_unless_switched(zoho: ZohoBrowser) -> None:
    bearer = {"Authorization": f"Bearer {zoho.token}"}
    status, body = await zoho.call("GET", "/org", **bearer)
    assert (status, body["code"]) == (401, "AUTHENTICATION_FAILURE")
    await zoho.switch("zoho_accounts.accepts_bearer", True)
    assert (await zoho.call("GET", "/org", **bearer))[0] == 200


async def test_each_call_needs_its_scope(zoho: ZohoBrowser) -> None:
    await zoho.connect(scope="ZohoCRM.modules.contacts.READ")
    assert (await zoho.call("GET", "/Contacts?fields=Email"))[0] == 204
    for method, path in (
        ("GET", "/Deals?fields=Stage"),
        ("POST", "/Contacts"),
        ("GET", "/Contacts/search?word=ab"),
    ):
        status, body = await zoho.call(method, path, {} if method == "POST" else None)
        assert (status, body["code"]) == (401, "OAUTH_SCOPE_MISMATCH")


async def test_data_centres_share_the_client_and_nothing_else(zoho: ZohoBrowser) -> None:
    back = await zoho.consent(location="eu")
    assert (back["location"], back["accounts-server"]) == (
        "eu",
        zoho.sandbox.addresses["zoho"]["eu"]["accounts"],
    )
    code = {"grant_type": "authorization_code", "code": back["code"]}
    assert await zoho.token_call(**code) == (200, {"error": "invalid_code"})
    contact = await zoho.create("Contacts", Last_Name="Only in us")
    europe = ZohoBrowser(zoho.sandbox, zoho.session, "eu")
    assert (await europe.token_call(**code))[1]["api_domain"] == europe.urls["api_domain"]
    await europe.connect()
    assert (await europe.call("GET", f"/Contacts/{contact}"))[0] == 204
    assert (await europe.call("GET", "/org"))[1]["org"][0]["currency"] == "EUR"
    europe.token = zoho.token
    assert (await europe.call("GET", "/org"))[1]["code"] == "INVALID_TOKEN"


async def test_a_self_clients_code_needs_no_redirect_address(zoho: ZohoBrowser) -> None:
    url, form = f"{zoho.urls['accounts']}/developerconsole/selfclient", {"client_id": zoho.urls["client_id"]}
    async with zoho.session.post(url, data=form | {"scope": "ZohoCRM.org.READ", "minutes": "5"}) as answer:
        code = (await answer.json())["code"]
    given = {"grant_type": "authorization_code", "code": code, "redirect_uri": ""}
    assert "refresh_token" in (await zoho.token_call(**given))[1]


async def test_client_credentials_name_the_service_organization(zoho: ZohoBrowser) -> None:
    given = {"grant_type": "client_credentials", "scope": "ZohoCRM.org.READ"}
    assert await zoho.token_call(**given) == (200, {"error": "invalid_soid"})
    zgid = (await zoho.call("GET", "/org"))[1]["org"][0]["zgid"]
    status, tokens = await zoho.token_call(**given, soid=f"ZohoCRM.{zgid}")
    assert status == 200 and "refresh_token" not in tokens
