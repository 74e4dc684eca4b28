"""The database itself refuses a second record of one side and a second write of one target."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import asyncpg
import pytest

from twinledger.kernel.database import Pool, open_pool, transaction
from twinledger.state.crosswalk import bind
from twinledger.state.entities import save_entities
from twinledger.state.intents import insert_planned
from twinledger.state.records import CrosswalkRow, Entity, ExternalKey, Intent, Target

ENTITY, OBJECT = UUID(int=1), "freshbooks.client"


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    pool = await open_pool(database)
    async with transaction(pool) as connection:
        await save_entities(connection, [Entity(ENTITY, "default", "customer", 1, "1", {}, {})])
    yield pool
    await pool.close()


async def test_an_entity_has_one_active_record_of_an_object(pool: Pool) -> None:
    row = CrosswalkRow("default", ExternalKey(OBJECT, "7"), ENTITY, "primary")
    async with transaction(pool) as connection:
        await bind(connection, [row])
        await bind(connection, [replace(row, key=ExternalKey(OBJECT, "8"), status="orphan")])
    with pytest.raises(asyncpg.UniqueViolationError):
        async with transaction(pool) as connection:
            await bind(connection, [replace(row, key=ExternalKey(OBJECT, "8"))])


async def test_a_target_has_one_write_whose_outcome_is_open(pool: Pool) -> None:
    target = Target(ENTITY, OBJECT, "primary")
    intents = [
        Intent(UUID(int=n), "default", "freshbooks", target, "update", {"notes": str(n)}, {}, "planned", n)
        for n in (1, 2)
    ]
    async with transaction(pool) as connection:
        await insert_planned(connection, intents)
    sent = "update intent set state = 'sending' where id = $1"
    await pool.execute(sent, UUID(int=1))
    with pytest.raises(asyncpg.UniqueViolationError):
        await pool.execute(sent, UUID(int=2))
