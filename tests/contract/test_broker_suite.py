"""Every broker keeps the promises the road rests on: Apache Kafka, noida-db and the one in memory, which
claims no durability, pass the same claims."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Mapping, Sequence

import pytest
from tests.contract.broker_members import (
    PARTITIONS,
    PATIENCE_S,
    InMemory,
    OwnBroker,
    after,
    clock,
    make_broker,
    member_of,
    numbered,
    produce,
    read_a_part,
    saved,
    take,
    take_both,
    until,
    values,
)

from twinledger.cli.dev.broker import NoidaBroker
from twinledger.road.broker import OutRecord, Partition
from twinledger.road.topics import Topic, ensure_topics

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
_numbers = itertools.count(1)


@pytest.fixture(scope="module", params=["apache-kafka", "noida-db", "in-memory"])
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnBroker]:
    """A broker of this suite's own, so that it may be killed."""
    made = make_broker(request.param, tmp_path_factory.mktemp(request.param))
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
    await produce(broker, [sent, OutRecord(topic.name, b"k", None, ())])
    async with member_of(broker, topic) as member:
        first, second = await take(member, 2)
    assert (first.key, first.value, tuple(first.headers)) == (sent.key, sent.value, headers)
    assert (second.value, second.offset) == (None, first.offset + 1)


async def test_records_of_one_key_stay_in_order(broker: OwnBroker, topic: Topic) -> None:
    records = numbered(topic, 500, keys=7)
    await produce(broker, records)
    async with member_of(broker, topic) as member:
        received = await take(member, 500)
    for key in {record.key for record in records}:
        assert [r.value for r in received if r.key == key] == [r.value for r in records if r.key == key]
        assert len({r.partition for r in received if r.key == key}) == 1


async def test_two_members_share_and_the_one_left_takes_over(broker: OwnBroker, topic: Topic) -> None:
    async with member_of(broker, topic) as stays:
        async with member_of(broker, topic) as leaves:
            await until(lambda: len(stays.assigned()) == len(leaves.assigned()) == 2, stays, leaves)
            assert stays.assigned().isdisjoint(leaves.assigned())
            await produce(broker, numbered(topic, 40, keys=20))
            seen = [*await take_both(stays, leaves, 40)]
            await leaves.commit(after(seen, leaves.assigned()))
            await stays.commit(after(seen, stays.assigned()))
        await until(lambda: len(stays.assigned()) == 4, stays)
        await produce(broker, numbered(topic, 12, keys=12, start=100))
        again = await take(stays, 12)
    assert {r.value for r in again} == {str(n).encode() for n in range(100, 112)}


async def test_a_static_member_returns_to_its_partitions_without_a_rebalance(
    broker: OwnBroker, topic: Topic
) -> None:
    assignments: list[Sequence[Partition]] = [[]]

    async def note(partitions: Sequence[Partition]) -> Mapping[Partition, int]:
        assignments.append(partitions)
        return {}

    async with member_of(broker, topic, instance="stays", start_from=note) as stays:
        async with member_of(broker, topic, instance="returns") as returns:
            await until(lambda: len(returns.assigned()) == len(assignments[-1]) == 2, stays, returns)
            before, calls = returns.assigned(), len(assignments)
        async with member_of(broker, topic, instance="returns") as returned:
            await until(lambda: returned.assigned() == before, returned, stays)
            await stays.fetch(max_records=1, timeout_s=0.5)
            assert len(assignments) == calls


async def test_a_group_goes_on_after_its_committed_offset(broker: OwnBroker, topic: Topic) -> None:
    await produce(broker, numbered(topic, 10, keys=1))
    async with member_of(broker, topic, group="kept") as first:
        received = await take(first, 10)
        await first.commit({Partition(topic.name, received[0].partition): received[6].offset})
    async with member_of(broker, topic, group="kept") as second:
        assert [r.value for r in await take(second, 4)] == [b"6", b"7", b"8", b"9"]


async def test_seek_reads_again_and_bounds_are_known(broker: OwnBroker, topic: Topic) -> None:
    await produce(broker, numbered(topic, 10, keys=1))
    async with member_of(broker, topic) as member:
        received = await take(member, 10)
        partition = Partition(topic.name, received[0].partition)
        assert (await member.bounds([partition]))[partition] == (0, 10)
        member.seek(partition, 8)
        assert [r.value for r in await take(member, 2)] == [b"8", b"9"]


async def test_nothing_is_read_before_the_given_start(broker: OwnBroker, topic: Topic) -> None:
    await produce(broker, numbered(topic, 10, keys=1))

    async def from_seven(partitions: Sequence[Partition]) -> Mapping[Partition, int]:
        return dict.fromkeys(partitions, 7)

    async with member_of(broker, topic, start_from=from_seven) as member:
        assert [r.value for r in await take(member, 3)] == [b"7", b"8", b"9"]


async def test_records_and_offsets_survive_a_restart(broker: OwnBroker, topic: Topic) -> None:
    rest = await read_a_part(broker, topic)
    await broker.stop()
    await broker.start()
    await produce(broker, numbered(topic, 10, keys=5, start=500))
    async with member_of(broker, topic) as member:
        assert {r.value for r in await take(member, len(rest) + 10)} == rest | values(500, 510)


async def test_acknowledged_records_survive_kill_nine(broker: OwnBroker, topic: Topic) -> None:
    await read_a_part(broker, topic)
    assert not isinstance(broker, InMemory)
    broker.process.kill()
    await broker.start()
    await produce(broker, numbered(topic, 10, keys=5, start=500))
    async with member_of(broker, topic, group=f"new-{topic.name}") as member:
        assert {r.value for r in await take(member, 210)} == values(0, 200) | values(500, 510)


async def test_after_kill_nine_a_group_skips_nothing_saved(broker: OwnBroker, topic: Topic) -> None:
    rest = await read_a_part(broker, topic)
    await saved(broker)
    assert not isinstance(broker, InMemory)
    broker.process.kill()
    await broker.start()
    async with member_of(broker, topic) as member:
        seen: set[bytes | None] = set()
        deadline = clock.monotonic() + PATIENCE_S
        while not rest <= seen and clock.monotonic() < deadline:
            seen |= {r.value for r in await member.fetch(max_records=500, timeout_s=0.2)}
    assert rest <= seen
