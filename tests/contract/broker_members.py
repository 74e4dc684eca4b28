"""The brokers of the suite, and what a test does with their members."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.conftest import KAFKA_LIBS
from tests.fakes.broker import MemoryBroker, MemoryConsumer

from twinledger.cli.dev.broker import ApacheKafka, NoidaBroker
from twinledger.cli.dev.kafka_jars import Missing, fetch_jars, find_java
from twinledger.cli.dev.process import wait_until
from twinledger.kernel.clock import SystemClock
from twinledger.kernel.errors import TransientError
from twinledger.road.broker import OutRecord, Partition, Received
from twinledger.road.kafka import KafkaConsumer, KafkaProducer
from twinledger.road.topics import Topic

PARTITIONS = 4


class InMemory:
    """Nothing to start, nothing that outlives it."""

    name, version = "in memory", "(tests)"

    def __init__(self) -> None:
        self.records = MemoryBroker(partitions=PARTITIONS, waits=True)

    async def start(self) -> None:
        return None

    async def stop(self) -> None:
        return None


OwnBroker = ApacheKafka | NoidaBroker | InMemory
Member = KafkaConsumer | MemoryConsumer
PATIENCE_S = 20.0
clock = SystemClock()


async def saved(broker: OwnBroker) -> None:
    """Until noida-db has written its file once more, or had the time to; Kafka has nothing to wait for."""
    if isinstance(broker, NoidaBroker):
        before = broker.saved_at()
        await wait_until(lambda: broker.saved_at() != before, 3, clock)


async def read_a_part(broker: OwnBroker, topic: Topic) -> set[bytes | None]:
    """200 records, of which the group commits about 120; the values it has not committed."""
    await produce(broker, numbered(topic, 200, keys=5))
    async with member_of(broker, topic) as member:
        received = await take(member, 200)
        committed = after(received[:120], member.assigned())
        await member.commit(committed)
    return {r.value for r in received if r.offset >= committed.get(place_of(r), 0)}


def values(first: int, end: int) -> set[bytes | None]:
    return {str(n).encode() for n in range(first, end)}


def make_broker(kind: str, folder: Path) -> OwnBroker:
    if kind == "in-memory":
        return InMemory()
    if kind == "noida-db":
        return NoidaBroker(folder)
    java = find_java()
    missing = java if isinstance(java, Missing) else fetch_jars(KAFKA_LIBS, print)
    if isinstance(java, Missing) or missing is not None:
        assert missing is not None
        pytest.skip(f"Apache Kafka: {missing.reason}")
    return ApacheKafka(folder, KAFKA_LIBS, java)


@asynccontextmanager
async def member_of(
    broker: OwnBroker,
    topic: Topic,
    *,
    group: str | None = None,
    instance: str | None = None,
    start_from: Callable[[Sequence[Partition]], Awaitable[Mapping[Partition, int]]] | None = None,
) -> AsyncIterator[Member]:
    name = group or f"group-{topic.name}"
    member: Member
    if isinstance(broker, InMemory):
        member = broker.records.consumer(topic.name, group=name, instance=instance)
    else:
        member = KafkaConsumer(broker.address, [topic], group=name, instance=instance, session_timeout_s=6)
    await member.start(start_from)
    try:
        yield member
    finally:
        await member.stop()


async def produce(broker: OwnBroker, records: Sequence[OutRecord]) -> None:
    if isinstance(broker, InMemory):
        return await broker.records.send_batch(records)
    producer = KafkaProducer(broker.address)
    await producer.start()
    try:
        await producer.send_batch(records)
    finally:
        await producer.stop()


def numbered(topic: Topic, count: int, *, keys: int, start: int = 0) -> list[OutRecord]:
    return [
        OutRecord(topic.name, f"key-{n % keys}".encode(), str(n).encode(), ())
        for n in range(start, start + count)
    ]


async def take(member: Member, count: int) -> list[Received]:
    received: list[Received] = []
    deadline = clock.monotonic() + PATIENCE_S
    while len(received) < count and clock.monotonic() < deadline:
        try:
            received += await member.fetch(max_records=500, timeout_s=0.2)
        except TransientError:
            continue
    assert len(received) == count, f"{len(received)} of {count} records in {PATIENCE_S} s"
    return received


async def take_both(one: Member, two: Member, count: int) -> list[Received]:
    received: list[Received] = []
    deadline = clock.monotonic() + PATIENCE_S
    while len(received) < count and clock.monotonic() < deadline:
        for member in (one, two):
            received += await member.fetch(max_records=500, timeout_s=0.2)
    assert len(received) == count
    return received


async def until(condition: Callable[[], bool], *members: Member) -> None:
    deadline = clock.monotonic() + PATIENCE_S
    while not condition() and clock.monotonic() < deadline:
        for member in members:
            await member.fetch(max_records=500, timeout_s=0.05)
    assert condition()


def place_of(record: Received) -> Partition:
    return Partition(record.topic, record.partition)


def after(records: Sequence[Received], held: frozenset[Partition] | set[Partition]) -> dict[Partition, int]:
    return {place_of(r): r.offset + 1 for r in sorted(records, key=lambda r: r.offset) if place_of(r) in held}
