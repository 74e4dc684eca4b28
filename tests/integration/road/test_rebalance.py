"""Members come and go under load; the offset in the transaction fences whoever lost its partition."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from tests.eventually import eventually
from tests.integration.road.runner_under_test import Step, effects

from twinledger.cli.dev.broker import Broker
from twinledger.kernel.clock import SystemClock
from twinledger.kernel.database import Pool
from twinledger.kernel.ids import new_rng, new_ulid
from twinledger.road.broker import OutRecord, Partition
from twinledger.road.dead_letters import DeadLetterOffice
from twinledger.road.failures import WaitLadder
from twinledger.road.kafka import KafkaConsumer, KafkaProducer
from twinledger.road.runner import TransactionalRunner
from twinledger.road.topics import Topic, ensure_topics

clock = SystemClock()


@pytest.fixture
async def topic(kafka: Broker) -> Topic:
    fresh = Topic(f"rebalance.{new_ulid(clock)}", ("key",), (), partitions=4)
    await ensure_topics(kafka.address, (fresh,))
    return fresh


@pytest.fixture
async def producer(kafka: Broker) -> AsyncIterator[KafkaProducer]:
    made = KafkaProducer(kafka.address)
    await made.start()
    yield made
    await made.stop()


@asynccontextmanager
async def member(kafka: Broker, topic: Topic, pool: Pool, instance: str | None = None) -> AsyncIterator[None]:
    runner = TransactionalRunner(
        consumer=KafkaConsumer(kafka.address, [topic], group=topic.name, instance=instance),
        pool=pool,
        handler=Step(),
        office=DeadLetterOffice(group=topic.name, stage="test", release="0", clock=clock),
        ladder=WaitLadder(new_rng(1)),
        clock=clock,
        max_records=10,
    )
    task = asyncio.create_task(runner.run())
    try:
        yield
    finally:
        runner.stop()
        await asyncio.wait_for(task, 20)


def records(topic: Topic, numbers: Sequence[int]) -> list[OutRecord]:
    return [OutRecord(topic.name, str(n % 11).encode(), str(n).encode(), ()) for n in numbers]


async def reached(pool: Pool, count: int) -> bool:
    return bool(await pool.fetchval("select count(distinct value) >= $1 from effect", count))


async def test_members_that_come_and_go_do_each_record_once_and_in_order(
    kafka: Broker, topic: Topic, pool: Pool, producer: KafkaProducer
) -> None:
    async with member(kafka, topic, pool):
        for turn in range(4):
            await producer.send_batch(records(topic, range(turn * 200, turn * 200 + 200)))
            async with member(kafka, topic, pool):
                await eventually(lambda at=turn * 200 + 100: reached(pool, at), within_s=40)  # type: ignore[misc]
        await eventually(lambda: reached(pool, 800), within_s=40)
    done = [int(value) for value in await effects(pool)]
    assert sorted(done) == list(range(800))
    for key in range(11):
        order = [number for number in done if number % 11 == key]
        assert order == sorted(order)


@pytest.mark.parametrize("lie", [0, 1], ids=["told the beginning", "told the end"])
async def test_after_a_restart_postgres_says_where_to_go_on_whatever_kafka_was_told(
    kafka: Broker, topic: Topic, pool: Pool, producer: KafkaProducer, lie: int
) -> None:
    await producer.send_batch(records(topic, range(40)))
    async with member(kafka, topic, pool, instance="0"):
        await eventually(lambda: reached(pool, 40))
    await producer.send_batch(records(topic, range(40, 80)))
    liar = KafkaConsumer(kafka.address, [topic], group=topic.name, instance="0")
    await liar.start()
    await eventually(lambda: len(liar.assigned()) == 4)
    ends = await liar.bounds([Partition(topic.name, number) for number in range(4)])
    await liar.commit({partition: bound.end * lie for partition, bound in ends.items()})
    await liar.stop()
    async with member(kafka, topic, pool, instance="0"):
        await eventually(lambda: reached(pool, 80))
    assert sorted(int(value) for value in await effects(pool)) == list(range(80))
