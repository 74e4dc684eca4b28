"""Kernel: what a process says about itself on its admin port.

/startupz: wiring built. /livez: the event loop turns, no dependency is looked at. /readyz and
/healthz: dependencies by name; 503 when a critical one is down or the process drains. /metrics.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from twinledger.kernel.clock import Clock

__all__ = ["Health", "admin_app"]

_HEARTBEAT_LIMIT_S = 10.0
_CHECK_LIMIT_S = 2.0

Probe = Callable[[], Awaitable[bool]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class _Dependency:
    probe: Probe
    critical: bool


class Health:
    """Filled by the service and the stage's wiring, read by the admin app."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._dependencies: dict[str, _Dependency] = {}
        self._last_beat = clock.monotonic()
        self.started = False
        self.draining = False

    def beat(self) -> None:
        self._last_beat = self._clock.monotonic()

    def depends_on(self, name: str, probe: Probe, *, critical: bool = True) -> None:
        """`probe` answers True when up; an exception or 2 s of silence means down."""
        self._dependencies[name] = _Dependency(probe, critical)

    def alive(self) -> bool:
        return self._clock.monotonic() - self._last_beat < _HEARTBEAT_LIMIT_S

    async def report(self) -> tuple[bool, dict[str, Any]]:
        """Ready or not, and the state of each dependency."""
        found = {name: await self._check(needed) for name, needed in self._dependencies.items()}
        down = any(answer["critical"] and answer["status"] == "down" for answer in found.values())
        ready = self.started and not self.draining and not down
        status = "draining" if self.draining else "up" if ready else "down"
        return ready, {"status": status, "dependencies": found}

    async def _check(self, needed: _Dependency) -> dict[str, Any]:
        began = self._clock.monotonic()
        # Whatever a probe raises is its answer: the dependency is down.
        (answer,) = await asyncio.gather(
            asyncio.wait_for(needed.probe(), _CHECK_LIMIT_S), return_exceptions=True
        )
        return {
            "status": "up" if answer is True else "down",
            "critical": needed.critical,
            "took_ms": round((self._clock.monotonic() - began) * 1000, 1),
        }


def admin_app(health: Health) -> Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]:
    """A plain ASGI app: nothing here needs a framework."""

    async def app(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            status, content_type, body = await _answer(health, scope["path"])
            headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    return app


async def _answer(health: Health, path: str) -> tuple[int, bytes, bytes]:
    if path == "/metrics":
        return 200, CONTENT_TYPE_LATEST.encode(), generate_latest()
    if path == "/livez":
        return _json(health.alive(), {"status": "up" if health.alive() else "stuck"})
    if path == "/startupz":
        return _json(health.started, {"status": "up" if health.started else "starting"})
    if path in ("/readyz", "/healthz"):
        ready, report = await health.report()
        return _json(ready, report)
    return 404, b"application/json", b'{"status":"not found"}'


def _json(good: bool, body: dict[str, Any]) -> tuple[int, bytes, bytes]:
    return (200 if good else 503), b"application/json", orjson.dumps(body)
