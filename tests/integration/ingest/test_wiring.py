"""Ingest as its program runs it, on a real broker and database, before anybody has connected."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr
from tests.eventually import eventually

from twinledger.cli.dev.broker import Broker
from twinledger.connectors.base.contract import Hint
from twinledger.ingest.settings import IngestOptions, IngestSettings
from twinledger.ingest.wiring import wire
from twinledger.kernel.clock import SystemClock
from twinledger.kernel.database import open_pool
from twinledger.kernel.health import Health
from twinledger.kernel.http import AsyncClient, new_http_client
from twinledger.kernel.http_server import HttpServer
from twinledger.kernel.ids import new_secret
from twinledger.kernel.service import Runtime
from twinledger.road.codec import Codec
from twinledger.road.hints import build_hints
from twinledger.road.kafka import KafkaProducer
from twinledger.road.topics import ensure_topics

WORKSPACE = f"w-{new_secret(4).hex()}"


@asynccontextmanager
async def ingest(bootstrap: str, dsn: str) -> AsyncIterator[tuple[AsyncClient, Health]]:
    clock = SystemClock()
    health = Health(clock)
    settings = IngestSettings(
        workspace=WORKSPACE,
        database_url=SecretStr(dsn),
        kafka_bootstrap_servers=bootstrap,
        instance=new_secret(4).hex(),
        ingest=IngestOptions(port=0),
    )
    async with wire(settings, Runtime("ingest", clock, health)) as workers:
        server = next(worker for worker in workers if isinstance(worker, HttpServer))
        port = server.bind()
        health.started = True
        tasks = [asyncio.create_task(worker.run()) for worker in workers]
        async with new_http_client(f"http://127.0.0.1:{port}") as http:
            yield http, health
        for worker in workers:
            worker.stop()
        await asyncio.wait_for(asyncio.gather(*tasks), 10)


async def test_it_is_ready_and_asks_deliveries_to_come_again_until_it_is_connected(
    kafka: Broker, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWINLEDGER_KEK", base64.b64encode(bytes(32)).decode())
    await ensure_topics(kafka.address)
    async with ingest(kafka.address, database) as (http, health):

        async def ready() -> bool:
            return (await health.report())[0]

        await eventually(ready, within_s=30)
        form = {"content-type": "application/x-www-form-urlencoded"}
        answer = await http.post("/hooks/freshbooks/abc", content=b"name=x", headers=form)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert (await http.get("/hooks/freshbooks/abc")).status_code == 405
        assert (await http.get("/")).status_code == 404
        _, report = await health.report()
        assert report["dependencies"]["connection"]["status"] == "down"


async def test_a_hint_on_the_topic_becomes_a_due_read(
    kafka: Broker, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWINLEDGER_KEK", base64.b64encode(bytes(32)).decode())
    await ensure_topics(kafka.address)
    clock, codec, producer = SystemClock(), Codec.from_files(), KafkaProducer(kafka.address)
    pool = await open_pool(database, max_size=2)
    await producer.start()
    async with ingest(kafka.address, database):
        hints = [Hint("freshbooks.client", "7")]
        await producer.send_batch(build_hints(codec, WORKSPACE, hints, lane="live", received_at=clock.now()))

        async def noted() -> bool:
            count = "select count(*) from due_read where workspace = $1 and external_id = '7'"
            return bool(await pool.fetchval(count, WORKSPACE))

        await eventually(noted, within_s=30)
    await producer.stop()
    await pool.close()
