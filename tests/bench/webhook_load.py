"""Sends signed deliveries over kept connections, back to back or at a fixed rate, and prints one JSON line.

python -m tests.bench.webhook_load PORT CONNECTIONS SECONDS [RATE]
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import sys
import time
from typing import cast
from urllib.parse import urlencode

import uvloop
from tests.bench.webhook_server import KEY, VERIFIER

_WARM_UP_S = 1.0


def delivery(number: int) -> bytes:
    """A FreshBooks delivery as the vendor sends it."""
    form = {
        "name": "invoice.update",
        "object_id": str(480_000 + number),
        "account_id": "Qx7LmP",
        "business_id": "551207",
        "identity_id": "90314",
        "user_id": "1",
    }
    body = urlencode(form).encode()
    mac = hmac.digest(VERIFIER.encode(), json.dumps(form).encode(), hashlib.sha256)
    head = (
        f"POST /hooks/freshbooks/{KEY} HTTP/1.1\r\nhost: sync.example\r\nuser-agent: FreshBooks\r\n"
        "accept: */*\r\ncontent-type: application/x-www-form-urlencoded\r\n"
        f"content-length: {len(body)}\r\n"
        f"x-freshbooks-hmac-sha256: {base64.b64encode(mac).decode()}\r\n\r\n"
    )
    return head.encode() + body


class Load:
    """What all connections saw."""

    def __init__(self) -> None:
        self.deliveries = [delivery(number) for number in range(2_000)]
        self.latencies: list[float] = []
        self.refused = 0
        self.sent = 0


class Sender(asyncio.Protocol):
    """One connection. `due` is when the request on its way should have left: late starts count."""

    def __init__(self, load: Load, every_s: float | None) -> None:
        self.load, self.every_s = load, every_s
        self.due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's are no subclass
        self.due = time.perf_counter()
        self.send()

    def send(self) -> None:
        self.load.sent += 1
        self.transport.write(self.load.deliveries[self.load.sent % len(self.load.deliveries)])

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        self.load.latencies.append(now - self.due)
        self.load.refused += not data.startswith(b"HTTP/1.1 200")
        if self.every_s is None:
            self.due = now
            self.send()
            return
        self.due += self.every_s
        if self.due <= now:
            self.send()
        else:
            asyncio.get_running_loop().call_later(self.due - now, self.send)


async def main(port: int, connections: int, seconds: float, rate: float | None) -> None:
    load = Load()
    every_s = connections / rate if rate else None
    loop = asyncio.get_running_loop()
    for _ in range(connections):
        await loop.create_connection(lambda: Sender(load, every_s), "127.0.0.1", port)
    await asyncio.sleep(_WARM_UP_S)
    load.latencies.clear()
    began = time.perf_counter()
    await asyncio.sleep(seconds)
    took, latencies = time.perf_counter() - began, sorted(load.latencies)
    answer = {
        "per_s": len(latencies) / took,
        "p50_ms": latencies[len(latencies) // 2] * 1e3,
        "p99_ms": latencies[int(len(latencies) * 0.99)] * 1e3,
        "refused": load.refused,
    }
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    given = sys.argv[1:]
    uvloop.run(main(int(given[0]), int(given[1]), float(given[2]), float(given[3]) if given[3:] else None))
