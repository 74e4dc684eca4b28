"""One refresh at a time, its answer stored before use, a lost answer never a loop (SEC-05)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from twinledger.connectors.base.access import AccessToken, Grant
from twinledger.connectors.base.stored_tokens import StoredTokens
from twinledger.kernel.clock import SystemClock
from twinledger.kernel.database import Pool, open_pool
from twinledger.kernel.errors import PermanentError, TransientError, TwinledgerError
from twinledger.state.connections import load_connection, open_grant, store_grant
from twinledger.state.sealing import LocalKeyWrapper, Sealer

HOUR = timedelta(hours=1)


class FakeAuth:
    """A token endpoint with single-use refresh tokens: "r1" gives "a2" and "r2", and so on."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.valid = "r1"
        self.error: TwinledgerError | None = None
        self.lose_answer = False
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def refresh(self, refresh_token: str, *, accounts_server: str | None = None) -> Grant:
        self.calls.append(refresh_token)
        self.asked.set()
        await self.may_answer.wait()
        if self.error is not None:
            raise self.error
        if refresh_token != self.valid:
            raise PermanentError("invalid_grant", error_class="grant_revoked")
        number = int(refresh_token[1:]) + 1
        self.valid = f"r{number}"
        if self.lose_answer:
            raise TransientError("reset", error_class="network", sent=True)
        return Grant(AccessToken(f"a{number}", SystemClock().now() + HOUR), self.valid, ())


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    pool = await open_pool(database, max_size=10)
    yield pool
    await pool.close()


@pytest.fixture
def auth() -> FakeAuth:
    return FakeAuth()


async def connect(pool: Pool, *, ends_in: timedelta, stored_ago: timedelta = timedelta(0)) -> None:
    async with pool.acquire() as connection:
        await store_grant(
            connection,
            sealer(),
            workspace="w",
            platform="freshbooks",
            account={"account_id": "Qx7LmP"},
            access="a1",
            refresh="r1",
            expires_at=datetime.now(UTC) + ends_in,
        )
        await connection.execute("update connection set stored_at = stored_at - $1::interval", stored_ago)


def sealer() -> Sealer:
    return Sealer(LocalKeyWrapper(bytes(32)))


def tokens(pool: Pool, auth: FakeAuth) -> StoredTokens:
    return StoredTokens(pool, "w", "freshbooks", auth, SystemClock(), sealer())


async def free_lease(pool: Pool) -> None:
    """As if the 15 seconds of the lease had passed."""
    await pool.execute("update connection set refresh_until = clock_timestamp() - interval '1 s'")


async def state_of(pool: Pool) -> str:
    async with pool.acquire() as connection:
        found = await load_connection(connection, "w", "freshbooks")
    assert found is not None
    return found.state


async def test_a_young_token_is_used_as_it_is(pool: Pool, auth: FakeAuth) -> None:
    await connect(pool, ends_in=HOUR)
    assert (await tokens(pool, auth).token()).value == "a1"
    assert auth.calls == []


async def test_from_80_percent_of_its_life_it_is_renewed_beside_the_work(pool: Pool, auth: FakeAuth) -> None:
    await connect(pool, ends_in=HOUR, stored_ago=5 * HOUR)
    source = tokens(pool, auth)
    assert (await source.token()).value == "a1"
    await source.aclose()
    assert (await source.token()).value == "a2"
    assert auth.calls == ["r1"]


@pytest.mark.control("SEC-05")
async def test_fifty_workers_and_one_expiry_make_one_call(pool: Pool, auth: FakeAuth) -> None:
    await connect(pool, ends_in=-HOUR)
    auth.may_answer.clear()
    processes = [tokens(pool, auth) for _ in range(10)]
    workers = [asyncio.create_task(process.token()) for process in processes for _ in range(5)]
    await auth.asked.wait()
    auth.may_answer.set()
    assert {token.value for token in await asyncio.gather(*workers)} == {"a2"}
    assert auth.calls == ["r1"]


async def test_the_new_pair_is_stored_sealed(pool: Pool, auth: FakeAuth) -> None:
    await connect(pool, ends_in=-HOUR)
    await tokens(pool, auth).token()
    async with pool.acquire() as connection:
        grant = await open_grant(connection, sealer(), "w", "freshbooks")
        assert grant is not None and (grant.access, grant.refresh) == ("a2", "r2")
        row = await connection.fetchrow("select access_token, refresh_token from connection")
    assert row is not None and b"a2" not in row["access_token"] and b"r2" not in row["refresh_token"]


async def test_after_a_401_a_siblings_token_is_taken_without_a_call(pool: Pool, auth: FakeAuth) -> None:
    await connect(pool, ends_in=HOUR)
    source, sibling = tokens(pool, auth), tokens(pool, auth)
    refused = await source.token()
    assert (await sibling.renewed(refused)).value == "a2"
    assert (await source.renewed(refused)).value == "a2"
    assert auth.calls == ["r1"]


@pytest.mark.control("SEC-05")
async def test_a_lost_answer_ends_in_reconnect_after_one_trial(pool: Pool, auth: FakeAuth) -> None:
    await connect(pool, ends_in=-HOUR)
    auth.lose_answer = True
    with pytest.raises(TransientError):
        await tokens(pool, auth).token()
    await free_lease(pool)
    for _ in range(3):
        with pytest.raises(PermanentError, match="reconnect_needed"):
            await tokens(pool, auth).token()
    assert auth.calls == ["r1", "r1"]
    assert await state_of(pool) == "reconnect_needed"


async def test_the_old_access_token_serves_to_its_end(pool: Pool, auth: FakeAuth) -> None:
    await connect(pool, ends_in=HOUR, stored_ago=9 * HOUR)
    auth.error = PermanentError("invalid_grant", error_class="grant_revoked")
    source = tokens(pool, auth)
    for _ in range(3):
        assert (await source.token()).value == "a1"
        await source.aclose()
    assert await state_of(pool) == "reconnect_needed"
    assert auth.calls == ["r1"]


async def test_a_trial_succeeds_when_the_first_call_never_arrived(pool: Pool, auth: FakeAuth) -> None:
    await connect(pool, ends_in=-HOUR)
    auth.error = TransientError("reset", error_class="network", sent=True)
    with pytest.raises(TransientError):
        await tokens(pool, auth).token()
    auth.error = None
    await free_lease(pool)
    assert (await tokens(pool, auth).token()).value == "a2"
    assert await state_of(pool) == "ok"


async def test_a_call_that_never_left_may_be_made_again_at_once(pool: Pool, auth: FakeAuth) -> None:
    await connect(pool, ends_in=-HOUR)
    auth.error = TransientError("refused", error_class="network")
    with pytest.raises(TransientError):
        await tokens(pool, auth).token()
    auth.error = None
    assert (await tokens(pool, auth).token()).value == "a2"


async def test_a_throttled_vendor_gets_no_token_call_until_told(pool: Pool, auth: FakeAuth) -> None:
    await connect(pool, ends_in=-HOUR)
    auth.error = TransientError("failure", error_class="rate_limited")
    with pytest.raises(TransientError):
        await tokens(pool, auth).token()
    with pytest.raises(TransientError) as caught:
        await tokens(pool, auth).token()
    assert caught.value.retry_after_s is not None and caught.value.retry_after_s > 1700
    assert auth.calls == ["r1"]


async def test_a_reconnect_is_taken_up(pool: Pool, auth: FakeAuth) -> None:
    await connect(pool, ends_in=-HOUR)
    auth.error = PermanentError("invalid_grant", error_class="grant_revoked")
    source = tokens(pool, auth)
    with pytest.raises(PermanentError):
        await source.token()
    await connect(pool, ends_in=HOUR)
    assert await state_of(pool) == "ok"
    assert (await source.renewed(AccessToken("older", datetime.now(UTC)))).value == "a1"


async def test_an_answer_that_comes_after_a_siblings_refused_trial_is_kept(
    pool: Pool, auth: FakeAuth
) -> None:
    await connect(pool, ends_in=-HOUR)
    slow_auth = FakeAuth()
    slow_auth.may_answer.clear()
    slow = asyncio.create_task(tokens(pool, slow_auth).token())
    await slow_auth.asked.wait()
    await free_lease(pool)
    auth.error = PermanentError("invalid_grant", error_class="grant_revoked")
    with pytest.raises(PermanentError):
        await tokens(pool, auth).token()
    slow_auth.may_answer.set()
    assert (await slow).value == "a2"
    assert await state_of(pool) == "ok"


async def test_one_vendor_account_belongs_to_one_workspace(pool: Pool) -> None:
    await connect(pool, ends_in=HOUR)
    async with pool.acquire() as connection:
        with pytest.raises(PermanentError, match="another workspace"):
            await store_grant(
                connection,
                sealer(),
                workspace="other",
                platform="freshbooks",
                account={"account_id": "Qx7LmP"},
                access="a",
                refresh="r",
                expires_at=datetime.now(UTC) + HOUR,
            )
