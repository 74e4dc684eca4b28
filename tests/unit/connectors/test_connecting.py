"""One consent: its answer is proved before the code is spent; a refusal says why in a word (SEC-26)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.fakes.clock import START, FakeClock

from twinledger.connectors import registry
from twinledger.connectors.base.access import AccessToken, Grant
from twinledger.connectors.base.oauth import OAuthClient
from twinledger.connectors.connecting import ConnectRefused, Handshake, choose_account
from twinledger.kernel.errors import PermanentError
from twinledger.kernel.http import new_http_client

SCOPES = ("clients:read", "clients:write")


@dataclass
class FakeAuth:
    """A vendor that grants `granted`, or refuses."""

    platform: str = "freshbooks"
    accounts_group: str = "freshbooks"
    granted: Sequence[str] = SCOPES
    error: Exception | None = None
    exchanged: list[tuple[str, str | None, str]] = field(default_factory=list)
    opens: Sequence[Mapping[str, str]] = ({"name": "Harbor Works", "account_id": "Qx7LmP"},)

    def authorize_url(self, *, scopes: Sequence[str], state: str, challenge: str = "") -> str:
        return f"https://vendor.example/?scope={' '.join(scopes)}&state={state}&challenge={challenge}"

    async def exchange(self, code: str, *, accounts_server: str | None = None, verifier: str = "") -> Grant:
        self.exchanged.append((code, accounts_server, verifier))
        if self.error is not None:
            raise self.error
        token = AccessToken("a1", START, "https://www.zohoapis.eu")
        return Grant(token, "r1", tuple(self.granted), "https://accounts.zoho.eu")

    async def refresh(self, refresh_token: str, *, accounts_server: str | None = None) -> Grant:
        raise NotImplementedError

    async def accounts(self, access: AccessToken) -> Sequence[Mapping[str, str]]:
        return self.opens


@pytest.fixture
def auth() -> FakeAuth:
    return FakeAuth()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def handshake(auth: FakeAuth, clock: FakeClock) -> Handshake:
    return Handshake(auth, SCOPES, clock)


def answer(handshake: Handshake, **more: str) -> str:
    query = {"state": handshake.state, "code": "c1", **more}
    return "https://us.example/back?" + "&".join(f"{name}={value}" for name, value in query.items() if value)


async def refused(handshake: Handshake, redirected_to: str) -> str:
    with pytest.raises(ConnectRefused) as caught:
        await handshake.finish(redirected_to)
    return caught.value.reason


async def test_the_code_is_exchanged_where_the_answer_came_from(auth: FakeAuth, handshake: Handshake) -> None:
    server = "https://accounts.zoho.eu"
    grant = await handshake.finish(answer(handshake, **{"accounts-server": server}))
    assert grant.refresh_token == "r1"
    assert auth.exchanged == [("c1", server, handshake.verifier)]


@pytest.mark.control("SEC-26")
async def test_the_verifier_is_the_one_behind_the_challenge(handshake: Handshake) -> None:
    (challenge,) = parse_qs(urlsplit(handshake.address).query)["challenge"]
    digest = hashlib.sha256(handshake.verifier.encode()).digest()
    assert base64.urlsafe_b64decode(challenge + "=") == digest
    assert handshake.verifier not in handshake.address


@pytest.mark.control("SEC-26")
async def test_a_foreign_state_is_refused_and_spends_nothing(auth: FakeAuth, handshake: Handshake) -> None:
    assert await refused(handshake, answer(handshake, state="forged")) == "state_mismatch"
    assert await refused(handshake, "https://us.example/back?code=c1") == "state_mismatch"
    assert auth.exchanged == []
    await handshake.finish(answer(handshake))  # the person's own answer still counts


@pytest.mark.control("SEC-26")
async def test_an_answer_counts_once(auth: FakeAuth, handshake: Handshake) -> None:
    await handshake.finish(answer(handshake))
    assert await refused(handshake, answer(handshake)) == "used"
    assert len(auth.exchanged) == 1


@pytest.mark.control("SEC-26")
async def test_an_answer_after_ten_minutes_is_refused(
    auth: FakeAuth, clock: FakeClock, handshake: Handshake
) -> None:
    await clock.sleep(601)
    assert await refused(handshake, answer(handshake)) == "expired"
    assert auth.exchanged == []


async def test_a_denied_consent_says_so(handshake: Handshake) -> None:
    assert await refused(handshake, answer(handshake, code="", error="access_denied")) == "denied"


async def test_an_address_without_a_code_says_so(handshake: Handshake) -> None:
    assert await refused(handshake, answer(handshake, code="")) == "no_code"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PermanentError("x", error_class="permission", field="accounts server"), "wrong_data_centre"),
        (PermanentError("x", error_class="permission", field="api domain"), "wrong_data_centre"),
        (PermanentError("x", error_class="grant_revoked", code="invalid_client"), "client_refused"),
        (PermanentError("x", error_class="grant_revoked", code="invalid_code"), "code_refused"),
    ],
)
async def test_a_refused_exchange_is_named(
    auth: FakeAuth, handshake: Handshake, error: PermanentError, reason: str
) -> None:
    auth.error = error
    assert await refused(handshake, answer(handshake)) == reason


async def test_a_scope_that_was_not_granted_ends_the_connect(auth: FakeAuth, handshake: Handshake) -> None:
    auth.granted = SCOPES[:1]
    assert await refused(handshake, answer(handshake)) == "missing_scope"


async def test_a_token_answer_without_scopes_grants_what_was_asked(
    auth: FakeAuth, handshake: Handshake
) -> None:
    auth.granted = ()
    assert (await handshake.finish(answer(handshake))).access.value == "a1"


async def test_the_account_keeps_the_addresses_of_its_data_centre(
    auth: FakeAuth, handshake: Handshake
) -> None:
    grant = await handshake.finish(answer(handshake))
    assert await choose_account(auth, grant) == {
        "name": "Harbor Works",
        "account_id": "Qx7LmP",
        "api_domain": "https://www.zohoapis.eu",
        "accounts_server": "https://accounts.zoho.eu",
    }


@pytest.mark.parametrize(("wanted", "reason"), [("", "which_account"), ("zzz", "no_account")])
async def test_one_of_several_accounts_must_be_named(
    auth: FakeAuth, handshake: Handshake, wanted: str, reason: str
) -> None:
    auth.opens = [{"name": "A", "account_id": "a1"}, {"name": "B", "account_id": "b1"}]
    grant = await handshake.finish(answer(handshake))
    with pytest.raises(ConnectRefused) as caught:
        await choose_account(auth, grant, wanted)
    assert caught.value.reason == reason
    assert (await choose_account(auth, grant, "b1"))["name"] == "B"


async def test_freshbooks_takes_the_challenge_and_zoho_has_none(clock: FakeClock) -> None:
    client = OAuthClient("id", "secret", "https://us.example/back")
    async with new_http_client() as http:
        addresses = {
            platform: Handshake(
                registry.auth(platform, client, http=http, clock=clock), SCOPES, clock
            ).address
            for platform in ("freshbooks", "zoho")
        }
    assert parse_qs(urlsplit(addresses["freshbooks"]).query)["code_challenge_method"] == ["S256"]
    assert "code_challenge" not in addresses["zoho"]
