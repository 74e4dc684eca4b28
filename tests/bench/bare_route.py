"""Yardstick of ingest, the least that is durable: checks an HMAC, appends, waits for the ack, answers.

python -m tests.bench.bare_route KAFKA PORT TOPIC VERIFIER
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import sys
from typing import Any

import uvloop
from tests.bench.programs import answer_rounds

from twinledger.kernel.http_server import HttpServer
from twinledger.road.broker import OutRecord
from twinledger.road.kafka import KafkaProducer


class BareRoute:
    """Same server, same producer as ours; no address to find, no form to read, no envelope."""

    def __init__(self, producer: KafkaProducer, topic: str, verifier: str) -> None:
        self._producer, self._topic, self._verifier = producer, topic, verifier.encode()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        base64.b64encode(hmac.digest(self._verifier, body, hashlib.sha256))
        await self._producer.send_batch([OutRecord(self._topic, b"default", body, ())])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


async def serve(kafka: str, port: str, topic: str, verifier: str) -> None:
    producer = KafkaProducer(kafka)
    await producer.start()
    server = HttpServer(BareRoute(producer, topic, verifier), host="127.0.0.1", port=int(port))
    server.bind()
    running = asyncio.create_task(server.run())
    await answer_rounds(_nothing)
    server.stop()
    await running
    await producer.stop()


async def _nothing() -> dict[str, Any]:
    return {}


if __name__ == "__main__":
    uvloop.run(serve(*sys.argv[1:]))
