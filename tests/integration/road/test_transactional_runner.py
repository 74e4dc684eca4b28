"""Effects, parked records, dead letters and the offset stand or fall together."""

from __future__ import annotations

import asyncpg
import pytest
from structlog.testing import capture_logs
from tests.eventually import eventually
from tests.fakes.broker import MemoryBroker
from tests.integration.road.runner_under_test import (
    GROUP,
    IN,
    Step,
    effects,
    letters,
    next_offset,
    parked,
    record,
    running,
)

from twinledger.kernel.database import Connection, Pool
from twinledger.kernel.errors import FatalError, PermanentError
from twinledger.road.broker import Partition
from twinledger.road.outcome import DeadLetter, Retry, Skip
from twinledger.road.parking import wake
from twinledger.road.stored_headers import from_text

PARENT = Retry("parent_missing", waits_for="freshbooks.client/1", delay_s=600.0)


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker()


async def test_each_record_has_its_effect_once_and_the_offset_moves_with_it(
    pool: Pool, broker: MemoryBroker
) -> None:
    await broker.send_batch([record("k", str(number)) for number in range(1200)])
    async with running(pool, broker, Step({"7": [Skip("stale")]})):
        await eventually(lambda: next_is(pool, 1200))
    assert await effects(pool) == [str(number) for number in range(1200) if number != 7]
    assert broker.committed == {(GROUP, Partition(IN, 0)): 1200}


async def test_halving_leaves_the_bad_record_alone_and_takes_all_others(
    pool: Pool, broker: MemoryBroker
) -> None:
    values = [str(number) for number in range(100)]
    await broker.send_batch([record(value, value) for value in values])
    async with running(pool, broker, Step({"37": [ValueError()], "38": [ZeroDivisionError()]})):
        await eventually(lambda: next_is(pool, 100))
    assert await letters(pool) == [("37", "bug"), ("38", "bug")]
    assert await effects(pool) == [value for value in values if value not in ("37", "38")]


async def test_a_dead_letter_keeps_bytes_and_headers_and_is_indexed(pool: Pool, broker: MemoryBroker) -> None:
    refused = PermanentError("no such field", error_class="validation", field="lines.quantity")
    sent = record("k", "bad", odd=b"\xff\x00", **{"twinledger-workspace": b"acme"})
    await broker.send_batch([sent])
    async with running(pool, broker, Step({"bad": [refused]})):
        await eventually(lambda: next_is(pool, 1))
    letter = await pool.fetchrow("select * from outbox")
    index = await pool.fetchrow("select * from dead_letter")
    assert letter is not None
    assert index is not None
    assert (letter["topic"], letter["key"], letter["value"]) == ("dlq." + IN, sent.key, sent.value)
    assert from_text(letter["headers"])[: len(sent.headers)] == sent.headers
    assert (index["reason"], index["message"]) == ("validation", "no such field")
    assert (index["topic"], index["offset"], index["dlq_topic"]) == (IN, 0, "dlq." + IN)
    assert (index["workspace"], index["event_id"], index["status"]) == ("acme", "bad", "open")


async def test_a_verdict_of_dead_letter_stops_nobody_behind_it(pool: Pool, broker: MemoryBroker) -> None:
    await broker.send_batch([record("k", "bad"), record("k", "next")])
    verdict = DeadLetter("mapping", "mapping", "no")
    async with running(pool, broker, Step({"bad": [verdict]})):
        await eventually(lambda: next_is(pool, 2))
    assert await letters(pool) == [("bad", "mapping")]
    assert await effects(pool) == ["next"]


async def test_a_waiting_key_keeps_its_order_while_other_keys_flow(pool: Pool, broker: MemoryBroker) -> None:
    # Each of the two trials that fail is made twice: with a2 first, which is undone, then without.
    step = Step({"a1": [PARENT] * 4})
    await broker.send_batch([record("a", "a1"), record("b", "b1"), record("a", "a2"), record("b", "b2")])
    async with running(pool, broker, step):
        await eventually(lambda: next_is(pool, 4))
        assert await effects(pool) == ["b1", "b2"]
        await broker.send_batch([record("a", "a3"), record("b", "b3")])
        await eventually(lambda: next_is(pool, 6))
        assert await effects(pool) == ["b1", "b2", "b3"]
        assert await parked(pool) == ["a1", "a2", "a3"]
        await wake_parent(pool)
        await eventually(lambda: judged_twice(pool, "a1"))
        assert await parked(pool) == ["a1", "a2", "a3"]
        await wake_parent(pool)
        await eventually(lambda: has_effects(pool, 6))
    assert await effects(pool) == ["b1", "b2", "b3", "a1", "a2", "a3"]
    assert await parked(pool) == []
    assert (step.attempts["a1"], step.attempts["a3"]) == (3, 1)


async def test_a_record_that_wakes_another_has_it_handled_at_once(pool: Pool, broker: MemoryBroker) -> None:
    class Parent(Step):
        async def __call__(self, connection: Connection, records):  # type: ignore[no-untyped-def]
            verdicts = await super().__call__(connection, records)
            if any(r.value == b"parent" for r in records):
                await wake(connection, ["freshbooks.client/1"])
            return verdicts

    await broker.send_batch([record("child", "child")])
    async with running(pool, broker, Parent({"child": [PARENT]})):
        await eventually(lambda: next_is(pool, 1))
        await broker.send_batch([record("parent", "parent")])
        await eventually(lambda: has_effects(pool, 2))
    assert await effects(pool) == ["parent", "child"]


async def test_the_end_of_the_ladder_is_a_dead_letter_and_the_next_of_the_key_is_tried(
    pool: Pool, broker: MemoryBroker
) -> None:
    missing = Retry("parent_missing", waits_for="freshbooks.client/1")
    step = Step({"a1": [missing] * 9})
    await broker.send_batch([record("a", "a1"), record("a", "a2")])
    async with running(pool, broker, step, waits_s=(0.0, 0.0, 0.0)):
        await eventually(lambda: has_effects(pool, 1))
    assert await letters(pool) == [("a1", "dependency-missing")]
    assert await effects(pool) == ["a2"]
    letter = await pool.fetchval("select headers from outbox")
    assert dict(from_text(letter))["__dlq.errors.delivery.count"] == b"4"


async def test_a_record_with_many_missing_parents_starts_anew_with_each(
    pool: Pool, broker: MemoryBroker
) -> None:
    """An order names a customer, taxes and items, which come one by one: none of them is a failed trial."""
    parents = [Retry("parent_missing", waits_for=f"zoho_books.item/{number}") for number in range(9)]
    await broker.send_batch([record("a", "order")])
    async with running(pool, broker, Step({"order": parents}), waits_s=(0.0, 0.0, 0.0)):
        await eventually(lambda: has_effects(pool, 1))
    assert await letters(pool) == []


async def test_of_parked_records_only_the_one_that_raises_is_dead_lettered(
    pool: Pool, broker: MemoryBroker
) -> None:
    soon = Retry("soon", delay_s=0.0)
    step = Step({"a": [soon], "b": [soon, ValueError()], "c": [soon]})
    await broker.send_batch([record("a", "a"), record("b", "b"), record("c", "c")])
    async with running(pool, broker, step):
        await eventually(lambda: has_effects(pool, 2))
        await eventually(lambda: nothing_parked(pool))
    assert sorted(await effects(pool)) == ["a", "c"]
    assert await letters(pool) == [("b", "bug")]


async def test_a_deadlock_repeats_the_batch(pool: Pool, broker: MemoryBroker) -> None:
    step = Step({"a": [asyncpg.DeadlockDetectedError(), asyncpg.SerializationError(), Skip("then")]})
    await broker.send_batch([record("a", "a"), record("b", "b")])
    async with running(pool, broker, step):
        await eventually(lambda: next_is(pool, 2))
    assert step.handed == [["a", "b"]] * 3
    assert await letters(pool) == []


async def test_a_lost_database_connection_repeats_the_batch(pool: Pool, broker: MemoryBroker) -> None:
    class Cut(Step):
        async def __call__(self, connection: Connection, records):  # type: ignore[no-untyped-def]
            verdicts = await super().__call__(connection, records)
            if len(self.handed) == 1:
                await connection.execute("select pg_terminate_backend(pg_backend_pid())")
            return verdicts

    step = Cut()
    await broker.send_batch([record("a", "a")])
    async with running(pool, broker, step):
        await eventually(lambda: next_is(pool, 1))
    assert await effects(pool) == ["a"]
    assert len(step.handed) == 2


async def test_a_fatal_error_stops_the_runner_and_undoes_the_batch(pool: Pool, broker: MemoryBroker) -> None:
    await broker.send_batch([record("a", "a"), record("b", "b")])
    async with running(pool, broker, Step({"b": [FatalError("wrong configuration")]})) as task:
        await eventually(task.done)
    assert isinstance(task.exception(), FatalError)
    assert (await effects(pool), await next_offset(pool)) == ([], None)


async def test_offsets_in_postgres_win_over_those_in_kafka(pool: Pool, broker: MemoryBroker) -> None:
    await broker.send_batch([record("k", str(number)) for number in range(3)])
    async with running(pool, broker, Step()):
        await eventually(lambda: next_is(pool, 3))
    await broker.send_batch([record("k", str(number)) for number in range(3, 6)])
    for hint in (0, 5):
        broker.committed[GROUP, Partition(IN, 0)] = hint
        async with running(pool, broker, Step()):
            await eventually(lambda: next_is(pool, 6))
        assert await effects(pool) == ["0", "1", "2", "3", "4", "5"]


async def test_what_another_owner_did_meanwhile_is_not_done_again(pool: Pool, broker: MemoryBroker) -> None:
    class Zombie(Step):
        async def __call__(self, connection: Connection, records):  # type: ignore[no-untyped-def]
            verdicts = await super().__call__(connection, records)
            if len(self.handed) == 2:
                await pool.execute("update consumer_offset set next_offset = 3 where group_name = $1", GROUP)
            return verdicts

    step = Zombie()
    await broker.send_batch([record("k", "0")])
    async with running(pool, broker, step):
        await eventually(lambda: next_is(pool, 1))
        await broker.send_batch([record("k", str(number)) for number in range(1, 5)])
        await eventually(lambda: next_is(pool, 5))
    assert step.handed == [["0"], ["1", "2", "3", "4"], ["3", "4"]]
    assert await effects(pool) == ["0", "3", "4"]


@pytest.mark.parametrize("loss", ["another_cluster", "end_below_ours"])
async def test_a_lost_topic_is_read_from_its_beginning_with_an_error_event(
    pool: Pool, broker: MemoryBroker, loss: str
) -> None:
    await broker.send_batch([record("k", str(number)) for number in range(5)])
    async with running(pool, broker, Step()):
        await eventually(lambda: next_is(pool, 5))
    fresh = MemoryBroker(cluster="other" if loss == "another_cluster" else broker.cluster)
    await fresh.send_batch([record("k", "again")])
    with capture_logs() as logs:
        async with running(pool, fresh, Step()):
            await eventually(lambda: has_effects(pool, 6))
    (event,) = [line for line in logs if line["event"] == "topic_lost"]
    assert (event["reason"], event["log_level"], event["topic"]) == (loss, "error", IN)
    assert (await effects(pool))[-1] == "again"


async def next_is(pool: Pool, offset: int) -> bool:
    return await next_offset(pool) == offset


async def has_effects(pool: Pool, count: int) -> bool:
    return len(await effects(pool)) == count


async def nothing_parked(pool: Pool) -> bool:
    return not await parked(pool)


async def judged_twice(pool: Pool, value: str) -> bool:
    return bool(await pool.fetchval("select attempts = 2 from parked where value = $1", value.encode()))


async def wake_parent(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await wake(connection, ["freshbooks.client/1"])
