"""Tool: calls a simulated vendor over kept connections, one request at a time on each, for some seconds."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Mapping, Sequence
from typing import Any, cast

import uvloop
from tests.bench.programs import answer_rounds

_numbers = itertools.count(1)
_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"content-length: "


class Load:
    """What all connections share: the calls, and what was seen."""

    def __init__(self, calls: Sequence[Sequence[str]], headers: Mapping[str, str]) -> None:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._requests = itertools.cycle([(call, lines) for call in calls])
        self.latencies: list[float] = []
        self.refused = 0
        self.received = 0
        self.ending = False
        self.open = 0
        self.ended = asyncio.Event()

    def next_request(self) -> bytes:
        """`{n}` in a path or a body is a number that never comes again."""
        (method, path, body), lines = next(self._requests)
        number = str(next(_numbers))
        content = body.replace("{n}", number).encode()
        head = f"{method} {path.replace('{n}', number)} HTTP/1.1\r\nhost: vendor.example\r\n{lines}"
        if content:
            head += f"content-type: application/json\r\ncontent-length: {len(content)}\r\n"
        return head.encode() + b"\r\n" + content


class Caller(asyncio.Protocol):
    def __init__(self, load: Load) -> None:
        self._load = load
        self._buffer = bytearray()
        self._wanted = 0
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own is none by its class
        self._load.open += 1
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        self._load.open -= 1
        self._load.refused += not self._load.ending
        if not self._load.open:
            self._load.ended.set()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._wanted:
            self._wanted = _length_of(self._buffer)
        if self._wanted and len(self._buffer) >= self._wanted:
            self._answered()

    def _answered(self) -> None:
        load = self._load
        load.latencies.append(time.perf_counter() - self._sent_at)
        load.received += self._wanted
        load.refused += not self._buffer.startswith(b"HTTP/1.1 2")
        self._buffer.clear()
        self._wanted = 0
        if load.ending:
            self._transport.close()
        else:
            self._send()

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        self._transport.write(self._load.next_request())


def _length_of(buffer: bytearray) -> int:
    """Of the whole answer, once its head is here; 0 before."""
    end = buffer.find(_END_OF_HEAD)
    if end < 0:
        return 0
    at = buffer.find(_LENGTH, 0, end)
    body = int(buffer[at + len(_LENGTH) : buffer.find(b"\r", at)]) if at >= 0 else 0
    return end + len(_END_OF_HEAD) + body


async def call_for(
    port: int,
    calls: Sequence[Sequence[str]],
    headers: Mapping[str, str],
    connections: int = 16,
    seconds: float = 4.0,
) -> dict[str, Any]:
    """Calls are [method, path, body]; taken in turn, the first half second is a warm-up."""
    load = Load(calls, headers)
    loop = asyncio.get_running_loop()
    for _ in range(connections):
        await loop.create_connection(lambda: Caller(load), "127.0.0.1", port)
    await asyncio.sleep(0.5)
    load.latencies.clear()
    load.refused = 0
    began = time.perf_counter()
    await asyncio.sleep(seconds)
    took, latencies = time.perf_counter() - began, sorted(load.latencies)
    load.ending = True
    await load.ended.wait()
    return {
        "per_s": len(latencies) / took,
        "p50_ms": _at(latencies, 0.5) * 1e3,
        "p99_ms": _at(latencies, 0.99) * 1e3,
        "refused": load.refused,
    }


def _at(latencies: Sequence[float], share: float) -> float:
    return latencies[int(len(latencies) * share)] if latencies else 0.0


if __name__ == "__main__":
    uvloop.run(answer_rounds(call_for))
