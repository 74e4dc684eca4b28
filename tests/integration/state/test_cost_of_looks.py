"""A look reads the rows it is about, however many writes are under way: one plan serves all values."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from twinledger.kernel.database import Connection, open_pool, transaction
from twinledger.kernel.errors import TransientError
from twinledger.state.budgets import Budget, BudgetLimits, ensure_limits
from twinledger.state.crosswalk import bind
from twinledger.state.due_reads import NotedHint, Served, finish_reads, note_hints, postpone_reads, take_due
from twinledger.state.entities import save_entities
from twinledger.state.first_sight import note_listed, taken_in
from twinledger.state.intent_outcomes import confirm, mark_unknown, postpone, reject, unsettled
from twinledger.state.intent_queue import Sending, candidates, next_due, pay, supersede
from twinledger.state.intents import insert_planned, save_intent_states
from twinledger.state.known import load_known
from twinledger.state.records import CrosswalkRow, Entity, ExternalKey, Intent, LateWrite, Shadow, Target
from twinledger.state.shadows import hold_target, save_shadows, take_looks
from twinledger.state.workspaces import ensure_workspace

AT = datetime(2026, 3, 5, 17, 40, tzinfo=UTC)
CONTACT = "zoho_crm.contact"
UNDER_WAY, ASKED = 400, 50
MOST_READ = 3 * (UNDER_WAY + ASKED)
"""Dead entries of an index that nobody has vacuumed count too; the product of the two is 20,000."""
FEW = 20


@pytest.fixture
async def connection(database: str) -> AsyncIterator[Connection]:
    """In a transaction: what its statements read is counted by itself."""
    pool = await open_pool(database, min_size=1, max_size=1)
    async with transaction(pool) as connection:
        await ensure_workspace(connection, "w")
        await ensure_limits(connection, "w", "zoho_crm", BudgetLimits(in_flight=UNDER_WAY))
        ids = [UUID(int=number) for number in range(1, UNDER_WAY + ASKED + 1)]
        await save_entities(connection, [Entity(one, "w", "customer", 1, str(one), {}, {}) for one in ids])
        await bind(connection, [CrosswalkRow("w", _key(one), one, "primary") for one in ids])
        await insert_planned(connection, [_update(one) for one in ids])
        await connection.execute("update intent set state = 'sending' where id <= $1", ids[UNDER_WAY - 1])
        await connection.execute("update workspace set opened_at = clock_timestamp() - interval '1 hour'")
    async with transaction(pool) as connection:
        yield connection
    await pool.close()


def _key(entity: UUID) -> ExternalKey:
    return ExternalKey(CONTACT, str(entity.int))


def _update(entity: UUID) -> Intent:
    target = Target(entity, CONTACT, "primary")
    return Intent(entity, "w", "zoho_crm", target, "update", {"email": "a@b"}, {}, "planned", 1)


async def rows_read(connection: Connection, table: str) -> int:
    """By this transaction so far, index entries included."""
    return int(
        await connection.fetchval(
            """select pg_stat_get_xact_tuples_returned(c.oid)
                      + (select sum(pg_stat_get_xact_tuples_returned(i.indexrelid)) from pg_index i
                          where i.indrelid = c.oid)
                 from pg_class c where c.oid = $1::text::regclass""",
            table,
        )
    )


async def test_noting_hints_looks_at_the_records_they_name(connection: Connection) -> None:
    hints = [NotedHint("w", CONTACT, str(number), "live", AT, 0, number) for number in range(1, ASKED + 1)]
    await note_hints(connection, hints)
    later = await connection.fetchval("select count(*) from due_read where not_before > clock_timestamp()")
    assert later == ASKED
    assert await rows_read(connection, "crosswalk") <= MOST_READ
    assert await rows_read(connection, "intent") <= MOST_READ


async def test_a_read_that_was_made_is_noted_without_a_look_at_the_others(connection: Connection) -> None:
    """Nothing has been told to the planner yet of how many records an object has."""
    every = range(1, UNDER_WAY + ASKED + 1)
    await note_hints(
        connection, [NotedHint("w", "a.b", str(number), "live", AT, 0, number) for number in every]
    )
    reads = await take_due(connection, "w", "a.b", 2)
    before = await rows_read(connection, "due_read")
    await finish_reads(connection, "w", "a.b", [Served(reads[0])])
    await postpone_reads(connection, "w", "a.b", [(reads[1].external_id, 60.0)], step=True)
    assert await rows_read(connection, "due_read") - before <= FEW
    assert len(await take_due(connection, "w", "a.b", len(every))) == len(every) - 2


async def test_looks_after_late_writes_read_no_other_sides(connection: Connection) -> None:
    sides = [Target(UUID(int=number), CONTACT, "primary") for number in range(1, UNDER_WAY + ASKED + 1)]
    await save_shadows(
        connection, [Shadow(one, str(one.entity_id.int), {}, {}, None, None, AT) for one in sides]
    )
    before = [await rows_read(connection, table) for table in ("shadow", "entity")]
    await hold_target(connection, sides[0], LateWrite(AT + timedelta(seconds=1), {"email": "a@b"}, {}))
    assert await take_looks(connection, "w") == [ExternalKey(CONTACT, "1")]
    after = [await rows_read(connection, table) for table in ("shadow", "entity")]
    assert all(now - then <= FEW for now, then in zip(after, before, strict=True)), (before, after)


async def test_a_look_at_the_queue_does_not_read_what_is_under_way(connection: Connection) -> None:
    found = await candidates(connection, "w", "zoho_crm", 100)
    assert len(found) == ASKED
    assert await rows_read(connection, "intent") <= MOST_READ


async def test_behind_a_closed_gate_the_queue_is_not_read(connection: Connection) -> None:
    await connection.execute("update workspace set opened_at = null")
    before = await rows_read(connection, "intent")
    assert await candidates(connection, "w", "zoho_crm", 100) == []
    assert await rows_read(connection, "intent") == before


async def test_a_plan_that_was_just_accepted_is_not_read_for_each_other_write(connection: Connection) -> None:
    await connection.execute("update intent set state = 'planned'")
    await connection.execute("analyze intent")
    await connection.execute(
        "update intent set released_by = 'plan', not_before = 'infinity' where id <= $1", UUID(int=UNDER_WAY)
    )
    before = await rows_read(connection, "intent")
    assert len(await candidates(connection, "w", "zoho_crm", 100)) == ASKED
    assert await rows_read(connection, "intent") - before <= 2 * MOST_READ


async def test_when_the_next_is_due_is_known_without_those_that_are(connection: Connection) -> None:
    postponed = "update intent set not_before = not_before + interval '1 minute' where id = $1"
    await connection.execute(postponed, UUID(int=UNDER_WAY + 1))
    before = await rows_read(connection, "intent")
    due_s = await next_due(connection, "w", "zoho_crm")
    assert due_s is not None and 50 < due_s <= 60
    assert await rows_read(connection, "intent") - before <= FEW


async def test_which_are_unsettled_is_read_of_those_asked_for(connection: Connection) -> None:
    few = [UUID(int=number) for number in (1, UNDER_WAY + 1)]
    before = await rows_read(connection, "intent")
    assert await unsettled(connection, few) == {few[0]}
    assert await rows_read(connection, "intent") - before <= FEW


async def _pay(connection: Connection, intent: Intent) -> None:
    await pay(connection, Budget("w", "zoho_crm", "live"), [Sending(intent, {}, {}, None, 1)], "me", 1.0)


async def _postpone(connection: Connection, intent: Intent) -> None:
    await postpone(connection, intent, 1.0, TransientError("slow", error_class="network"), step=True)


async def _supersede_by_plan(connection: Connection, intent: Intent) -> None:
    await save_intent_states(connection, [replace(intent, state="superseded")])


TOUCHES: dict[str, Callable[[Connection, Intent], Awaitable[object]]] = {
    "sending": _pay,
    "planned": _postpone,
    "unknown": lambda connection, intent: mark_unknown(connection, intent, "network", "cut off"),
    "confirmed": lambda connection, intent: confirm(connection, [(intent.id, "1")]),
    "rejected": lambda connection, intent: reject(connection, intent, "validation", "no"),
    "superseded": lambda connection, intent: supersede(connection, [intent.id]),
    "superseded by a newer plan": _supersede_by_plan,
}


@pytest.mark.parametrize("becomes", TOUCHES)
async def test_after_a_quiet_hour_a_write_is_found_by_its_id(connection: Connection, becomes: str) -> None:
    """By the statistics of an hour in which nothing was open the index of open writes is the shorter way."""
    intent, before = _update(UUID(int=1)), "sending" if becomes in ("unknown", "confirmed") else "planned"
    await connection.execute("update intent set state = 'superseded'")
    await connection.execute("analyze intent")
    await connection.execute("update intent set state = 'planned'")
    await connection.execute("update intent set state = $2 where id = $1", intent.id, before)
    read = await rows_read(connection, "intent")
    await TOUCHES[becomes](connection, intent)
    assert await rows_read(connection, "intent") - read <= FEW
    assert (
        await connection.fetchval("select state from intent where id = $1", intent.id) == becomes.split()[0]
    )


async def test_what_is_taken_in_is_struck_off_without_a_look_at_the_rest(connection: Connection) -> None:
    listed = [_key(UUID(int=number)) for number in range(1, UNDER_WAY + ASKED + 1)]
    await note_listed(connection, "w", listed)
    before = await rows_read(connection, "first_sight")
    await taken_in(connection, "w", listed[:3])
    assert await rows_read(connection, "first_sight") - before <= FEW
    assert await connection.fetchval("select count(*) from first_sight") == len(listed) - 3


async def test_paying_reads_what_it_pays_for(connection: Connection) -> None:
    sendings = [
        Sending(one.intent, {}, {}, None, call)
        for call, one in enumerate(await candidates(connection, "w", "zoho_crm", 100), start=1)
    ]
    before = await rows_read(connection, "intent")
    done = await pay(connection, Budget("w", "zoho_crm", "live"), sendings, "me", 1.0)
    assert len(done.sent_at) == ASKED
    assert await rows_read(connection, "intent") - before <= MOST_READ


async def test_what_is_known_of_a_few_is_read_of_them_alone(connection: Connection) -> None:
    few = [UUID(int=number) for number in range(1, ASKED + 1)]
    known = await load_known(connection, "w", few, [])
    assert len(known.sides) == len(known.intents) == ASKED
    assert await rows_read(connection, "crosswalk") <= 2 * ASKED
