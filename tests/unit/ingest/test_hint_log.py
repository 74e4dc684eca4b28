"""Hints gather while others are on their way; nobody is told that a hint is durable before it is."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence

from tests.eventually import eventually
from tests.fakes.clock import START

from twinledger.connectors.base.contract import Hint
from twinledger.ingest.hint_log import HintLog
from twinledger.kernel.errors import TransientError
from twinledger.road.broker import OutRecord
from twinledger.road.codec import Codec

CODEC = Codec.from_files()


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

    def ids(self) -> list[list[int]]:
        """What each batch hinted at."""
        return [[one for record in batch for one in _ids_of(record)] for batch in self.batches]


def _ids_of(record: OutRecord) -> list[int]:
    hint = CODEC.decode(record.value)[1]
    return [int(one) for one in (hint["external_id"], *hint["more_ids"])]


def append(log: HintLog, *numbers: int) -> Coroutine[None, None, bool]:
    return log.append("w", [Hint("freshbooks.client", str(number)) for number in numbers], START)


async def test_hints_gather_behind_the_batches_on_their_way() -> None:
    producer = SlowProducer()
    log = HintLog(producer, CODEC)
    waiting = []
    for first in range(0, 50, 10):  # each ten in a turn of the loop of its own
        waiting += [asyncio.create_task(append(log, first + number)) for number in range(10)]
        await eventually(lambda: len(producer.batches) > 0)
        await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    producer.may_ack.set()
    assert await asyncio.gather(*waiting) == [True] * 50
    assert [len(ids) for ids in producer.ids()] == [10, 10, 30]


async def test_each_hint_is_published_once_and_in_order() -> None:
    producer = SlowProducer()
    producer.may_ack.set()
    log = HintLog(producer, CODEC)
    await asyncio.gather(*(append(log, number) for number in range(100)))
    assert [one for ids in producer.ids() for one in ids] == list(range(100))


async def test_hints_that_gather_share_records() -> None:
    producer = SlowProducer()
    producer.may_ack.set()
    log = HintLog(producer, CODEC)
    await asyncio.gather(*(append(log, number) for number in range(100)))
    assert sum(map(len, producer.batches)) < 10


async def test_a_failed_batch_tells_everybody_in_it() -> None:
    producer = SlowProducer()
    producer.fails = True
    producer.may_ack.set()
    log = HintLog(producer, CODEC)
    answers = await asyncio.gather(*(append(log, number) for number in range(5)))
    assert answers == [False] * 5


async def test_a_silent_broker_is_not_waited_for() -> None:
    log = HintLog(SlowProducer(), CODEC, timeout_s=0.01)
    answers = await asyncio.gather(*(append(log, number) for number in range(30)))
    assert answers == [False] * 30


async def test_hints_after_a_silence_do_not_join_a_batch_that_was_given_up() -> None:
    producer = SlowProducer()
    log = HintLog(producer, CODEC, timeout_s=0.01)
    await asyncio.gather(*(append(log, number) for number in range(10)))
    producer.may_ack.set()
    assert await append(log, 99) is True


async def test_what_waits_is_bounded() -> None:
    producer = SlowProducer()
    log = HintLog(producer, CODEC)
    first = asyncio.create_task(append(log, *range(19_999)))
    await eventually(lambda: bool(producer.batches))
    assert await append(log, 1, 2) is False
    producer.may_ack.set()
    assert await first is True
    assert await append(log, 1, 2) is True


async def test_closing_waits_for_what_is_on_its_way() -> None:
    producer = SlowProducer()
    log = HintLog(producer, CODEC)
    waiting = asyncio.create_task(append(log, 0))
    await eventually(lambda: bool(producer.batches))
    closing = asyncio.create_task(log.aclose())
    producer.may_ack.set()
    await closing
    assert await waiting is True
