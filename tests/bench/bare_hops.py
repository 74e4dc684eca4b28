"""Yardstick of latency: four hops, each one record acknowledged by the broker and one row committed.

python -m tests.bench.bare_hops KAFKA DSN TOPIC
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

import asyncpg
import uvloop
from tests.bench.programs import answer_rounds

from twinledger.road.broker import OutRecord
from twinledger.road.kafka import KafkaProducer

_HOPS = 4
_TABLE = "create table if not exists bench_hop (id bigint generated always as identity, value bytea)"


async def main(kafka: str, dsn: str, topic: str) -> None:
    producer = KafkaProducer(kafka)
    await producer.start()
    connection = await asyncpg.connect(dsn)
    await connection.execute(_TABLE)
    record = OutRecord(topic, b"default", b"x" * 200, ())

    async def run(events: int, rate: float) -> dict[str, Any]:
        took, due = [], time.perf_counter()
        for _ in range(events):
            due += 1 / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            began = time.perf_counter()
            for _ in range(_HOPS):
                await producer.send_batch([record])
                await connection.execute("insert into bench_hop (value) values ($1)", record.value)
            took.append((time.perf_counter() - began) * 1e3)
        return {"took_ms": took}

    await answer_rounds(run)
    await connection.close()
    await producer.stop()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
