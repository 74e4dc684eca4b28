"""A clock that tests move by hand; sleeping moves it too."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 5, 17, 40, 2, tzinfo=UTC)


class FakeClock:
    """Satisfies `kernel.clock.Clock`; `slept` lists every wait asked for."""

    def __init__(self, now: datetime = START) -> None:
        self._now, self._elapsed = now, 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._elapsed

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._elapsed += seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)
        await asyncio.sleep(0)
