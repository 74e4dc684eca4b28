"""FreshBooks OAuth of the sandbox: consent, code, rotation, revoke, expiry, scopes. Sheet 2."""

import asyncio

import pytest
from tests.contract.sandbox.freshbooks_browser import FreshBooksBrowser


@pytest.mark.parametrize("encoding", ["form", "json", "multipart"])
async def test_token_call_takes_three_encodings(freshbooks: FreshBooksBrowser, encoding: str) -> None:
    code = await freshbooks.consent()
    status, body = await freshbooks.token_call(
        {"grant_type": "authorization_code", "code": code}, encoding=encoding
    )
    assert status == 200
    assert (body["token_type"], body["expires_in"], len(body["refresh_token"])) == ("Bearer", 43200, 64)


async def test_a_code_works_once_and_for_five_minutes(freshbooks: FreshBooksBrowser) -> None:
    code = await freshbooks.consent()
    grant = {"grant_type": "authorization_code", "code": code}
    assert (await freshbooks.token_call(grant))[0] == 200
    assert (await freshbooks.token_call(grant))[1]["error"] == "invalid_grant"
    late = {"grant_type": "authorization_code", "code": await freshbooks.consent()}
    freshbooks.sandbox.world.clock.advance(301)
    assert (await freshbooks.token_call(late))[1]["error"] == "invalid_grant"


async def test_a_refresh_token_works_once(freshbooks: FreshBooksBrowser) -> None:
    first = await freshbooks.connect()
    spend = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    answers = await asyncio.gather(*(freshbooks.token_call(spend) for _ in range(10)))
    assert sorted(status for status, _ in answers) == [200] + [400] * 9
    fresh = next(body for status, body in answers if status == 200)
    freshbooks.token = fresh["access_token"]
    assert (await freshbooks.call("GET", "users/clients"))[0] == 200


async def test_access_expires_after_twelve_hours(freshbooks: FreshBooksBrowser) -> None:
    freshbooks.sandbox.world.clock.advance(43_201)
    status, body = await freshbooks.call("GET", "users/clients")
    assert (status, body["error"]) == (401, "unauthenticated")


async def test_revoke_is_immediate(freshbooks: FreshBooksBrowser) -> None:
    form = {"client_id": freshbooks.urls["client_id"], "client_secret": freshbooks.urls["client_secret"]}
    async with freshbooks.session.post(
        f"{freshbooks.urls['api']}/auth/oauth/revoke", data=form | {"token": freshbooks.token}
    ) as answer:
        assert (answer.status, await answer.json()) == (200, {})
    assert (await freshbooks.call("GET", f"{freshbooks.urls['api']}/auth/api/v1/users/me"))[0] == 401


async def test_scopes_are_enforced_per_call(freshbooks: FreshBooksBrowser) -> None:
    await freshbooks.connect("user:clients:read")
    assert (await freshbooks.call("GET", "users/clients"))[0] == 200
    status, body = await freshbooks.call("POST", "users/clients", {"client": {"email": "a@b.example"}})
    assert (status, body["response"]["errors"][0]["errno"]) == (403, 1003)
    assert (await freshbooks.call("GET", f"{freshbooks.urls['api']}/auth/api/v1/users/me"))[0] == 200


async def test_wrong_client_secret_and_unknown_scope(freshbooks: FreshBooksBrowser) -> None:
    wrong = {"grant_type": "refresh_token", "refresh_token": "x", "client_secret": "wrong"}
    status, body = await freshbooks.token_call(wrong)
    assert (status, body["error"]) == (401, "invalid_client")
    query = {"response_type": "code", "client_id": freshbooks.urls["client_id"], "scope": "user:moon:read"}
    query["redirect_uri"] = freshbooks.urls["redirect_uri"]
    async with freshbooks.session.get(f"{freshbooks.urls['auth']}/oauth/authorize", params=query) as page:
        assert "The requested scope is invalid, unknown, or malformed." in await page.text()


async def test_no_token_reaches_the_ledger(freshbooks: FreshBooksBrowser) -> None:
    tokens = await freshbooks.connect()
    await freshbooks.token_call({"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]})
    async with freshbooks.session.get(freshbooks.admin + "/ledger") as answer:
        text = await answer.text()
    secrets = [tokens["access_token"], tokens["refresh_token"], freshbooks.urls["client_secret"]]
    assert not any(secret in text for secret in secrets)
