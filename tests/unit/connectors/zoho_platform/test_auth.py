"""Zoho OAuth: errors inside a 200, data centres, tokens that do not rotate, the throttle."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.unit.connectors.vendor import NOW, FakeVendor, httpx, reply

from twinledger.connectors import registry
from twinledger.connectors.base.access import AccessToken, Auth
from twinledger.connectors.base.oauth import OAuthClient
from twinledger.kernel.errors import PermanentError, TransientError

EU = "https://accounts.zoho.eu"
PAIR: dict[str, Any] = {
    "access_token": "1000.a.b",
    "refresh_token": "1000.c.d",
    "scope": "ZohoCRM.coql.READ ZohoBooks.settings.READ",
    "api_domain": "https://www.zohoapis.eu",
    "token_type": "Bearer",
    "expires_in": 3600,
}


def auth(vendor: FakeVendor, **options: Any) -> Auth:
    client = OAuthClient("id", "secret", "https://us.example/connected", **options)
    return registry.auth("zoho", client, http=vendor.http, clock=vendor.clock)


def test_consent_asks_for_a_refresh_token() -> None:
    url = urlsplit(auth(FakeVendor()).authorize_url(scopes=["ZohoCRM.coql.READ", "ZohoBooks.x"], state="s"))
    query = parse_qs(url.query)
    assert (url.netloc, url.path) == ("accounts.zoho.com", "/oauth/v2/auth")
    assert query["scope"] == ["ZohoCRM.coql.READ,ZohoBooks.x"]
    assert (query["access_type"], query["prompt"], query["state"]) == (["offline"], ["consent"], ["s"])


async def test_the_code_is_exchanged_where_the_redirect_says() -> None:
    vendor = FakeVendor(reply(PAIR))
    granted = await auth(vendor).exchange("code", accounts_server="https://accounts.zoho.eu")
    assert str(vendor.requests[0].url) == "https://accounts.zoho.eu/oauth/v2/token"
    assert granted.access.api_domain == "https://www.zohoapis.eu"
    assert granted.access.expires_at == NOW + timedelta(hours=1)
    assert granted.accounts_server == "https://accounts.zoho.eu"
    assert granted.scopes == ("ZohoCRM.coql.READ", "ZohoBooks.settings.READ")


async def test_a_refresh_keeps_the_refresh_token() -> None:
    vendor = FakeVendor(reply({key: value for key, value in PAIR.items() if key != "refresh_token"}))
    granted = await auth(vendor).refresh("1000.c.d", accounts_server="https://accounts.zoho.eu")
    assert granted.refresh_token == "1000.c.d"
    assert b"redirect_uri" not in vendor.requests[0].content


async def test_seconds_are_taken_from_the_field_that_says_so() -> None:
    vendor = FakeVendor(reply({**PAIR, "expires_in": 3600000, "expires_in_sec": 3600}))
    granted = await auth(vendor).refresh("r", accounts_server=EU)
    assert granted.access.expires_at == NOW + timedelta(hours=1)


@pytest.mark.parametrize("error", ["invalid_code", "invalid_client", "invalid_client_secret"])
async def test_a_refusal_comes_with_status_200(error: str) -> None:
    with pytest.raises(PermanentError) as caught:
        await auth(FakeVendor(reply({"error": error}))).refresh("r", accounts_server=EU)
    assert caught.value.error_class == "grant_revoked"


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("error", ["Access Denied", "访问被拒绝"])  # the text is localised
async def test_the_throttle_keeps_us_away_for_half_an_hour(status: int, error: str) -> None:
    with pytest.raises(TransientError) as caught:
        await auth(FakeVendor(reply({"error": error, "status": "failure"}, status))).refresh(
            "r", accounts_server=EU
        )
    assert (caught.value.error_class, caught.value.retry_after_s) == ("rate_limited", 1800)


@pytest.mark.parametrize("failure", [reply(b"<html>", 200), reply(b"<html>", 500), httpx.ReadTimeout("x")])
async def test_trouble_is_for_later(failure: httpx.Response | Exception) -> None:
    with pytest.raises(TransientError):
        await auth(FakeVendor(failure)).refresh("r", accounts_server=EU)


@pytest.mark.control("SEC-10")
async def test_a_foreign_accounts_server_is_not_called() -> None:
    vendor = FakeVendor()
    with pytest.raises(PermanentError):
        await auth(vendor).exchange("code", accounts_server="https://accounts.evil.example")
    assert vendor.requests == []


@pytest.mark.control("SEC-10")
async def test_a_foreign_api_domain_ends_the_connect() -> None:
    with pytest.raises(PermanentError):
        await auth(FakeVendor(reply({**PAIR, "api_domain": "https://evil.example"}))).refresh(
            "r", accounts_server=EU
        )


async def test_accounts_are_the_organizations() -> None:
    rows = [{"organization_id": "700100200", "name": "Harbor", "is_default_org": True}]
    vendor = FakeVendor(reply({"code": 0, "message": "success", "organizations": rows}))
    token = AccessToken("1000.a.b", NOW, "https://www.zohoapis.eu")
    assert await auth(vendor).accounts(token) == [{"name": "Harbor", "organization_id": "700100200"}]
    assert str(vendor.requests[0].url) == "https://www.zohoapis.eu/books/v3/organizations"
