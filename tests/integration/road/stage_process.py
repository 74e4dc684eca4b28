"""A whole road in one process, to be killed: topic -> stateless -> topic -> transaction -> outbox -> topic.

Run as a program. Topics are named by TOPIC; a new record leaves one effect, the inbox is its only guard.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from twinledger.kernel.database import Connection, open_pool
from twinledger.kernel.ids import new_rng
from twinledger.kernel.service import Runtime, Worker, run_service
from twinledger.kernel.settings import StageSettings
from twinledger.road import outbox
from twinledger.road.broker import OutRecord, Received
from twinledger.road.dead_letters import DeadLetterOffice
from twinledger.road.failures import WaitLadder
from twinledger.road.inbox import already_seen, claim
from twinledger.road.kafka import KafkaConsumer, KafkaProducer
from twinledger.road.outcome import Ok, Outcome, Skip
from twinledger.road.relay import Relay
from twinledger.road.runner import StatelessRunner, TransactionalRunner
from twinledger.road.topics import Topic


def topics(name: str) -> tuple[Topic, Topic, Topic]:
    return tuple(  # type: ignore[return-value]  # three of them
        Topic(f"{name}.{part}.v1", ("key",), (), partitions=3) for part in ("in", "middle", "out")
    )


@asynccontextmanager
async def build(settings: StageSettings, runtime: Runtime) -> AsyncIterator[Sequence[Worker]]:
    name = os.environ["TOPIC"]
    first, middle, last = topics(name)
    clock, address = runtime.clock, settings.kafka_bootstrap_servers
    pool = await open_pool(settings.database_url.get_secret_value(), min_size=3, max_size=4)
    producer = KafkaProducer(address)
    await producer.start()
    relay = Relay(pool, producer, clock=clock, max_rows=20)

    def forward(records: Sequence[Received]) -> Sequence[Outcome[Sequence[OutRecord]]]:
        return [Ok([OutRecord(middle.name, r.key, r.value, r.headers)]) for r in records]

    async def apply(connection: Connection, records: Sequence[Received]) -> Sequence[Outcome[None]]:
        keys = {("thing", (r.value or b"").decode(), "1", "hash"): r for r in records}
        await connection.execute("select pg_advisory_xact_lock(1)")  # stands for the locks of the records
        seen = await already_seen(connection, "acme", keys.keys())
        await claim(connection, "acme", keys.keys())
        fresh = [r for key, r in keys.items() if key not in seen]
        rows = [(r.key.decode(), (r.value or b"").decode()) for r in fresh]
        await connection.executemany("insert into effect (key, value) values ($1, $2)", rows)
        await outbox.append(connection, [OutRecord(last.name, r.key, r.value, r.headers) for r in fresh])
        return [Ok(None) if r in fresh else Skip("duplicate") for r in records]

    office = DeadLetterOffice(group=name + "-forward", stage="forward", release="0", clock=clock)
    yield [
        StatelessRunner(
            consumer=KafkaConsumer(address, [first], group=name + "-forward", instance="0"),
            producer=producer,
            handler=forward,
            office=office,
            clock=clock,
            max_records=20,
        ),
        TransactionalRunner(
            consumer=KafkaConsumer(address, [middle], group=name + "-apply", instance="0"),
            pool=pool,
            handler=apply,
            office=DeadLetterOffice(group=name + "-apply", stage="apply", release="0", clock=clock),
            ladder=WaitLadder(new_rng()),
            clock=clock,
            after_commit=[relay.wake],
            max_records=20,
        ),
        relay,
    ]
    await producer.stop()
    await pool.close()


if __name__ == "__main__":
    run_service("road-test", StageSettings, build)
