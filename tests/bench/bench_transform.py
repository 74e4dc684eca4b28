"""Transform through Kafka with Avro: the real program, a full topic in, observations out."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.bench.figures import Figure
from tests.bench.programs import Program, Servers, program
from tests.unit.transform.documents import CLIENT, source_record

from twinledger.kernel.clock import SystemClock
from twinledger.road.broker import OutRecord, Partition
from twinledger.road.codec import Codec
from twinledger.road.kafka import KafkaConsumer, KafkaProducer
from twinledger.road.topics import OBSERVATIONS

__all__ = ["measure"]

_RECORDS = 20_000
_clock = SystemClock()


async def measure(servers: Servers, rounds: int) -> list[Figure]:
    """Each round fills the topic while the program is down, then times it from 10 % to the end."""
    per_s: list[float] = []
    per_cpu_s: list[float] = []
    memory: list[float] = []
    async with _observations(servers.kafka) as counter:
        for _ in range(rounds):
            await _fill(servers.kafka)
            before = await counter.total()
            async with program("twinledger.transform", environment=_environment(servers)) as transform:
                seen = await _timed(counter, transform, before)
            per_s.append(seen[0])
            per_cpu_s.append(seen[1])
            memory.append(seen[2])
    return [
        Figure("transform, Kafka and Avro", "1/s", per_s),
        Figure("transform, per second of CPU", "1/s/core", per_cpu_s, at_least=4_000),
        Figure("transform, resident memory", "MB", memory),
    ]


class Counter:
    """How many observations the topic holds."""

    def __init__(self, consumer: KafkaConsumer) -> None:
        self._consumer = consumer
        self._partitions = [Partition(OBSERVATIONS.name, one) for one in range(OBSERVATIONS.partitions)]

    async def total(self) -> int:
        return sum(bounds.end for bounds in (await self._consumer.bounds(self._partitions)).values())


@asynccontextmanager
async def _observations(kafka: str) -> AsyncIterator[Counter]:
    consumer = KafkaConsumer(kafka, [OBSERVATIONS], group="bench-counter")
    await consumer.start()
    try:
        yield Counter(consumer)
    finally:
        await consumer.stop()


async def _timed(counter: Counter, transform: Program, before: int) -> tuple[float, float, float]:
    """Records a second, records a CPU second, memory: the start-up is left out."""
    await _reach(counter, before + _RECORDS // 10)
    began, cpu, first = _clock.monotonic(), transform.cpu_s(), await counter.total()
    await _reach(counter, before + _RECORDS)
    done = await counter.total() - first
    took, used = _clock.monotonic() - began, transform.cpu_s() - cpu
    return done / took, done / used, transform.memory_mb()


async def _reach(counter: Counter, number: int) -> None:
    async with asyncio.timeout(120):
        while await counter.total() < number:
            await _clock.sleep(0.02)


async def _fill(kafka: str) -> None:
    codec, producer = Codec.from_files(), KafkaProducer(kafka)
    await producer.start()
    for start in range(0, _RECORDS, 1_000):
        records = [_record(codec, number) for number in range(start, start + 1_000)]
        await producer.send_batch(records)
    await producer.stop()


def _record(codec: Codec, number: int) -> OutRecord:
    document = CLIENT | {"id": number, "userid": number, "email": f"client{number}@example.com"}
    given = source_record(codec, document, external_id=str(number), offset=number)
    return OutRecord(given.topic, given.key, given.value, given.headers)


def _environment(servers: Servers) -> dict[str, str]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    return {
        "DATABASE_URL": servers.dsn,
        "KAFKA_BOOTSTRAP_SERVERS": servers.kafka,
        "TWINLEDGER_ADMIN_PORT": str(port),
    }
