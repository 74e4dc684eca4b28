"""Simulation: what a stage's wiring gets in place of broker, database, network and web server."""

from __future__ import annotations

import asyncio
import base64
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

from tests.faults.simulation.database import SimPool
from tests.faults.simulation.life import this_life

from twinledger.enrich import wiring as enrich
from twinledger.ingest import wiring as ingest
from twinledger.kernel import ids
from twinledger.kernel.http import AsyncClient, new_http_client
from twinledger.kernel.ids import new_rng
from twinledger.loader import wiring as loader
from twinledger.road import dead_letter_indexer
from twinledger.road.broker import Bounds, OutRecord, Partition, Received, StartFrom
from twinledger.road.topics import Topic
from twinledger.sandbox.webhooks import Delivery
from twinledger.state.sealing import LocalKeyWrapper
from twinledger.transform import wiring as transform

__all__ = ["KEYS_TEXT", "standing_in"]

KEYS_TEXT = base64.b64encode(bytes(32)).decode()
_KEYS = LocalKeyWrapper(bytes(32))


class StandInProducer:
    """`KafkaProducer` of the life it is made in."""

    def __init__(self, bootstrap: str, *, linger_ms: int = 0) -> None:
        del bootstrap, linger_ms
        self._life = this_life()

    async def start(self) -> None:
        self._life.step("producer.start")

    async def stop(self) -> None:
        self._life.step("producer.stop")

    async def send_batch(self, records: Sequence[OutRecord]) -> None:
        self._life.step("producer.send")
        await self._life.world.broker_send(records)
        self._life.step("producer.sent")


class StandInConsumer:
    """`KafkaConsumer` of the life it is made in; a static member, as the stages' are."""

    def __init__(
        self,
        bootstrap: str,
        topics: Iterable[Topic],
        *,
        group: str,
        instance: str | None = None,
        session_timeout_s: float = 10,
    ) -> None:
        del bootstrap, session_timeout_s
        self._life = this_life()
        names = [topic.name for topic in topics]
        self._consumer = self._life.world.broker.consumer(*names, group=group, instance=instance)

    async def start(self, start_from: StartFrom | None = None) -> None:
        self._life.step("consumer.start")
        await self._consumer.start(start_from)

    async def stop(self) -> None:
        self._life.step("consumer.stop")
        await self._consumer.stop()

    async def fetch(self, *, max_records: int, timeout_s: float) -> list[Received]:
        self._life.step("consumer.fetch")
        found: list[Received] = await self._consumer.fetch(max_records=max_records, timeout_s=timeout_s)
        self._life.step("consumer.fetched")
        return found

    async def bounds(self, partitions: Sequence[Partition]) -> Mapping[Partition, Bounds]:
        bounds: Mapping[Partition, Bounds] = await self._consumer.bounds(partitions)
        return bounds

    async def commit(self, next_offsets: Mapping[Partition, int]) -> None:
        self._life.step("consumer.commit")
        await self._consumer.commit(next_offsets)

    def seek(self, partition: Partition, offset: int) -> None:
        self._consumer.seek(partition, offset)

    def assigned(self) -> frozenset[Partition]:
        held: frozenset[Partition] = self._consumer.assigned()
        return held

    async def cluster_id(self) -> str:
        return str(await self._consumer.cluster_id())


class StandInServer:
    """`HttpServer`: where vendors deliver to."""

    def __init__(self, app: Any, *, host: str, port: int) -> None:
        del host
        self._app, self._life = app, this_life()
        self._address = f"ingest.test:{port}"
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        self._life.world.vendors.hooks[self._address] = self._receive
        await self._stopped.wait()

    def stop(self) -> None:
        self._stopped.set()

    async def _receive(self, delivery: Delivery) -> int | None:
        if self._life.is_over:
            return None
        answering = self._life.start(_post(self._app, delivery))
        await asyncio.wait([answering])
        if answering.cancelled():
            return None
        if (error := answering.exception()) is not None:
            self._life.world.failure = error
            return 500
        return int(answering.result())


async def _post(app: Any, delivery: Delivery) -> int:
    address = urlsplit(delivery.uri)
    headers = {**delivery.headers, "content-length": str(len(delivery.body))}
    status = 0

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": delivery.body, "more_body": False}

    async def send(message: Mapping[str, Any]) -> None:
        nonlocal status
        status = message.get("status", status)

    scope = {
        "type": "http",
        "method": delivery.method,
        "path": address.path,
        "query_string": address.query.encode(),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
    }
    await app(scope, receive, send)
    return status


async def open_pool(dsn: str, **_: Any) -> SimPool:
    del dsn
    life = this_life()
    return SimPool(life.world.port, life.step)


def http_client(base_url: str = "", *, timeout_s: float = 30) -> AsyncClient:
    life = this_life()
    return new_http_client(base_url, timeout_s=timeout_s, transport=life.world.vendors.transport(life.step))


_STAND_INS = {
    "open_pool": open_pool,
    "KafkaProducer": StandInProducer,
    "KafkaConsumer": StandInConsumer,
    "new_http_client": http_client,
    "HttpServer": StandInServer,
    "new_rng": lambda: new_rng(this_life().rng.getrandbits(32)),
    "open_key_wrapper": lambda: _KEYS,
}


class _Dice:
    """`secrets` in `kernel/ids.py`, where every random byte of ours comes from."""

    def __init__(self) -> None:
        self._rng = random.Random(0)

    def token_bytes(self, size: int) -> bytes:
        return self._rng.randbytes(size)


@contextmanager
def standing_in() -> Iterator[None]:
    """The stages' own wiring, with every way out of the process led here."""
    with ExitStack() as stack:
        stack.enter_context(patch.object(ids, "secrets", _Dice()))
        for module in (ingest, transform, enrich, loader, dead_letter_indexer):
            for name, stand_in in _STAND_INS.items():
                if hasattr(module, name):
                    stack.enter_context(patch.object(module, name, stand_in))
        yield
