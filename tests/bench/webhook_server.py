"""Serves one webhook route on a real broker: ours, or the bare ASGI route it is held against.

python -m tests.bench.webhook_server ours|bare KAFKA PORT
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import sys
from typing import Any

import uvloop

from twinledger.connectors.base.contract import Subscription
from twinledger.connectors.freshbooks.webhook import FreshBooksWebhooks
from twinledger.ingest.hint_log import HintLog
from twinledger.ingest.hook_app import HookApp
from twinledger.ingest.subscription_directory import KnownAddress
from twinledger.kernel.clock import SystemClock
from twinledger.kernel.http_server import HttpServer
from twinledger.road.broker import OutRecord
from twinledger.road.codec import Codec
from twinledger.road.kafka import KafkaProducer
from twinledger.road.topics import HINTS, key_of

KEY = "0f" * 16
VERIFIER = "hK3pQm7Zr2VxTn9WbYcD4sLfGj8aEuRi"


class OneAddress:
    """The directory, with one subscription."""

    def __init__(self) -> None:
        subscription = Subscription(
            "freshbooks", "freshbooks.invoice", "invoice", KEY, "1", VERIFIER, "verified"
        )
        self._known = KnownAddress(subscription, None)

    async def find(self, system: str, key: str) -> KnownAddress | None:
        return self._known if key == KEY else None


class BareRoute:
    """The least that is durable: HMAC over the body, append it, wait for the ack."""

    def __init__(self, producer: KafkaProducer) -> None:
        self._producer = producer
        self._key = key_of("default", "freshbooks.invoice")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        base64.b64encode(hmac.digest(VERIFIER.encode(), body, hashlib.sha256))
        await self._producer.send_batch([OutRecord(HINTS.name, self._key, body, ())])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


async def serve(kind: str, kafka: str, port: int) -> None:
    producer = KafkaProducer(kafka)
    await producer.start()
    app: Any = BareRoute(producer)
    if kind == "ours":
        app = HookApp(
            workspace="default",
            addresses=OneAddress(),
            hints=HintLog(producer),
            codec=Codec.from_files(),
            clock=SystemClock(),
        )
        app.open({"freshbooks": FreshBooksWebhooks()}, {})
    server = HttpServer(app, host="127.0.0.1", port=port)
    server.bind()
    sys.stdout.write("up\n")
    sys.stdout.flush()
    await server.run()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1], sys.argv[2], int(sys.argv[3])))
