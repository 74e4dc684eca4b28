"""Lanes of a budget: live goes first, lower lanes yield for three seconds, are spaced, and never starve."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from twinledger.kernel.database import Pool, open_pool
from twinledger.state.budgets import Budget, BudgetLimits, Grant, ensure_limits, report_answered, take

GROUP = "zoho_finance"


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    pool = await open_pool(database)
    yield pool
    await pool.close()


async def limit(pool: Pool, limits: BudgetLimits) -> None:
    async with pool.acquire() as connection:
        await ensure_limits(connection, "default", GROUP, limits)


async def ask(pool: Pool, lane: str, wanted: int = 1) -> Grant:
    async with pool.acquire() as connection, connection.transaction():
        return await take(connection, Budget("default", GROUP, lane), wanted)


async def age(pool: Pool, seconds: float) -> None:
    """Time passes for the calls made so far."""
    await pool.execute(
        """update budget_call set send_by = send_by - $1 * interval '1 s',
                  granted_at = granted_at - $1 * interval '1 s'""",
        seconds,
    )
    await pool.execute("update budget_wish set until = until - $1 * interval '1 s'", seconds)


async def test_backfill_and_verify_are_spaced_so_that_live_finds_a_slot(pool: Pool) -> None:
    await limit(pool, BudgetLimits(minute=60, guard_s=0))
    assert len((await ask(pool, "backfill", 10)).permits) == 1
    refused = await ask(pool, "verify")
    assert not refused.permits and 0.5 < refused.wait_s <= 1
    assert len((await ask(pool, "live", 10)).permits) == 10
    await age(pool, 1)
    assert len((await ask(pool, "backfill")).permits) == 1


async def test_a_lower_lane_yields_to_the_wish_of_a_higher_one_while_it_stands(pool: Pool) -> None:
    await limit(pool, BudgetLimits(in_flight=1))
    first = await ask(pool, "backfill")
    assert not (await ask(pool, "live")).permits
    async with pool.acquire() as connection:
        await report_answered(connection, [(permit, None) for permit in first.permits])
    assert not (await ask(pool, "backfill")).permits
    assert not (await ask(pool, "retry")).permits
    served = await ask(pool, "live")
    assert len(served.permits) == 1
    async with pool.acquire() as connection:
        await report_answered(connection, [(permit, None) for permit in served.permits])
    assert len((await ask(pool, "backfill")).permits) == 1


async def test_a_wish_that_nobody_repeats_ends(pool: Pool) -> None:
    await limit(pool, BudgetLimits(in_flight=1))
    first = await ask(pool, "backfill")
    assert not (await ask(pool, "live")).permits
    async with pool.acquire() as connection:
        await report_answered(connection, [(permit, None) for permit in first.permits])
    await age(pool, 3.1)
    assert len((await ask(pool, "backfill")).permits) == 1


async def test_no_lane_starves_while_live_takes_all_it_can(pool: Pool) -> None:
    """Backfill keeps five of a hundred slots, however many live calls wait."""
    await limit(pool, BudgetLimits(minute=100, guard_s=0))
    await ask(pool, "live", 95)
    await ask(pool, "live", 6)
    assert not (await ask(pool, "live")).permits
    await age(pool, 30)
    await pool.execute("update budget_call set send_by = send_by - interval '31 s' where lane = 'live'")
    granted = 0
    for _ in range(8):
        await pool.execute(
            "insert into budget_wish values ('default', $1, 0, now() + interval '3 s')"
            " on conflict (workspace, budget_group, rank) do update set until = excluded.until",
            GROUP,
        )
        granted += len((await ask(pool, "backfill")).permits)
        await pool.execute("update budget_call set granted_at = granted_at - interval '1 s'")
    assert granted == 5


async def test_lanes_together_never_overspend_the_minute(pool: Pool) -> None:
    await limit(pool, BudgetLimits(minute=25))
    lanes = ["live", "retry", "verify", "backfill"] * 5
    grants = await asyncio.gather(*(ask(pool, lane, 3) for lane in lanes))
    assert sum(len(grant.permits) for grant in grants) == 25
