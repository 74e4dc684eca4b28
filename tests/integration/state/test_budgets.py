"""Budgets on PostgreSQL: no grant beyond what the vendor allows, whoever asks, whoever dies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from twinledger.kernel.clock import SystemClock
from twinledger.kernel.database import Pool, open_pool
from twinledger.state.budgets import (
    Budget,
    BudgetLimits,
    BudgetPermit,
    Grant,
    close_group,
    ensure_limits,
    report_answered,
    take,
)

GROUP = "zoho_finance"


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    pool = await open_pool(database)
    yield pool
    await pool.close()


async def limit(pool: Pool, limits: BudgetLimits) -> None:
    async with pool.acquire() as connection:
        await ensure_limits(connection, "default", GROUP, limits)


async def ask(pool: Pool, wanted: int = 1) -> Grant:
    async with pool.acquire() as connection, connection.transaction():
        return await take(connection, Budget("default", GROUP, "live"), wanted)


async def answer(pool: Pool, grant: Grant, *, left: bool = True) -> None:
    sent_at = datetime.now(UTC) if left else None
    async with pool.acquire() as connection:
        await report_answered(connection, [(permit, sent_at) for permit in grant.permits])


async def test_the_minute_is_never_overspent_by_many_askers_at_once(pool: Pool) -> None:
    await limit(pool, BudgetLimits(minute=25))
    grants = await asyncio.gather(*(ask(pool, 3) for _ in range(20)))
    assert sum(len(grant.permits) for grant in grants) == 25


async def test_a_refusal_says_when_to_ask_again(pool: Pool) -> None:
    await limit(pool, BudgetLimits(minute=1))
    await ask(pool)
    refused = await ask(pool)
    assert refused.permits == [] and 55 < refused.wait_s < 65


async def test_calls_in_flight_hold_their_slots_until_answered(pool: Pool) -> None:
    await limit(pool, BudgetLimits(in_flight=2))
    held = await ask(pool, 5)
    assert len(held.permits) == 2 and (await ask(pool)).permits == []
    await answer(pool, held)
    assert len((await ask(pool, 5)).permits) == 2


async def test_a_call_that_never_left_is_handed_back_and_one_that_left_is_not(pool: Pool) -> None:
    await limit(pool, BudgetLimits(minute=1))
    await answer(pool, await ask(pool), left=False)
    second = await ask(pool)
    assert len(second.permits) == 1
    await answer(pool, second)
    assert (await ask(pool)).permits == []


async def test_a_dead_callers_call_stays_counted(pool: Pool) -> None:
    """Its grant is never answered: the window keeps it, so a crash never overspends."""
    await limit(pool, BudgetLimits(minute=2))
    await ask(pool, 2)
    assert (await ask(pool)).permits == []


async def test_a_call_counts_until_the_guard_after_its_minute_is_over(pool: Pool) -> None:
    """Nobody knows which moment the vendor counts from."""
    await limit(pool, BudgetLimits(minute=1, guard_s=2))
    await ask(pool)
    sent = "update budget_call set answered_at = now(), sent_at = now() - make_interval(secs => $1)"
    await pool.execute(sent, 61.0)
    assert (await ask(pool)).permits == []
    await pool.execute(sent, 62.5)
    assert len((await ask(pool)).permits) == 1


async def test_a_closed_group_grants_nothing_and_a_429_widens_the_guard(pool: Pool) -> None:
    await limit(pool, BudgetLimits(minute=100, guard_s=2))
    async with pool.acquire() as connection:
        await close_group(connection, "default", GROUP, 30)
    refused = await ask(pool)
    assert refused.permits == [] and 25 < refused.wait_s <= 30
    assert await pool.fetchval("select guard_s from budget") == 2.5


async def test_a_permit_waits_for_its_slot(pool: Pool) -> None:
    await limit(pool, BudgetLimits(in_flight=1))
    permit = BudgetPermit(pool, "default", GROUP, "live", SystemClock())
    first = await permit.acquire()
    waiting = asyncio.create_task(permit.acquire())
    await asyncio.wait([waiting], timeout=0.2)
    assert not waiting.done()
    await permit.answered(first)
    async with asyncio.timeout(5):
        assert await waiting != first
