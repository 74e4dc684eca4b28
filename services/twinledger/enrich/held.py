"""Enrich, beside the road: shows how many records a person is waited for with."""

from __future__ import annotations

import asyncio
import contextlib

import asyncpg

from twinledger.kernel.database import Pool
from twinledger.kernel.metrics import HELD_RECORDS
from twinledger.state.tombstones import QUESTION, count_held

__all__ = ["HeldRecords"]

_AWAY = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)


class HeldRecords:
    """A gauge that every replica sets to the same number."""

    def __init__(self, pool: Pool, *, every_s: float = 15.0) -> None:
        self._pool = pool
        self._every_s = every_s
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(*_AWAY):
                async with self._pool.acquire() as connection:
                    HELD_RECORDS.labels(QUESTION).set(await count_held(connection))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._every_s):
                    await self._stopping.wait()
