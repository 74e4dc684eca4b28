"""Ingest: its worker: the parts of every workspace, the words that other processes send, and the tidying."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import asyncpg

from twinledger.connectors.serving import ServedWorkspaces
from twinledger.ingest.workspace import WorkspaceParts
from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Pool
from twinledger.state.due_reads import CHANNEL, SEPARATOR, prune_reads

__all__ = ["IngestWorker"]

_TIDY_EVERY_S = 600.0
_LISTEN_AGAIN_S = 2.0
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
            beside = [group.create_task(self._listen()), group.create_task(self._tidy())]
            await self._served.run()
            for task in beside:
                task.cancel()

    async def _listen(self) -> None:
        """Hears of hints that other processes noted; each reader also looks by itself now and then."""
        while True:
            with contextlib.suppress(*_AWAY):
                async with self._listening() as connection:
                    while not connection.is_closed():
                        await self._clock.sleep(_LISTEN_AGAIN_S)
            await self._clock.sleep(_LISTEN_AGAIN_S)

    @contextlib.asynccontextmanager
    async def _listening(self) -> AsyncIterator[asyncpg.pool.PoolConnectionProxy[asyncpg.Record]]:
        async with self._pool.acquire() as connection:
            await connection.add_listener(CHANNEL, self._heard)
            try:
                yield connection
            finally:
                if not connection.is_closed():
                    await connection.remove_listener(CHANNEL, self._heard)

    def _heard(self, connection: object, process: int, channel: str, payload: object) -> None:
        workspace, _, object_name = str(payload).partition(SEPARATOR)
        self.wake(workspace, object_name)

    async def _tidy(self) -> None:
        while True:
            with contextlib.suppress(*_AWAY):
                async with self._pool.acquire() as connection:
                    await prune_reads(connection)
            await self._clock.sleep(_TIDY_EVERY_S)
