"""Every broker keeps the promises the road rests on: Apache Kafka, noida-db and the one in memory, which
claims no durability, pass the same claims."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
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
from twinledger.road.topics import Topic, ensure_topics

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
NOT_CLAIMED: Mapping[tuple[type[OwnBroker], str], str] = {
    **{
        (InMemory, f"test_{claim}"): "in memory: no claim about durability"
        for claim in (
            "records_and_offsets_survive_a_restart",
            "acknowledged_records_survive_kill_nine",
            "after_kill_nine_a_group_skips_nothing_saved",
        )
    },
    (NoidaBroker, "test_acknowledged_records_survive_kill_nine"): (
        "noida-db acknowledges first and saves within a second: claims about durability are Kafka's"
    ),
}
PATIENCE_S = 20.0
_numbers = itertools.count(1)
clock = SystemClock()


@pytest.fixture(scope="module", params=["apache-kafka", "noida-db", "in-memory"])
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnBroker]:
    """A broker of this suite's own, so that it may be killed."""
    made = _make(request.param, tmp_path_factory.mktemp(request.param))
    asyncio.run(made.start())
    yield made
    asyncio.run(made.stop())


@pytest.fixture
async def topic(broker: OwnBroker) -> Topic:
    """A fresh topic of this test alone."""
    fresh = Topic(f"contract.{next(_numbers)}.v1", ("key",), (), partitions=PARTITIONS)
    if not isinstance(broker, InMemory):
        await ensure_topics(broker.address, (fresh,))
    return fresh


@pytest.fixture(autouse=True)
def counted(
    request: pytest.FixtureRequest, broker: OwnBroker, guarantee: dict[str, list[str]]
) -> Iterator[None]:
    """Names the claim in the summary once it held."""
    failed_before = request.session.testsfailed
    name = request.node.originalname
    if (reason := NOT_CLAIMED.get((type(broker), name))) is not None:
        pytest.skip(reason)
    yield
    if request.session.testsfailed == failed_before:
        claim = name.removeprefix("test_").replace("_", " ")
        guarantee.setdefault(f"{broker.name} {broker.version}", []).append(claim)


async def test_acknowledged_records_come_back_whole_with_their_headers(
    broker: OwnBroker, topic: Topic
) -> None:
    headers = (("ce_id", b"1"), ("twice", b"a"), ("twice", b"b"), ("empty", b""), ("utf8", "é".encode()))
    sent = OutRecord(topic.name, b"k", b"\x00\xff" + b"x" * 100_000, headers)
    await _produce(broker, [sent, OutRecord(topic.name, b"k", None, ())])
    async with _member(broker, topic) as member:
        first, second = await _take(member, 2)
    assert (first.key, first.value, tuple(first.headers)) == (sent.key, sent.value, headers)
    assert (second.value, second.offset) == (None, first.offset + 1)


async def test_records_of_one_key_stay_in_order(broker: OwnBroker, topic: Topic) -> None:
    records = _numbered(topic, 500, keys=7)
    await _produce(broker, records)
    async with _member(broker, topic) as member:
        received = await _take(member, 500)
    for key in {record.key for record in records}:
        assert [r.value for r in received if r.key == key] == [r.value for r in records if r.key == key]
        assert len({r.partition for r in received if r.key == key}) == 1


async def test_two_members_share_and_the_one_left_takes_over(broker: OwnBroker, topic: Topic) -> None:
    async with _member(broker, topic) as stays:
        async with _member(broker, topic) as leaves:
            await _until(lambda: len(stays.assigned()) == len(leaves.assigned()) == 2, stays, leaves)
            assert stays.assigned().isdisjoint(leaves.assigned())
            await _produce(broker, _numbered(topic, 40, keys=20))
            seen = [*await _take_both(stays, leaves, 40)]
            await leaves.commit(_next(seen, leaves.assigned()))
            await stays.commit(_next(seen, stays.assigned()))
        await _until(lambda: len(stays.assigned()) == 4, stays)
        await _produce(broker, _numbered(topic, 12, keys=12, start=100))
        again = await _take(stays, 12)
    assert {r.value for r in again} == {str(n).encode() for n in range(100, 112)}


async def test_a_static_member_returns_to_its_partitions_without_a_rebalance(
    broker: OwnBroker, topic: Topic
) -> None:
    assignments: list[Sequence[Partition]] = [[]]

    async def note(partitions: Sequence[Partition]) -> Mapping[Partition, int]:
        assignments.append(partitions)
        return {}

    async with _member(broker, topic, instance="stays", start_from=note) as stays:
        async with _member(broker, topic, instance="returns") as returns:
            await _until(lambda: len(returns.assigned()) == len(assignments[-1]) == 2, stays, returns)
            before, calls = returns.assigned(), len(assignments)
        async with _member(broker, topic, instance="returns") as returned:
            await _until(lambda: returned.assigned() == before, returned, stays)
            await stays.fetch(max_records=1, timeout_s=0.5)
            assert len(assignments) == calls


async def test_a_group_goes_on_after_its_committed_offset(broker: OwnBroker, topic: Topic) -> None:
    await _produce(broker, _numbered(topic, 10, keys=1))
    async with _member(broker, topic, group="kept") as first:
        received = await _take(first, 10)
        await first.commit({Partition(topic.name, received[0].partition): received[6].offset})
    async with _member(broker, topic, group="kept") as second:
        assert [r.value for r in await _take(second, 4)] == [b"6", b"7", b"8", b"9"]


async def test_seek_reads_again_and_bounds_are_known(broker: OwnBroker, topic: Topic) -> None:
    await _produce(broker, _numbered(topic, 10, keys=1))
    async with _member(broker, topic) as member:
        received = await _take(member, 10)
        partition = Partition(topic.name, received[0].partition)
        assert (await member.bounds([partition]))[partition] == (0, 10)
        member.seek(partition, 8)
        assert [r.value for r in await _take(member, 2)] == [b"8", b"9"]


async def test_nothing_is_read_before_the_given_start(broker: OwnBroker, topic: Topic) -> None:
    await _produce(broker, _numbered(topic, 10, keys=1))

    async def from_seven(partitions: Sequence[Partition]) -> Mapping[Partition, int]:
        return dict.fromkeys(partitions, 7)

    async with _member(broker, topic, start_from=from_seven) as member:
        assert [r.value for r in await _take(member, 3)] == [b"7", b"8", b"9"]


async def test_records_and_offsets_survive_a_restart(broker: OwnBroker, topic: Topic) -> None:
    rest = await _read_a_part(broker, topic)
    await broker.stop()
    await broker.start()
    await _produce(broker, _numbered(topic, 10, keys=5, start=500))
    async with _member(broker, topic) as member:
        assert {r.value for r in await _take(member, len(rest) + 10)} == rest | _values(500, 510)


async def test_acknowledged_records_survive_kill_nine(broker: OwnBroker, topic: Topic) -> None:
    await _read_a_part(broker, topic)
    assert not isinstance(broker, InMemory)
    broker.process.kill()
    await broker.start()
    await _produce(broker, _numbered(topic, 10, keys=5, start=500))
    async with _member(broker, topic, group=f"new-{topic.name}") as member:
        assert {r.value for r in await _take(member, 210)} == _values(0, 200) | _values(500, 510)


async def test_after_kill_nine_a_group_skips_nothing_saved(broker: OwnBroker, topic: Topic) -> None:
    rest = await _read_a_part(broker, topic)
    await _saved(broker)
    assert not isinstance(broker, InMemory)
    broker.process.kill()
    await broker.start()
    async with _member(broker, topic) as member:
        seen: set[bytes | None] = set()
        deadline = clock.monotonic() + PATIENCE_S
        while not rest <= seen and clock.monotonic() < deadline:
            seen |= {r.value for r in await member.fetch(max_records=500, timeout_s=0.2)}
    assert rest <= seen


async def _saved(broker: OwnBroker) -> None:
    """Until noida-db has written its file once more, or had the time to; Kafka has nothing to wait for."""
    if isinstance(broker, NoidaBroker):
        before = broker.saved_at()
        await wait_until(lambda: broker.saved_at() != before, 3, clock)


async def _read_a_part(broker: OwnBroker, topic: Topic) -> set[bytes | None]:
    """200 records, of which the group commits about 120; the values it has not committed."""
    await _produce(broker, _numbered(topic, 200, keys=5))
    async with _member(broker, topic) as member:
        received = await _take(member, 200)
        committed = _next(received[:120], member.assigned())
        await member.commit(committed)
    return {r.value for r in received if r.offset >= committed.get(_of(r), 0)}


def _values(first: int, end: int) -> set[bytes | None]:
    return {str(n).encode() for n in range(first, end)}


def _make(kind: str, folder: Path) -> OwnBroker:
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
async def _member(
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


async def _produce(broker: OwnBroker, records: Sequence[OutRecord]) -> None:
    if isinstance(broker, InMemory):
        return await broker.records.send_batch(records)
    producer = KafkaProducer(broker.address)
    await producer.start()
    try:
        await producer.send_batch(records)
    finally:
        await producer.stop()


def _numbered(topic: Topic, count: int, *, keys: int, start: int = 0) -> list[OutRecord]:
    return [
        OutRecord(topic.name, f"key-{n % keys}".encode(), str(n).encode(), ())
        for n in range(start, start + count)
    ]


async def _take(member: Member, count: int) -> list[Received]:
    received: list[Received] = []
    deadline = clock.monotonic() + PATIENCE_S
    while len(received) < count and clock.monotonic() < deadline:
        try:
            received += await member.fetch(max_records=500, timeout_s=0.2)
        except TransientError:
            continue
    assert len(received) == count, f"{len(received)} of {count} records in {PATIENCE_S} s"
    return received


async def _take_both(one: Member, two: Member, count: int) -> list[Received]:
    received: list[Received] = []
    deadline = clock.monotonic() + PATIENCE_S
    while len(received) < count and clock.monotonic() < deadline:
        for member in (one, two):
            received += await member.fetch(max_records=500, timeout_s=0.2)
    assert len(received) == count
    return received


async def _until(condition: Callable[[], bool], *members: Member) -> None:
    deadline = clock.monotonic() + PATIENCE_S
    while not condition() and clock.monotonic() < deadline:
        for member in members:
            await member.fetch(max_records=500, timeout_s=0.05)
    assert condition()


def _of(record: Received) -> Partition:
    return Partition(record.topic, record.partition)


def _next(records: Sequence[Received], held: frozenset[Partition] | set[Partition]) -> dict[Partition, int]:
    return {_of(r): r.offset + 1 for r in sorted(records, key=lambda r: r.offset) if _of(r) in held}
