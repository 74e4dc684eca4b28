"""kill -9 at every place of the road: nothing is lost, nothing has its effect twice."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from tests.eventually import eventually
from tests.integration.road.stage_process import topics

from twinledger.cli.dev.broker import Broker
from twinledger.kernel.clock import SystemClock
from twinledger.kernel.database import Pool
from twinledger.kernel.ids import new_ulid
from twinledger.road.broker import OutRecord, Received
from twinledger.road.kafka import KafkaConsumer, KafkaProducer
from twinledger.road.topics import ensure_topics

PROGRAM = Path(__file__).with_name("stage_process.py")
PLACES = (
    # One place for each state the road can be left in; neighbours with nothing between them are one.
    "offsets.load.after:1",
    "consumer.fetch.after:3",
    "runner.handle.after:3",
    "runner.commit.before:3",
    "runner.commit.after:3",
    "relay.select.after:3",
    "producer.send.after:3",
    "relay.send.after:3",
    "relay.ack.after:3",
    "consumer.commit.before:1",
    "consumer.commit.after:1",
)
RECORDS_A_LIFE = 60
KEYS = 7


class Stage:
    """The program, started anew for each life."""

    def __init__(self, broker: Broker, database: str, topic: str) -> None:
        self._environment = {
            **{name: value for name, value in os.environ.items() if name != "FAIL"},
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "KAFKA_BOOTSTRAP_SERVERS": broker.address,
            "DATABASE_URL": database,
            "TWINLEDGER_ADMIN_PORT": "0",
            "TWINLEDGER_LOG_LEVEL": "error",
            "TOPIC": topic,
        }

    @asynccontextmanager
    async def life(self, fail: str = "") -> AsyncIterator[asyncio.subprocess.Process]:
        environment = self._environment | ({"FAIL": fail} if fail else {})
        process = await asyncio.create_subprocess_exec(sys.executable, str(PROGRAM), env=environment)
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


@pytest.fixture
async def producer(kafka: Broker) -> AsyncIterator[KafkaProducer]:
    made = KafkaProducer(kafka.address)
    await made.start()
    yield made
    await made.stop()


async def test_killed_at_every_place_the_road_loses_and_doubles_nothing(
    kafka: Broker, database: str, pool: Pool, producer: KafkaProducer
) -> None:
    name = f"kills.{new_ulid(SystemClock())}"
    await ensure_topics(kafka.address, topics(name))
    stage, sent = Stage(kafka, database, name), 0
    for place in PLACES:
        sent = await produce(producer, name, sent)
        async with stage.life(place) as life:
            assert await ended(life) == -signal.SIGKILL, place
    sent = await produce(producer, name, sent)
    async with stage.life() as life:
        await eventually(lambda: has_effects(pool, sent), within_s=30)
        await eventually(lambda: all_published(pool))
        life.send_signal(signal.SIGTERM)
        assert await ended(life) == 0

    rows = await pool.fetch("select key, value from effect order by id")
    assert Counter(int(row["value"]) for row in rows) == Counter(range(sent))
    for key in range(KEYS):
        order = [int(row["value"]) for row in rows if row["key"] == str(key)]
        assert order == sorted(order)
    published = await read_all(kafka, name, sent)
    assert {int(record.value or b"-1") for record in published} == set(range(sent))
    assert {(r.key, r.value) for r in published} == {
        (str(n % KEYS).encode(), str(n).encode()) for n in range(sent)
    }


async def ended(process: asyncio.subprocess.Process) -> int | None:
    """The exit status, None when it still runs after the time we give it."""
    with suppress(TimeoutError):
        return await asyncio.wait_for(process.wait(), 30)
    return None


async def produce(producer: KafkaProducer, name: str, first: int) -> int:
    """Each record twice, as a source that was itself killed would."""
    numbers = range(first, first + RECORDS_A_LIFE)
    records = [
        OutRecord(
            topics(name)[0].name, str(n % KEYS).encode(), str(n).encode(), (("ce_id", str(n).encode()),)
        )
        for n in numbers
    ]
    await producer.send_batch(records + records[-10:])
    return numbers.stop


async def has_effects(pool: Pool, count: int) -> bool:
    return bool(await pool.fetchval("select count(distinct value) >= $1 from effect", count))


async def all_published(pool: Pool) -> bool:
    return not await pool.fetchval("select exists (select from outbox where acked_at is null)")


async def read_all(kafka: Broker, name: str, at_least: int) -> list[Received]:
    consumer = KafkaConsumer(kafka.address, [topics(name)[2]], group=name + "-check")
    await consumer.start()
    found: list[Received] = []

    async def at_the_end() -> bool:
        found.extend(await consumer.fetch(max_records=1000, timeout_s=0.2))
        ends = await consumer.bounds(sorted(consumer.assigned()))
        return len(found) >= max(at_least, sum(bound.end for bound in ends.values()))

    await eventually(at_the_end)
    await consumer.stop()
    return found
