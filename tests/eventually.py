"""Waiting in tests: for a condition, with a deadline, never for a length of time."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable

from twinledger.kernel.clock import SystemClock

_clock = SystemClock()


async def eventually(
    condition: Callable[[], bool | Awaitable[bool]], *, within_s: float = 20.0, every_s: float = 0.005
) -> None:
    """Returns as soon as the condition holds; fails when the time is over."""
    deadline = _clock.monotonic() + within_s
    while True:
        answer = condition()
        if await answer if inspect.isawaitable(answer) else answer:
            return
        assert _clock.monotonic() < deadline, f"not so within {within_s} s"
        await _clock.sleep(every_s)
