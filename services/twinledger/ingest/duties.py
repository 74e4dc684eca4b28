"""Ingest: which pieces of background work are this process's: leases, prolonged before they end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence

import asyncpg
import structlog

from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Pool
from twinledger.state.ingest_leases import Duty, release_duties, take_duties

__all__ = ["Duties"]

_LEASE_S = 15.0
_PROLONG_EVERY_S = 5.0
_AWAY = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)

log = structlog.get_logger()


class Duties:
    """Takes what it can get; `holds` answers from memory and never later than the lease."""

    def __init__(
        self, pool: Pool, workspace: str, wanted: Sequence[Duty], clock: Clock, *, owner: str
    ) -> None:
        self._pool = pool
        self._workspace = workspace
        self._wanted = wanted
        self._clock = clock
        self._owner = owner
        self._held: set[Duty] = set()
        self._held_until = 0.0
        self._stopping = asyncio.Event()
        self.on_change: Callable[[], None] = lambda: None

    def holds(self, duty: Duty) -> bool:
        return duty in self._held and self._clock.monotonic() < self._held_until

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        """Until stopped; then the leases are given back."""
        while not self._stopping.is_set():
            await self._take()
            try:
                async with asyncio.timeout(_PROLONG_EVERY_S):
                    await self._stopping.wait()
            except TimeoutError:
                continue
        self._held = set()
        with contextlib.suppress(*_AWAY):  # they end by themselves
            async with self._pool.acquire() as connection:
                await release_duties(connection, self._workspace, self._owner)

    async def _take(self) -> None:
        until = self._clock.monotonic() + _LEASE_S
        try:
            async with self._pool.acquire() as connection:
                held = await take_duties(
                    connection, self._workspace, self._wanted, owner=self._owner, seconds=_LEASE_S
                )
        except _AWAY as error:
            log.warning("duties_not_prolonged", exc_info=error)
            return
        changed = held != self._held
        self._held, self._held_until = held, until
        if changed:
            log.info("duties_taken", count=len(held))
            self.on_change()
