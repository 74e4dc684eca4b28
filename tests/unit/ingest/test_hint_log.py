"""Hints gather while others are on their way; nobody is told that a hint is durable before it is."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tests.eventually import eventually

from twinledger.ingest.hint_log import HintLog
from twinledger.kernel.errors import TransientError
from twinledger.road.broker import OutRecord


class SlowProducer:
    """Acknowledges when told."""

    def __init__(self) -> None:
        self.batches: list[list[OutRecord]] = []
        self.may_ack = asyncio.Event()
        self.fails = False

    async def send_batch(self, records: Sequence[OutRecord]) -> None:
        self.batches.append(list(records))
        await self.may_ack.wait()
        if self.fails:
            raise TransientError("not acknowledged", error_class="network")


def record(number: int) -> OutRecord:
    return OutRecord("hints", b"key", str(number).encode(), ())


async def test_hints_gather_behind_the_batches_on_their_way() -> None:
    producer = SlowProducer()
    log = HintLog(producer)
    waiting = []
    for first in range(0, 50, 10):  # each ten in a turn of the loop of its own
        waiting += [asyncio.create_task(log.append([record(first + number)])) for number in range(10)]
        await eventually(lambda: len(producer.batches) > 0)
        await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    producer.may_ack.set()
    assert await asyncio.gather(*waiting) == [True] * 50
    assert [len(batch) for batch in producer.batches] == [10, 10, 30]


async def test_each_hint_is_published_once_and_in_order() -> None:
    producer = SlowProducer()
    producer.may_ack.set()
    log = HintLog(producer)
    await asyncio.gather(*(log.append([record(number)]) for number in range(100)))
    assert [int(one.value or b"") for batch in producer.batches for one in batch] == list(range(100))


async def test_a_failed_batch_tells_everybody_in_it() -> None:
    producer = SlowProducer()
    producer.fails = True
    producer.may_ack.set()
    log = HintLog(producer)
    answers = await asyncio.gather(*(log.append([record(number)]) for number in range(5)))
    assert answers == [False] * 5


async def test_a_silent_broker_is_not_waited_for() -> None:
    log = HintLog(SlowProducer(), timeout_s=0.01)
    answers = await asyncio.gather(*(log.append([record(number)]) for number in range(30)))
    assert answers == [False] * 30


async def test_hints_after_a_silence_do_not_join_a_batch_that_was_given_up() -> None:
    producer = SlowProducer()
    log = HintLog(producer, timeout_s=0.01)
    await asyncio.gather(*(log.append([record(number)]) for number in range(10)))
    producer.may_ack.set()
    assert await log.append([record(99)]) is True


async def test_what_waits_is_bounded() -> None:
    producer = SlowProducer()
    log = HintLog(producer)
    first = asyncio.create_task(log.append([record(0)] * 19_999))
    await eventually(lambda: bool(producer.batches))
    assert await log.append([record(1), record(2)]) is False
    producer.may_ack.set()
    assert await first is True
    assert await log.append([record(1), record(2)]) is True


async def test_closing_waits_for_what_is_on_its_way() -> None:
    producer = SlowProducer()
    log = HintLog(producer)
    waiting = asyncio.create_task(log.append([record(0)]))
    await eventually(lambda: bool(producer.batches))
    closing = asyncio.create_task(log.aclose())
    producer.may_ack.set()
    await closing
    assert await waiting is True
