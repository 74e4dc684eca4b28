from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest
from structlog.testing import capture_logs
from tests.eventually import eventually
from tests.fakes.broker import MemoryBroker
from tests.fakes.clock import FakeClock

from twinledger.kernel.errors import FatalError
from twinledger.road.broker import OutRecord, Partition, Received
from twinledger.road.dead_letters import DeadLetterOffice
from twinledger.road.outcome import DeadLetter, Ok, Outcome, Retry, Skip
from twinledger.road.runner import PureHandler, StatelessRunner

IN, OUT = "in.v1", "out.v1"


def record(value: bytes) -> OutRecord:
    return OutRecord(IN, b"k", value, (("ce_id", value),))


def doubled(records: Sequence[Received]) -> Sequence[Outcome[Sequence[OutRecord]]]:
    """Two out for each in; raises on a bomb."""
    verdicts: list[Outcome[Sequence[OutRecord]]] = []
    for r in records:
        if r.value == b"bomb":
            raise ZeroDivisionError
        if r.value == b"skip":
            verdicts.append(Skip("unmapped"))
        elif r.value == b"bad":
            verdicts.append(DeadLetter("mapping", "mapping", "no"))
        else:
            verdicts.append(Ok([OutRecord(OUT, r.key, r.value, r.headers)] * 2))
    return verdicts


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker()


async def run_until(
    broker: MemoryBroker, done: Callable[[], bool], handler: PureHandler = doubled
) -> FakeClock:
    clock = FakeClock()
    runner = StatelessRunner(
        consumer=broker.consumer(IN, group="g"),
        producer=broker,
        handler=handler,
        office=DeadLetterOffice(group="g", stage="transform", release="0", clock=clock),
        clock=clock,
    )
    running = asyncio.create_task(runner.run())
    await eventually(lambda: done() or running.done())
    runner.stop()
    await asyncio.wait_for(running, 10)
    return clock


async def test_what_the_step_made_is_published_then_the_offset_is_committed(broker: MemoryBroker) -> None:
    await broker.send_batch([record(b"a"), record(b"skip"), record(b"b")])
    await run_until(broker, lambda: len(broker.log[OUT]) == 4)
    assert [r.value for r in broker.log[OUT]] == [b"a", b"a", b"b", b"b"]
    assert broker.committed == {("g", Partition(IN, 0)): 3}


async def test_halving_isolates_the_one_record_that_raises(broker: MemoryBroker) -> None:
    values = [b"bomb" if number == 37 else str(number).encode() for number in range(100)]
    await broker.send_batch([record(value) for value in values])
    await run_until(broker, lambda: bool(broker.log["dlq." + IN]))
    (letter,) = broker.log["dlq." + IN]
    assert (letter.value, dict(letter.headers)["twinledger-dlq-reason"]) == (b"bomb", b"bug")
    assert [r.value for r in broker.log[OUT]][::2] == [value for value in values if value != b"bomb"]


async def test_a_dead_letter_is_published_before_its_offset_counts(broker: MemoryBroker) -> None:
    await broker.send_batch([record(b"bad")])
    broker.refused_sends = 3
    seen: list[int] = []

    def note() -> bool:
        seen.append(len(broker.committed))
        return bool(broker.log["dlq." + IN])

    await run_until(broker, note)
    assert set(seen) == {0}
    assert broker.committed == {("g", Partition(IN, 0)): 1}


async def test_a_broker_that_is_away_is_waited_for_with_growing_waits(broker: MemoryBroker) -> None:
    await broker.send_batch([record(b"a")])
    broker.refused_sends, broker.refused_fetches = 3, 2
    with capture_logs() as logs:
        clock = await run_until(broker, lambda: len(broker.log[OUT]) == 2)
    assert clock.slept == [0.1, 0.2, 0.1, 0.2, 0.5]
    assert [line["event"] for line in logs] == ["road_waits"] * 5


async def test_a_step_without_state_may_not_wait(broker: MemoryBroker) -> None:
    await broker.send_batch([record(b"a")])
    with pytest.raises(FatalError, match="without state"):
        await run_until(broker, lambda: False, lambda records: [Retry("later") for _ in records])


async def test_a_restart_goes_on_at_the_committed_offset(broker: MemoryBroker) -> None:
    await broker.send_batch([record(b"a")])
    await run_until(broker, lambda: len(broker.log[OUT]) == 2)
    await broker.send_batch([record(b"b")])
    await run_until(broker, lambda: len(broker.log[OUT]) == 4)
    assert [r.value for r in broker.log[OUT]] == [b"a", b"a", b"b", b"b"]
