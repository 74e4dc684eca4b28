"""A write that waits for its parent is woken, however the two transactions meet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from uuid import UUID

import pytest
from tests.eventually import eventually

from twinledger.kernel.database import Connection, Pool, open_pool, transaction
from twinledger.state.crosswalk import bind
from twinledger.state.entities import lock_entities, save_entities
from twinledger.state.intent_queue import set_waiting
from twinledger.state.intents import insert_planned, wake_waiting
from twinledger.state.records import CrosswalkRow, Entity, ExternalKey, Intent, Target

PARENT, CHILD, INTENT = UUID(int=1), UUID(int=2), UUID(int=3)
KEY = f"entity:{PARENT}@freshbooks.client"
ROW = CrosswalkRow("default", ExternalKey("freshbooks.client", "7"), PARENT, "primary")


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    pool = await open_pool(database)
    async with transaction(pool) as connection:
        entities = [Entity(one, "default", "customer", 1, str(one), {}, {}) for one in (PARENT, CHILD)]
        await save_entities(connection, entities)
        target = Target(CHILD, "freshbooks.invoice", "primary")
        await insert_planned(
            connection, [Intent(INTENT, "default", "freshbooks", target, "create", {}, {}, "planned", 1)]
        )
    yield pool
    await pool.close()


async def arrives(connection: Connection) -> None:
    """As the loader settles the parent's create."""
    await lock_entities(connection, {PARENT})
    await bind(connection, [ROW])
    await wake_waiting(connection, [KEY])


async def waits_for(pool: Pool) -> str | None:
    value: str | None = await pool.fetchval("select waits_for from intent where id = $1", INTENT)
    return value


async def someone_waits_for_a_lock(pool: Pool) -> bool:
    return bool(await pool.fetchval("select exists (select from pg_locks where not granted)"))


async def wait_for_parent(pool: Pool) -> None:
    async with transaction(pool) as connection:
        await set_waiting(connection, [(INTENT, KEY)])


async def test_waits_while_the_parent_is_missing_and_is_woken_by_it(pool: Pool) -> None:
    await wait_for_parent(pool)
    assert await waits_for(pool) == KEY
    async with transaction(pool) as connection:
        await arrives(connection)
    assert await waits_for(pool) is None


async def test_does_not_sleep_through_a_parent_that_arrives_at_the_same_moment(pool: Pool) -> None:
    async with transaction(pool) as connection:
        await arrives(connection)
        waiting = asyncio.create_task(wait_for_parent(pool))
        await eventually(partial(someone_waits_for_a_lock, pool))
    await waiting
    assert await waits_for(pool) is None
