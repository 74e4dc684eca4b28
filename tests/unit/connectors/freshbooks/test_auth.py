"""FreshBooks OAuth: rotating refresh tokens, the pair's own creation time, fixed addresses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.unit.connectors.vendor import NOW, FakeVendor, httpx, reply

from twinledger.connectors import registry
from twinledger.connectors.base.access import AccessToken, Auth
from twinledger.connectors.base.oauth import OAuthClient
from twinledger.kernel.errors import FatalError, PermanentError, TransientError

PAIR: dict[str, Any] = {
    "access_token": "jwt",
    "token_type": "Bearer",
    "expires_in": 43200,
    "refresh_token": "next",
    "scope": "user:profile:read user:clients:read",
    "created_at": 1772700000,
    "direct_buy_tokens": {},
}


def auth(vendor: FakeVendor, **options: Any) -> Auth:
    client = OAuthClient("id", "secret", "https://us.example/connected", **options)
    return registry.auth("freshbooks", client, http=vendor.http, clock=vendor.clock)


def test_consent_address() -> None:
    url = urlsplit(
        auth(FakeVendor()).authorize_url(scopes=["user:clients:read", "user:taxes:read"], state="s1")
    )
    assert (url.netloc, url.path) == ("auth.freshbooks.com", "/oauth/authorize/")
    query = parse_qs(url.query)
    assert query["scope"] == ["user:clients:read user:taxes:read"]
    assert query["state"] == ["s1"]


async def test_exchange_and_refresh() -> None:
    vendor = FakeVendor(reply(PAIR), reply({**PAIR, "access_token": "jwt2", "refresh_token": "later"}))
    granted = await auth(vendor).exchange("code")
    assert granted.access.expires_at == datetime.fromtimestamp(1772700000, UTC) + timedelta(hours=12)
    assert granted.scopes == ("user:profile:read", "user:clients:read")
    refreshed = await auth(vendor).refresh(granted.refresh_token)
    assert (refreshed.access.value, refreshed.refresh_token) == ("jwt2", "later")
    form = parse_qs(vendor.requests[1].content.decode())
    assert form["grant_type"] == ["refresh_token"]
    assert form["refresh_token"] == ["next"]
    assert form["redirect_uri"] == ["https://us.example/connected"]
    assert "authorization" not in vendor.requests[1].headers


@pytest.mark.parametrize("error", ["invalid_grant", "invalid_client"])
async def test_a_refused_grant_needs_a_person(error: str) -> None:
    with pytest.raises(PermanentError) as caught:
        await auth(FakeVendor(reply({"error": error}, 400))).refresh("spent")
    assert caught.value.error_class == "grant_revoked"


@pytest.mark.parametrize(
    ("failure", "sent"),
    [
        (httpx.ConnectError("refused"), False),
        (httpx.ReadTimeout("silent"), True),
        (reply(b"<html>", 503), True),
        (reply(b"<html>"), True),
        (reply({"access_token": "x"}), True),
    ],
)
async def test_a_lost_answer_may_have_spent_the_token(
    failure: httpx.Response | Exception, sent: bool
) -> None:
    with pytest.raises(TransientError) as caught:
        await auth(FakeVendor(failure)).refresh("single-use")
    assert caught.value.sent is sent


async def test_accounts_are_the_businesses_that_have_one() -> None:
    businesses = [
        {"id": 1, "business_uuid": "u", "name": "North Pier", "account_id": "Qx7LmP"},
        {"id": 2, "business_uuid": "v", "name": "No books", "account_id": None},
    ]
    memberships = [{"id": 9, "business": business} for business in businesses]
    vendor = FakeVendor(reply({"response": {"id": 3, "business_memberships": memberships}}))
    accounts = await auth(vendor).accounts(AccessToken("jwt", NOW))
    assert accounts == [
        {"name": "North Pier", "account_id": "Qx7LmP", "business_id": "1", "business_uuid": "u"}
    ]


@pytest.mark.control("SEC-10")
@pytest.mark.parametrize("environment", ["production", "staging"])
def test_another_address_needs_to_be_listed_outside_production(environment: str) -> None:
    with pytest.raises(FatalError):
        auth(FakeVendor(), api_url="http://127.0.0.1:1", environment=environment)
    listed = {"api_url": "http://127.0.0.1:1", "sandbox_origins": ("http://127.0.0.1:1",)}
    if environment == "production":
        with pytest.raises(FatalError):
            auth(FakeVendor(), environment=environment, **listed)
    else:
        assert auth(FakeVendor(), environment=environment, **listed).platform == "freshbooks"
