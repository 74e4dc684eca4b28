"""Ingest: its worker: the parts of every workspace, the words that other processes send, and the tidying."""

from __future__ import annotations

import asyncio
import contextlib

import asyncpg

from twinledger.connectors.serving import ServedWorkspaces
from twinledger.ingest.workspace import WorkspaceParts
from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Pool
from twinledger.kernel.listening import SEPARATOR, listen
from twinledger.state.due_reads import CHANNEL, prune_reads

__all__ = ["IngestWorker"]

_TIDY_EVERY_S = 600.0
_AWAY = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)


class IngestWorker:
    """Passes each hint to the workspace it is about."""

    def __init__(self, pool: Pool, clock: Clock, served: ServedWorkspaces[WorkspaceParts]) -> None:
        self._pool = pool
        self._clock = clock
        self._served = served

    def reads(self, workspace: str, object_name: str) -> bool:
        """Whether this process is the one that reads the object."""
        parts = self._served.get(workspace)
        return parts is not None and parts.reads(object_name)

    def wake(self, workspace: str, object_name: str) -> None:
        """A hint of this object was noted."""
        if (parts := self._served.get(workspace)) is not None:
            parts.wake(object_name)

    def is_open(self) -> bool:
        """Some workspace is connected and its systems are being read."""
        return any(True for _ in self._served)

    def stop(self) -> None:
        self._served.stop()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            hears = listen(self._pool, CHANNEL, self._heard, self._clock)
            beside = [group.create_task(hears), group.create_task(self._tidy())]
            await self._served.run()
            for task in beside:
                task.cancel()

    def _heard(self, word: str) -> None:
        """Of a hint that another process noted; each reader also looks by itself now and then."""
        workspace, _, object_name = word.partition(SEPARATOR)
        self.wake(workspace, object_name)

    async def _tidy(self) -> None:
        while True:
            with contextlib.suppress(*_AWAY):
                async with self._pool.acquire() as connection:
                    await prune_reads(connection)
            await self._clock.sleep(_TIDY_EVERY_S)
