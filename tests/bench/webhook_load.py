"""Tool: sends signed FreshBooks deliveries over kept connections, one request at a time on each.

Back to back for some seconds, at a fixed rate for some seconds, or each delivery once.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterable, Sequence
from functools import cache, partial
from typing import Any, cast
from urllib.parse import urlencode

import uvloop
from tests.bench.programs import answer_rounds

_HEAD = (
    "POST {path} HTTP/1.1\r\nhost: sync.example\r\nuser-agent: FreshBooks\r\naccept: */*\r\n"
    "content-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n"
    "x-freshbooks-hmac-sha256: {signature}\r\n\r\n"
)


def delivery(path: str, verifier: str, event: str, object_id: str) -> bytes:
    """As the vendor sends it."""
    form = {
        "name": event,
        "object_id": object_id,
        "account_id": "Qx7LmP",
        "business_id": "551207",
        "identity_id": "90314",
        "user_id": "1",
    }
    body = urlencode(form).encode()
    mac = hmac.digest(verifier.encode(), json.dumps(form).encode(), hashlib.sha256)
    head = _HEAD.format(path=path, length=len(body), signature=base64.b64encode(mac).decode())
    return head.encode() + body


@cache
def _deliveries(path: str, verifier: str, event: str, ids: tuple[str, ...]) -> list[bytes]:
    return [delivery(path, verifier, event, one) for one in ids]


class Load:
    """What all connections share: deliveries still to send, and what was seen."""

    def __init__(self, deliveries: Iterable[bytes]) -> None:
        self.deliveries = iter(deliveries)
        self.latencies: list[float] = []
        self.sent_at: list[float] = []
        self.refused = 0
        self.open = 0
        self.ended = asyncio.Event()


class Sender(asyncio.Protocol):
    """One connection. `due` is when its request should have left: a late start counts as latency."""

    def __init__(self, load: Load, first_at: float, every_s: float | None) -> None:
        self.load, self.due, self.every_s = load, first_at, every_s
        self.waiting = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none of its subclasses
        self.load.open += 1
        self._send_when_due()

    def connection_lost(self, error: Exception | None) -> None:
        self.load.refused += self.waiting
        self.load.open -= 1
        if not self.load.open:
            self.load.ended.set()

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        self.waiting = False
        self.load.latencies.append(now - self.due)
        self.load.refused += not data.startswith(b"HTTP/1.1 200")
        self.due = now if self.every_s is None else self.due + self.every_s
        self._send_when_due()

    def _send_when_due(self) -> None:
        wait_s = self.due - time.perf_counter()
        if wait_s > 0:
            asyncio.get_running_loop().call_later(wait_s, self._send)
        else:
            self._send()

    def _send(self) -> None:
        request = next(self.load.deliveries, None)
        if request is None:
            self.transport.close()
            return
        self.waiting = True
        self.load.sent_at.append(time.time())
        self.transport.write(request)


async def send(
    port: int,
    path: str,
    verifier: str,
    event: str,
    ids: Sequence[str],
    connections: int,
    seconds: float | None = None,
    rate: float | None = None,
) -> dict[str, Any]:
    """For `seconds` round and round, the first of them a warm-up; without `seconds` each id once."""
    deliveries = _deliveries(path, verifier, event, tuple(ids))
    load = Load(deliveries if seconds is None else _endless(deliveries))
    every_s = connections / rate if rate else None
    began = time.perf_counter() + 0.05
    for number in range(connections):
        first_at = began + (number / rate if rate else 0)
        connect = partial(Sender, load, first_at, every_s)
        await asyncio.get_running_loop().create_connection(connect, "127.0.0.1", port)
    if seconds is None:
        await load.ended.wait()
    else:
        began = await _warm(load)
        await asyncio.sleep(seconds)
    took, latencies = time.perf_counter() - began, sorted(load.latencies)
    load.deliveries = iter(())
    await load.ended.wait()
    return {
        "per_s": len(latencies) / took,
        "p50_ms": latencies[len(latencies) // 2] * 1e3,
        "p99_ms": latencies[int(len(latencies) * 0.99)] * 1e3,
        "refused": load.refused,
        "sent_at": load.sent_at if seconds is None else [],
    }


async def _warm(load: Load) -> float:
    await asyncio.sleep(1.0)
    load.latencies.clear()
    return time.perf_counter()


def _endless(deliveries: Sequence[bytes]) -> Iterable[bytes]:
    while True:
        yield from deliveries


if __name__ == "__main__":
    uvloop.run(answer_rounds(send))
