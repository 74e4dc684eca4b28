"""Sandbox: the one place that knows the time, real or virtual.

Every time stamp, expiry, window and delay of the simulated vendors is read here, so that a test
can move a whole day with one call.
"""

import asyncio
import heapq
import itertools
import time
from datetime import UTC, datetime
from typing import Any, Protocol

__all__ = ["Clock", "RealClock", "VirtualClock", "iso_utc", "make_clock"]

VIRTUAL_START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC).timestamp()


class Clock(Protocol):
    """Seconds since 1970 (UTC), and a sleep on the same scale."""

    kind: str

    def now(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...

    def advance(self, seconds: float) -> None: ...


class RealClock:
    """Wall clock. `skew_s` shifts what the vendors believe, for clock-skew tests."""

    kind = "real"

    def __init__(self) -> None:
        self.skew_s = 0.0

    def now(self) -> float:
        return time.time() + self.skew_s

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))

    def advance(self, seconds: float) -> None:
        raise ValueError("the real clock cannot be advanced; start with --clock virtual")

    def dump(self) -> Any:
        return {"skew_s": self.skew_s}

    def load(self, state: Any) -> None:
        self.skew_s = float(state.get("skew_s", 0.0))


class VirtualClock:
    """Stands still until advanced; sleepers wake in the order of their times."""

    kind = "virtual"

    def __init__(self, start: float = VIRTUAL_START) -> None:
        self._now = start
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), waiter))
        await waiter

    def advance(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError("time does not go back")
        self._now += seconds
        while self._sleepers and self._sleepers[0][0] <= self._now:
            waiter = heapq.heappop(self._sleepers)[2]
            if not waiter.done():
                waiter.set_result(None)

    def dump(self) -> Any:
        return {"now": self._now}

    def load(self, state: Any) -> None:
        self._now = max(self._now, float(state.get("now", 0.0)))


def make_clock(kind: str) -> RealClock | VirtualClock:
    return VirtualClock() if kind == "virtual" else RealClock()


def iso_utc(moment: float) -> str:
    """`2026-03-05T17:40:02.123456Z`, the form of the ledger."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
