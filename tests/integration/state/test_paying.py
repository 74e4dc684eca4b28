"""Grant and sending mark are one: no grant, no mark, and the calls of a round are paid for in their order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from uuid import UUID

import pytest
from tests.eventually import eventually

from twinledger.kernel.database import Pool, open_pool, transaction
from twinledger.state.budgets import Budget, BudgetLimits, close_group, ensure_limits
from twinledger.state.entities import save_entities
from twinledger.state.intent_queue import Paid, Sending, pay
from twinledger.state.intents import insert_planned
from twinledger.state.records import Entity, Intent, Target
from twinledger.state.workspaces import ensure_workspace

BUDGET = Budget("w", "zoho_crm", "live")
IDS = [UUID(int=number) for number in (1, 2, 3)]


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    """Three planned updates."""
    opened = await open_pool(database, min_size=1, max_size=4)
    async with transaction(opened) as connection:
        await ensure_workspace(connection, "w")
        await save_entities(connection, [Entity(one, "w", "customer", 1, str(one), {}, {}) for one in IDS])
        await insert_planned(connection, [_update(one) for one in IDS])
    yield opened
    await opened.close()


def _update(entity: UUID) -> Intent:
    target = Target(entity, "zoho_crm.contact", "primary")
    return Intent(entity, "w", "zoho_crm", target, "update", {"email": "a@b"}, {"email": 1}, "planned", 1)


async def paid(pool: Pool, in_flight: int, calls: dict[UUID, int]) -> Paid:
    async with pool.acquire() as connection:
        await ensure_limits(connection, "w", "zoho_crm", BudgetLimits(in_flight=in_flight))
    return await _pay(pool, calls)


async def _pay(pool: Pool, calls: dict[UUID, int]) -> Paid:
    async with pool.acquire() as connection:
        return await pay(connection, BUDGET, _sendings(calls), "me", 1.0)


def _sendings(calls: dict[UUID, int]) -> list[Sending]:
    return [Sending(_update(one), {"email": "a@b"}, {}, None, call) for one, call in calls.items()]


async def states(pool: Pool) -> dict[int, tuple[str, int, UUID | None]]:
    rows = await pool.fetch("select id, state, attempt, permit_id from intent order by id")
    return {row["id"].int: (row["state"], row["attempt"], row["permit_id"]) for row in rows}


async def test_what_the_budget_does_not_grant_stays_planned(pool: Pool) -> None:
    one, two, three = IDS
    done = await paid(pool, 1, {one: 1, two: 1, three: 2})
    (permit,) = done.grant.permits
    assert done.sent_at.keys() == {one, two} and done.grant.wait_s == 0
    assert await states(pool) == {
        1: ("sending", 1, permit),
        2: ("sending", 1, permit),
        3: ("planned", 0, None),
    }
    assert await pool.fetchval("select count(*) from budget_call") == 1


async def test_a_closed_group_marks_nothing_and_says_when_to_ask_again(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await ensure_limits(connection, "w", "zoho_crm", BudgetLimits(in_flight=5))
        await close_group(connection, "w", "zoho_crm", 30)
    done = await paid(pool, 5, {IDS[0]: 1})
    assert not done.grant.permits and not done.sent_at and 20 < done.grant.wait_s <= 30
    assert (await states(pool))[1] == ("planned", 0, None)


async def test_one_that_was_taken_meanwhile_is_not_marked_again(pool: Pool) -> None:
    one, two, _ = IDS
    first = await paid(pool, 5, {one: 1})
    again = await paid(pool, 5, {one: 1, two: 2})
    assert again.sent_at.keys() == {two} and len(again.grant.permits) == 2
    assert (await states(pool))[1] == ("sending", 1, first.grant.permits[0])
    assert (await states(pool))[2] == ("sending", 1, again.grant.permits[1])


async def test_two_loaders_that_pay_at_once_send_a_write_once(pool: Pool) -> None:
    one, two, _ = IDS
    async with transaction(pool) as connection:
        await ensure_limits(connection, "w", "zoho_crm", BudgetLimits(in_flight=5))
    async with transaction(pool) as connection:
        first = await pay(connection, BUDGET, _sendings({one: 1}), "me", 1.0)
        other = asyncio.create_task(_pay(pool, {one: 1, two: 2}))
        await eventually(partial(_somebody_waits, pool))
    second = await other
    assert first.sent_at.keys() == {one} and second.sent_at.keys() == {two}
    assert {number: attempt for number, (_, attempt, _) in (await states(pool)).items()} == {1: 1, 2: 1, 3: 0}


async def _somebody_waits(pool: Pool) -> bool:
    return bool(await pool.fetchval("select exists (select from pg_locks where not granted)"))
