"""Transform on a real broker: observations come out, poison leaves the road, the rest goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from pydantic import SecretStr
from tests.eventually import eventually
from tests.unit.transform.documents import CLIENT, source_record

from twinledger.cli.dev.broker import Broker
from twinledger.kernel.clock import SystemClock
from twinledger.kernel.health import Health
from twinledger.kernel.ids import new_secret
from twinledger.kernel.service import Runtime
from twinledger.road.broker import OutRecord, Received
from twinledger.road.codec import Codec
from twinledger.road.kafka import KafkaConsumer, KafkaProducer
from twinledger.road.topics import (
    OBSERVATIONS,
    SOURCE_RECORDS,
    Topic,
    dead_letter_topic,
    ensure_topics,
)
from twinledger.transform.settings import TransformSettings
from twinledger.transform.wiring import wire


@pytest.fixture
async def bootstrap(kafka: Broker) -> str:
    await ensure_topics(kafka.address)
    return kafka.address


@asynccontextmanager
async def transform(bootstrap: str) -> AsyncIterator[Health]:
    """The stage's own wiring, as `python -m twinledger.transform` runs it."""
    clock = SystemClock()
    health = Health(clock)
    settings = TransformSettings(
        database_url=SecretStr("postgresql://unused"),
        kafka_bootstrap_servers=bootstrap,
        instance=new_secret(4).hex(),
    )
    async with wire(settings, Runtime("transform", clock, health)) as workers:
        health.started = True
        tasks = [asyncio.create_task(worker.run()) for worker in workers]
        yield health
        for worker in workers:
            worker.stop()
        await asyncio.wait_for(asyncio.gather(*tasks), 10)


@asynccontextmanager
async def watching(bootstrap: str, topic: Topic) -> AsyncIterator[KafkaConsumer]:
    consumer = KafkaConsumer(bootstrap, [topic], group=f"watch-{new_secret(4).hex()}")
    await consumer.start()
    yield consumer
    await consumer.stop()


async def collect(consumer: KafkaConsumer, keys: set[bytes]) -> Mapping[bytes, Received]:
    """The records of these keys, however many others lie in the topic."""
    found: dict[bytes, Received] = {}

    async def all_there() -> bool:
        for record in await consumer.fetch(max_records=500, timeout_s=0.2):
            if record.key in keys:
                found[record.key] = record
        return found.keys() == keys

    await eventually(all_there, within_s=40)
    return found


def given(codec: Codec, number: int) -> OutRecord:
    """A source record of this test alone: its ids are random."""
    external_id = str(int.from_bytes(new_secret(6)) * 10 + number)
    record = source_record(codec, CLIENT | {"id": int(external_id)}, external_id=external_id)
    return OutRecord(record.topic, record.key, record.value, record.headers)


async def test_records_travel_on_and_poison_leaves_the_road_with_its_bytes(bootstrap: str) -> None:
    codec, producer = Codec.from_files(), KafkaProducer(bootstrap)
    good = [given(codec, number) for number in range(20)]
    unknown_schema = replace(given(codec, 21), value=b"\x00\x00\x00\xff\xff whatever")
    no_currency = source_record(codec, CLIENT | {"id": 5, "currency_code": "XQZ"}, external_id="5")
    unmapped = replace(given(codec, 22), value=no_currency.value)
    await producer.start()
    async with (
        transform(bootstrap) as health,
        watching(bootstrap, OBSERVATIONS) as observations,
        watching(bootstrap, dead_letter_topic(SOURCE_RECORDS)) as letters,
    ):
        await producer.send_batch([*good[:10], unknown_schema, unmapped, *good[10:]])
        seen = await collect(observations, {record.key for record in good})
        dead = await collect(letters, {unknown_schema.key, unmapped.key})
        ready, report = await health.report()
    await producer.stop()
    assert len(seen) == 20
    assert ready, report
    poison, failed = dead[unknown_schema.key], dead[unmapped.key]
    assert poison.value == unknown_schema.value
    assert dict(poison.headers)["twinledger-dlq-reason"] == b"schema"
    assert failed.value == unmapped.value
    assert dict(failed.headers)["twinledger-dlq-reason"] == b"mapping"
    assert dict(failed.headers)["twinledger-dlq-mapping-version"].startswith(b"freshbooks.client@")
