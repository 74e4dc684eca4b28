"""Puts records on topics and says how many a topic holds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from twinledger.road.broker import OutRecord, Partition
from twinledger.road.kafka import KafkaConsumer, KafkaProducer
from twinledger.road.topics import Topic

__all__ = ["end_of", "feed", "producer_of"]

_AT_ONCE = 1_000


@asynccontextmanager
async def producer_of(kafka: str) -> AsyncIterator[KafkaProducer]:
    producer = KafkaProducer(kafka)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def feed(producer: KafkaProducer, records: Sequence[OutRecord]) -> None:
    """All acknowledged when it returns."""
    for start in range(0, len(records), _AT_ONCE):
        await producer.send_batch(records[start : start + _AT_ONCE])


@asynccontextmanager
async def end_of(kafka: str, topic: Topic) -> AsyncIterator[Callable[[], Awaitable[int]]]:
    """How many records were ever appended to the topic."""
    partitions = [Partition(topic.name, number) for number in range(topic.partitions)]
    consumer = KafkaConsumer(kafka, [topic], group=f"bench-end-of-{topic.name}")
    await consumer.start()

    async def end() -> int:
        return sum(bounds.end for bounds in (await consumer.bounds(partitions)).values())

    try:
        yield end
    finally:
        await consumer.stop()
