"""The queue between hints and the budget: doubles coalesce, nothing newer is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from twinledger.kernel.database import Connection, open_pool
from twinledger.state.crosswalk import bind
from twinledger.state.due_reads import (
    Lane,
    NotedHint,
    Served,
    count_due,
    earlier_reads,
    finish_reads,
    next_due_s,
    note_hints,
    postpone_reads,
    prune_reads,
    take_due,
)
from twinledger.state.entities import save_entities
from twinledger.state.intents import insert_planned
from twinledger.state.records import CrosswalkRow, Entity, ExternalKey, Intent, Target

OBJECT = "freshbooks.invoice"
AT = datetime(2026, 3, 5, 17, 40, tzinfo=UTC)


@pytest.fixture
async def connection(database: str) -> AsyncIterator[Connection]:
    pool = await open_pool(database)
    async with pool.acquire() as connection:
        yield connection
    await pool.close()


def hint(external_id: str = "1", *, lane: Lane = "live", seconds: int = 0, offset: int = 0) -> NotedHint:
    return NotedHint("w", OBJECT, external_id, lane, AT + timedelta(seconds=seconds), 0, offset)


async def rest_is_over(connection: Connection) -> None:
    """As if a second had passed since the last read."""
    await connection.execute(
        "update due_read set not_before = clock_timestamp(), read_at = read_at - '1 s'::interval"
    )


async def test_doubles_coalesce_to_one_read(connection: Connection) -> None:
    await note_hints(connection, [hint(seconds=second) for second in range(5)])
    await note_hints(connection, [hint(seconds=9)])
    (due,) = await take_due(connection, "w", OBJECT, 100)
    assert (due.external_id, due.received_at) == ("1", AT)


async def test_the_best_lane_counts_and_goes_first(connection: Connection) -> None:
    await note_hints(connection, [hint("b", lane="backfill"), hint("v", lane="verify", seconds=1)])
    await note_hints(connection, [hint("b", lane="live", seconds=2)])
    due = await take_due(connection, "w", OBJECT, 100)
    assert [(one.external_id, one.lane) for one in due] == [("b", "live"), ("v", "verify")]


async def test_a_served_row_leaves_the_queue(connection: Connection) -> None:
    await note_hints(connection, [hint()])
    due = await take_due(connection, "w", OBJECT, 100)
    await finish_reads(connection, "w", OBJECT, [Served(one, AT, AT) for one in due])
    await rest_is_over(connection)
    assert await take_due(connection, "w", OBJECT, 100) == []
    assert await count_due(connection, "w") == {}


async def test_a_hint_during_the_read_stays_due(connection: Connection) -> None:
    await note_hints(connection, [hint()])
    due = await take_due(connection, "w", OBJECT, 100)
    await note_hints(connection, [hint(seconds=5)])
    await finish_reads(connection, "w", OBJECT, [Served(one, AT, AT) for one in due])
    assert await count_due(connection, "w") == {(OBJECT, "live"): 1}
    await rest_is_over(connection)
    (again,) = await take_due(connection, "w", OBJECT, 100)
    assert again.received_at > AT


@pytest.mark.parametrize("served", [False, True])
async def test_what_was_told_again_since_it_happened_is_not_read_again(
    connection: Connection, served: bool
) -> None:
    """The webhook of our own write came before the loader's word on it."""
    happened = await _time(connection)
    await note_hints(connection, [hint()])
    due = await take_due(connection, "w", OBJECT, 100)
    if served:
        await finish_reads(connection, "w", OBJECT, [Served(one, AT, AT) for one in due])
    await note_hints(connection, [replace(hint(), since=happened)])
    if not served:
        await finish_reads(connection, "w", OBJECT, [Served(one, AT, AT) for one in due])
    assert await count_due(connection, "w") == {}


async def test_what_happened_after_all_that_was_told_is_read(connection: Connection) -> None:
    await note_hints(connection, [hint()])
    due = await take_due(connection, "w", OBJECT, 100)
    await finish_reads(connection, "w", OBJECT, [Served(one, AT, AT) for one in due])
    happened = await _time(connection)
    # The newest of two that come together counts, and one of unknown time is always news.
    await note_hints(connection, [replace(hint(), since=AT), replace(hint(), since=happened)])
    await note_hints(connection, [replace(hint("2"), since=AT)])
    assert await count_due(connection, "w") == {(OBJECT, "live"): 2}
    await rest_is_over(connection)
    due = await take_due(connection, "w", OBJECT, 100)
    await finish_reads(connection, "w", OBJECT, [Served(one, AT, AT) for one in due])
    await note_hints(connection, [replace(hint(), since=AT), hint()])
    assert await count_due(connection, "w") == {(OBJECT, "live"): 1}


async def test_what_was_told_again_since_still_brings_a_waiting_read_forward(connection: Connection) -> None:
    happened = await _time(connection)
    await note_hints(connection, [hint(lane="backfill")])
    await note_hints(connection, [replace(hint(lane="live"), since=happened)])
    assert await count_due(connection, "w") == {(OBJECT, "live"): 1}


async def _time(connection: Connection) -> datetime:
    at: datetime = await connection.fetchval("select clock_timestamp()")
    return at


async def test_the_same_record_is_read_at_most_once_a_second(connection: Connection) -> None:
    await note_hints(connection, [hint()])
    due = await take_due(connection, "w", OBJECT, 100)
    await finish_reads(connection, "w", OBJECT, [Served(one, AT, AT) for one in due])
    await note_hints(connection, [hint(seconds=7), hint("2")])
    assert [one.external_id for one in await take_due(connection, "w", OBJECT, 100)] == ["2"]
    await rest_is_over(connection)
    assert len(await take_due(connection, "w", OBJECT, 100)) == 2


@pytest.mark.parametrize(("state", "waits"), [("sending", True), ("planned", False), ("unknown", False)])
async def test_a_record_that_we_are_writing_rests_half_a_second(
    connection: Connection, state: str, waits: bool
) -> None:
    await _a_write_of(connection, "1", state)
    await note_hints(connection, [hint("1"), hint("2")])
    due = await take_due(connection, "w", OBJECT, 100)
    assert [one.external_id for one in due] == (["2"] if waits else ["1", "2"])
    await finish_reads(connection, "w", OBJECT, [Served(one, AT, AT) for one in due])
    wait_s = await next_due_s(connection, "w", OBJECT)
    assert (wait_s is not None) is waits and (wait_s or 0.0) <= 0.5
    await rest_is_over(connection)
    assert len(await take_due(connection, "w", OBJECT, 100)) == int(waits)


async def _a_write_of(connection: Connection, external_id: str, state: str) -> None:
    target = Target(UUID(int=1), OBJECT, "primary")
    async with connection.transaction():
        await save_entities(connection, [Entity(target.entity_id, "w", "invoice", 1, "test", {}, {})])
        await bind(
            connection, [CrosswalkRow("w", ExternalKey(OBJECT, external_id), target.entity_id, target.role)]
        )
        intent = Intent(UUID(int=2), "w", "freshbooks", target, "update", {}, {}, "planned", 1)
        await insert_planned(connection, [intent])
        await connection.execute("update intent set state = $1", state)


async def test_a_postponed_row_waits_also_when_a_new_hint_comes(connection: Connection) -> None:
    await note_hints(connection, [hint()])
    await postpone_reads(connection, "w", OBJECT, [("1", 60.0)], step=True)
    await note_hints(connection, [hint(seconds=3)])
    assert await take_due(connection, "w", OBJECT, 100) == []
    await rest_is_over(connection)
    (due,) = await take_due(connection, "w", OBJECT, 100)
    assert due.attempt == 1


async def test_a_new_life_starts_at_the_foot_of_the_ladder(connection: Connection) -> None:
    await note_hints(connection, [hint()])
    await postpone_reads(connection, "w", OBJECT, [("1", 0.0)], step=True)
    due = await take_due(connection, "w", OBJECT, 100)
    await finish_reads(connection, "w", OBJECT, [Served(one) for one in due])
    await note_hints(connection, [hint(seconds=9)])
    await rest_is_over(connection)
    (again,) = await take_due(connection, "w", OBJECT, 100)
    assert (again.attempt, again.received_at) == (0, AT + timedelta(seconds=9))


async def test_the_newest_hints_place_is_kept(connection: Connection) -> None:
    await note_hints(connection, [hint(offset=7)])
    await note_hints(connection, [hint(offset=12)])
    (due,) = await take_due(connection, "w", OBJECT, 100)
    assert (due.partition, due.offset) == (0, 12)


async def test_what_was_read_is_known_for_a_day(connection: Connection) -> None:
    await note_hints(connection, [hint(), hint("2")])
    (due, _) = await take_due(connection, "w", OBJECT, 100)
    await finish_reads(connection, "w", OBJECT, [Served(due, AT, AT, is_settled=True)])
    known = await earlier_reads(connection, "w", OBJECT, ["1", "2", "3"])
    assert {one: read.read_stamp for one, read in known.items()} == {"1": AT, "2": None}
    await connection.execute("update due_read set hinted_at = hinted_at - interval '25 hours'")
    await prune_reads(connection)
    assert (await earlier_reads(connection, "w", OBJECT, ["1", "2"])).keys() == {"2"}


@pytest.mark.parametrize(
    ("stamps", "kept"),
    [
        pytest.param([(AT, 0.0)], None, id="once: the second it names may not be over"),
        pytest.param([(AT, 0.0), (AT, 1.9)], None, id="too soon after"),
        pytest.param([(AT, 0.0), (AT, 2.0)], AT, id="again, when it is over"),
        pytest.param([(AT, 0.0), (AT + timedelta(seconds=1), 5.0)], None, id="another"),
        pytest.param([(AT, 0.0), (AT, 2.0), (AT, 2.5)], AT, id="settled stays settled"),
    ],
)
async def test_a_stamp_is_settled_by_a_second_look(
    connection: Connection, stamps: list[tuple[datetime, float]], kept: datetime | None
) -> None:
    for stamp, seconds in stamps:
        await note_hints(connection, [hint()])
        await rest_is_over(connection)
        (due,) = await take_due(connection, "w", OBJECT, 100)
        read = Served(due, stamp, AT + timedelta(minutes=7, seconds=seconds))
        await finish_reads(connection, "w", OBJECT, [read], timedelta(seconds=2))
    assert (await earlier_reads(connection, "w", OBJECT, ["1"]))["1"].read_stamp == kept


async def test_a_limit_takes_the_oldest_first(connection: Connection) -> None:
    await note_hints(connection, [hint(str(number), seconds=100 - number) for number in range(10)])
    due = await take_due(connection, "w", OBJECT, 3)
    assert [one.external_id for one in due] == ["9", "8", "7"]
