"""Webhook route with durable ack, held against a bare ASGI route with the same producer and broker."""

from __future__ import annotations

import json
import socket

from tests.bench.figures import Figure
from tests.bench.programs import Servers, program, run_to_end

__all__ = ["measure"]

_CONNECTIONS = 64
_SECONDS = 3
_STEADY_PER_S = 1_000


async def measure(servers: Servers, rounds: int) -> list[Figure]:
    """A B A B: each round runs both routes, each in a process of its own."""
    ours: list[dict[str, float]] = []
    bare: list[dict[str, float]] = []
    steady: list[dict[str, float]] = []
    for _ in range(rounds):
        bare.append(await _round("bare", servers))
        ours.append(await _round("ours", servers))
        steady.append(await _round("ours", servers, rate=_STEADY_PER_S))
    return [
        Figure("webhooks, durable ack", "1/s", [one["per_s"] for one in ours], at_least=5_000),
        Figure("webhooks, bare route of the same run", "1/s", [one["per_s"] for one in bare]),
        Figure(
            "webhooks, ratio to the bare route",
            "",
            [one["per_s"] / other["per_s"] for one, other in zip(ours, bare, strict=True)],
            at_least=0.8,
        ),
        Figure("webhooks, CPU of the server", "us/request", [one["cpu_us"] for one in ours]),
        Figure(f"webhooks, p50 at {_STEADY_PER_S:,}/s", "ms", [one["p50_ms"] for one in steady]),
        Figure(f"webhooks, p99 at {_STEADY_PER_S:,}/s", "ms", [one["p99_ms"] for one in steady]),
        Figure("webhooks, not answered 200", "", [one["refused"] for one in ours], at_most=0),
    ]


async def _round(kind: str, servers: Servers, rate: int | None = None) -> dict[str, float]:
    port = str(_free_port())
    rate_given = [str(rate)] if rate else []
    async with program("tests.bench.webhook_server", kind, servers.kafka, port, ready=b"up") as server:
        before = server.cpu_s()
        load = ["tests.bench.webhook_load", port, str(_CONNECTIONS), str(_SECONDS), *rate_given]
        answer: dict[str, float] = json.loads(await run_to_end(*load))
        # Of the whole run, the second of warm-up included.
        answer["cpu_us"] = (server.cpu_s() - before) * 1e6 / (answer["per_s"] * (_SECONDS + 1))
        return answer


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
