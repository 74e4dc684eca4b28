"""Due reads become source records; what cannot be read waits or leaves the road, the rest goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.eventually import eventually
from tests.integration.ingest.conftest import OBJECT, Stage, running

from twinledger.kernel.clock import SystemClock
from twinledger.kernel.errors import PermanentError, TransientError
from twinledger.road.topics import SOURCE_RECORDS
from twinledger.state.first_sight import note_listed
from twinledger.state.records import ExternalKey


async def test_a_hinted_record_is_read_and_published_with_its_receipt(stage: Stage) -> None:
    stage.source.records["7"] = {"fname": "Ada"}
    received_at = await stage.hint("7")
    async with running(stage.reader()):
        await eventually(lambda: bool(stage.broker.log[SOURCE_RECORDS.name]))
    (record,) = stage.source_records()
    assert (record["external_id"], record["document"]) == ("7", b'{"id":7,"fname":"Ada"}')
    (envelope,) = stage.envelopes()
    assert (envelope.received_at, envelope.lane, envelope.source) == (received_at, "live", OBJECT)
    assert await stage.due() == 0


async def test_ids_go_out_in_lists_of_what_the_vendor_takes(stage: Stage) -> None:
    stage.source.records.update({str(number): {} for number in range(7)})
    await stage.hint(*stage.source.records)
    async with running(stage.reader()):
        await eventually(lambda: len(stage.source_records()) == 7)
    assert sorted(len(ids) for ids in stage.source.reads) == [1, 3, 3]


@pytest.mark.parametrize(("age_s", "kept"), [(700.0, True), (60.0, False), (0.0, False)])
async def test_a_stamp_is_kept_that_no_clock_could_have_made_now(
    stage: Stage, age_s: float, kept: bool
) -> None:
    at = SystemClock().now() - timedelta(seconds=age_s)
    stage.source.records["7"], stage.source.stamps["7"] = {}, at
    await stage.hint("7")
    async with running(stage.reader()):
        await eventually(lambda: bool(stage.source_records()))
    assert await stage.due() == 0
    assert await stage.pool.fetchval("select read_stamp from due_read") == (at if kept else None)


async def test_a_stamp_made_during_a_slow_read_does_not_tell_that_the_clock_is_right(stage: Stage) -> None:
    """It was made a second before the answer, so the clock may be a second behind: the other stamp, two and a
    half seconds older than the beginning of the read, may be that of a second which was not over."""
    now, stage.source.slow_s = SystemClock().now(), 10.0
    stage.source.records.update({"7": {}, "8": {}})
    stage.source.stamps["7"] = now - timedelta(seconds=1)
    stage.source.stamps["8"] = now - timedelta(seconds=12.5)
    await stage.hint("7", "8")
    async with running(stage.reader()):
        await eventually(lambda: len(stage.source_records()) == 2)
    assert await stage.due() == 0
    rows = await stage.pool.fetch("select read_stamp from due_read")
    assert [row["read_stamp"] for row in rows] == [None, None]


async def test_a_wake_is_answered_at_once(stage: Stage) -> None:
    stage.source.records["7"] = {}
    async with running(stage.reader()) as reader:
        for number in range(3):
            await eventually(lambda: reader._woken.is_set() is False)
            stage.source.records[str(number)] = {}
            await stage.hint(str(number))
            reader.wake()
            await eventually(lambda n=number: len(stage.source_records()) == n + 1, within_s=0.5)  # type: ignore[misc]


async def test_a_record_that_is_not_there_is_published_as_gone(stage: Stage) -> None:
    stage.source.records["7"] = {}
    await stage.hint("7", "8")
    async with running(stage.reader()):
        await eventually(lambda: len(stage.source_records()) == 2)
    gone = {record["external_id"]: (record["gone"], record["document"]) for record in stage.source_records()}
    assert gone == {"7": (False, b'{"id":7}'), "8": (True, None)}
    assert stage.source.reads == [["7", "8"], ["8"]]


async def test_what_a_list_left_out_is_read_alone(stage: Stage) -> None:
    stage.source.records.update({"7": {}, "8": {}})
    stage.source.left_out_of_lists = {"8"}
    await stage.hint("7", "8")
    async with running(stage.reader()):
        await eventually(lambda: len(stage.source_records()) == 2)
    assert not any(record["gone"] for record in stage.source_records())


async def test_a_hint_during_the_read_is_read_again(stage: Stage) -> None:
    stage.source.records["7"] = {"fname": "Ada"}

    async def edit_meanwhile() -> None:
        stage.source.before_answer = None
        await stage.hint("7")

    stage.source.before_answer = edit_meanwhile
    await stage.hint("7")
    async with running(stage.reader()):
        await eventually(lambda: len(stage.source_records()) == 2)
    assert await stage.due() == 0


async def test_a_passing_failure_costs_a_step_and_is_tried_again(stage: Stage) -> None:
    stage.source.records["7"] = {}
    errors = [TransientError("reset", error_class="network")]
    stage.source.refuse = lambda ids: errors.pop() if errors else None
    await stage.hint("7")
    async with running(stage.reader()):
        await eventually(lambda: len(stage.source_records()) == 1)
    assert len(stage.source.reads) == 2


async def test_the_end_of_the_ladder_is_a_dead_letter_of_the_hint(stage: Stage) -> None:
    stage.source.refuse = lambda ids: TransientError("locked", error_class="conflict")
    await stage.hint("7")
    async with running(stage.reader()):
        await eventually(lambda: len(stage.source.reads) == 3)
        await eventually(lambda: _letters(stage, 1))
    row = await stage.pool.fetchrow(
        "select reason, error_class, topic, partition, record_key from dead_letter"
    )
    assert row is not None
    assert tuple(row) == (
        "upstream-exhausted",
        "conflict",
        "twinledger.hints.v1",
        0,
        f"default\x1f{OBJECT}",
    )
    assert await stage.due() == 0


async def test_of_a_refused_list_only_the_bad_id_leaves_the_road(stage: Stage) -> None:
    stage.source.records.update({"1": {}, "2": {}, "3": {}})
    bad = PermanentError("no such field", error_class="unlisted", status=418)
    stage.source.refuse = lambda ids: bad if "2" in ids else None
    await stage.hint("1", "2", "3")
    async with running(stage.reader()):
        await eventually(lambda: len(stage.source_records()) == 2)
        await eventually(lambda: _letters(stage, 1))
    outbox = await stage.pool.fetchrow("select topic, value from outbox")
    assert outbox is not None and outbox["topic"] == "dlq.twinledger.hints.v1"
    assert stage.codec.decode(outbox["value"])[1]["external_id"] == "2"
    assert await stage.due() == 0


async def test_a_bug_in_a_connector_stops_neither_the_reader_nor_the_others(stage: Stage) -> None:
    stage.source.records.update({"1": {}, "2": {}})
    stage.source.refuse = lambda ids: KeyError("surprise") if "2" in ids else None
    await stage.hint("1", "2")
    async with running(stage.reader()):
        await eventually(lambda: len(stage.source_records()) == 1)
        await eventually(lambda: _letters(stage, 1))
    assert await stage.pool.fetchval("select reason from dead_letter") == "bug"


async def test_a_lost_grant_buries_nothing(stage: Stage) -> None:
    stage.source.refuse = lambda ids: PermanentError("gone", error_class="grant_revoked")
    await stage.hint("1", "2")
    async with running(stage.reader()):
        await eventually(lambda: stage.pause.wait_s() > 0)
    assert await _letters(stage, 0)
    assert await stage.due() == 2


async def test_a_missing_permission_buries_one_and_lets_the_rest_wait(stage: Stage) -> None:
    stage.source.refuse = lambda ids: PermanentError("scope", error_class="permission")
    await stage.hint("1", "2", "3")
    async with running(stage.reader()):
        await eventually(lambda: _letters(stage, 1))
    assert len(stage.source.reads) == 1
    assert await stage.due() == 2


async def test_a_told_wait_leaves_everything_in_the_queue(stage: Stage) -> None:
    stage.source.refuse = lambda ids: TransientError("429", error_class="rate_limited", retry_after_s=60)
    await stage.hint("1")
    async with running(stage.reader()):
        await eventually(lambda: stage.pause.wait_s() > 50)
    assert await stage.pool.fetchval("select attempt from due_read") == 0
    assert await stage.due() == 1


async def test_a_broker_that_is_away_loses_no_read(stage: Stage) -> None:
    stage.source.records["7"] = {}
    stage.broker.refused_sends = 1
    await stage.hint("7")
    async with running(stage.reader()):
        await eventually(lambda: len(stage.source_records()) == 1)
    assert await stage.due() == 0


async def test_another_processs_object_is_left_alone(stage: Stage) -> None:
    await stage.pool.execute("update ingest_lease set owner = 'ingest-1'")
    await stage.duties._take()
    await stage.hint("7")
    async with running(stage.reader()) as reader:
        reader.wake()
        await eventually(lambda: reader._woken.is_set() is False)
    assert stage.source.reads == []


async def test_a_buried_hint_no_longer_holds_the_first_write(stage: Stage) -> None:
    async with stage.pool.acquire() as connection:
        await note_listed(connection, "default", [ExternalKey(OBJECT, "1")])
    stage.source.refuse = lambda ids: PermanentError("no", error_class="unlisted")
    await stage.hint("1")
    async with running(stage.reader()):
        await eventually(lambda: _letters(stage, 1))
    assert await stage.pool.fetchval("select count(*) from first_sight") == 0


async def _letters(stage: Stage, number: int) -> bool:
    return bool(await stage.pool.fetchval("select count(*) from dead_letter") == number)
