"""Kernel: work side by side that leaves nothing running behind and lets others have their turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable
from typing import TypeVar

__all__ = ["all_of", "in_turns"]

_A_TURN = 25

T = TypeVar("T")


async def all_of(work: Iterable[Awaitable[T]]) -> list[T]:
    """All results in order; when one fails, the first failure after every one has ended."""
    results = await asyncio.gather(*work, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for result in results if not isinstance(result, BaseException)]


async def in_turns(items: Iterable[T]) -> AsyncIterator[T]:
    """The items; after each few the event loop sends and hears what others wait for. A query asked before a
    long computation leaves only then, because uvloop writes at the end of its round."""
    for number, item in enumerate(items):
        if number % _A_TURN == 0:
            await asyncio.sleep(0)
        yield item
