"""Planned writes that were dropped, and creates that a question holds back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from twinledger.kernel.database import Connection, open_pool
from twinledger.state.entities import save_entities
from twinledger.state.intent_queue import candidates
from twinledger.state.intents import insert_planned
from twinledger.state.records import Entity, Intent, Target
from twinledger.state.workspaces import ensure_workspace

ANA = UUID(int=1)
TARGET = Target(ANA, "freshbooks.client", "primary")
PLAN = Intent(UUID(int=2), "w", "freshbooks", TARGET, "create", {"email": "a@b.example"}, {}, "planned", 1)


@pytest.fixture
async def connection(database: str) -> AsyncIterator[Connection]:
    pool = await open_pool(database)
    async with pool.acquire() as connection:
        await ensure_workspace(connection, "w")
        await connection.execute("update workspace set opened_at = now()")
        await save_entities(connection, [Entity(ANA, "w", "customer", 1, "test", {}, {})])
        await insert_planned(connection, [PLAN])
        yield connection
    await pool.close()


async def due(connection: Connection) -> list[UUID]:
    return [one.intent.id for one in await candidates(connection, "w", "freshbooks", 10)]


async def test_a_plan_that_was_sent_in_vain_and_dropped_for_a_question_comes_back(
    connection: Connection,
) -> None:
    """The same plan has the same id: without its return the record would never be made."""
    await connection.execute(
        "update intent set state = 'superseded', attempt = 1, sent_at = now(), failures = 3"
    )
    assert await due(connection) == []
    await insert_planned(connection, [PLAN])
    assert await due(connection) == [PLAN.id]
    assert await connection.fetchval("select failures from intent") == 0


async def test_one_that_waited_for_its_parent_asks_anew_whether_it_is_there(connection: Connection) -> None:
    """The parent may have come while nobody was to wake this one."""
    await connection.execute(
        "update intent set state = 'superseded', waits_for = 'entity:p@freshbooks.client'"
    )
    await insert_planned(connection, [PLAN])
    assert await due(connection) == [PLAN.id]


@pytest.mark.parametrize("state", ["confirmed", "rejected", "unknown"])
async def test_one_with_an_outcome_does_not(connection: Connection, state: str) -> None:
    await connection.execute("update intent set state = $1", state)
    await insert_planned(connection, [PLAN])
    assert await connection.fetchval("select state from intent") == state


@pytest.mark.parametrize(
    ("object_name", "of", "held"),
    [
        pytest.param("freshbooks.client", ANA, True, id="the record may be the very one"),
        pytest.param("freshbooks.client", UUID(int=9), False, id="somebody else's"),
        pytest.param("zoho_crm.contact", ANA, False, id="of another object"),
    ],
)
async def test_no_create_while_a_question_is_open(
    connection: Connection, object_name: str, of: UUID, held: bool
) -> None:
    await connection.execute(
        """insert into unresolved (workspace, object, external_id, surely, fields, keys, candidates)
           values ('w', $1, '77', false, '{}', '{}', $2)""",
        object_name,
        [of],
    )
    assert await due(connection) == ([] if held else [PLAN.id])
    await connection.execute("delete from unresolved")
    assert await due(connection) == [PLAN.id]
