"""Simulation: the event loop whose time jumps to the next timer as soon as nothing can happen before it.

The only thing waited for in real time is PostgreSQL, and only when no task can go on without its answer:
so the order of all events depends on the seed and never on the machine.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Any

__all__ = ["START", "LoopClock", "VendorClock", "VirtualLoop"]

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_PATIENCE_S = 120.0


class VirtualLoop(asyncio.SelectorEventLoop):
    """`at_work()` surrounds what really takes time; meanwhile the virtual clock stands still."""

    def __init__(self) -> None:
        self._now = 0.0
        self._busy = 0
        self._sockets = selectors.DefaultSelector()
        super().__init__(_Jumping(self, self._sockets))

    def time(self) -> float:
        return self._now

    @contextmanager
    def at_work(self) -> Iterator[None]:
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1

    def poll(self, timeout: float | None) -> list[Any]:
        """What `select` is to the loop."""
        if timeout is not None and timeout <= 0:
            return []
        if self._busy:
            found = self._sockets.select(_PATIENCE_S)
            if not found:
                raise RuntimeError(f"PostgreSQL has not answered within {_PATIENCE_S:.0f} s")
            return found
        if timeout is None:
            raise RuntimeError("the simulation stands still: no timer, no statement, nothing to do")
        self._now += timeout
        return []


class _Jumping(selectors.BaseSelector):
    """Hands everything on, but asks the loop before it waits."""

    def __init__(self, loop: VirtualLoop, inner: selectors.BaseSelector) -> None:
        self._loop, self._inner = loop, inner

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._inner.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._inner.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._inner.modify(fileobj, events, data)

    def select(self, timeout: float | None = None) -> list[Any]:
        return self._loop.poll(timeout)

    def close(self) -> None:
        self._inner.close()

    def get_map(self) -> Any:
        return self._inner.get_map()


class LoopClock:
    """The stages' `kernel.clock.Clock`: the loop's time, in the year of the story."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def now(self) -> datetime:
        return START + timedelta(seconds=self._loop.time())

    def monotonic(self) -> float:
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class VendorClock:
    """The sandbox's clock: the same time, wrong by each vendor's own error."""

    kind = "virtual"

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self.skew_s: dict[str, float] = {}
        self.vendor: ContextVar[str] = ContextVar("vendor", default="")
        """Whose clock is looked at, set by whoever calls that vendor."""

    def now(self) -> float:
        return START.timestamp() + self._loop.time() + self.skew_s.get(self.vendor.get(), 0.0)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(seconds, 0.0))

    def advance(self, seconds: float) -> None:
        raise ValueError("time passes by itself here")

    def dump(self) -> Any:
        return {}

    def load(self, state: Any) -> None:
        del state
