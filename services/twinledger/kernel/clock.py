"""Kernel: the only place that reads the time or waits for it."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol

__all__ = ["Clock", "SystemClock", "block"]


class Clock(Protocol):
    """What a part may know of time; tests hand in one they move by hand."""

    def now(self) -> datetime:
        """Aware UTC wall time."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back, for measuring spans."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def block(seconds: float) -> None:
    """Stall the whole process: only for failpoints, which play a frozen machine."""
    time.sleep(seconds)
