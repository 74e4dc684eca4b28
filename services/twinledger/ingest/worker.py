"""Ingest: its worker: once the workspace is connected, readers, pollers and subscribers of its systems."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import asyncpg
import structlog

from twinledger.connectors.base.contract import Connector
from twinledger.ingest.duties import Duties
from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Pool, transaction
from twinledger.state.due_reads import CHANNEL, SEPARATOR, prune_reads
from twinledger.state.first_sight import begin_catch_up
from twinledger.state.ingest_leases import Duty

__all__ = ["IngestWorker", "Part", "Parts"]

_TIDY_EVERY_S = 600.0
_LISTEN_AGAIN_S = 2.0
_AWAY = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)

log = structlog.get_logger()


class Part(Protocol):
    """A reader, a poller, a subscriber."""

    async def run(self) -> None: ...

    def wake(self) -> None: ...

    def stop(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that runs for the open systems; `readers` by object."""

    readers: Mapping[str, Part]
    others: Sequence[Part]


class IngestWorker:
    """Waits for the connections, then runs the parts until it is stopped."""

    def __init__(
        self,
        pool: Pool,
        workspace: str,
        clock: Clock,
        duties: Duties,
        *,
        open_systems: Callable[[], Awaitable[Mapping[str, Connector]]],
        build: Callable[[Mapping[str, Connector]], Awaitable[Parts]],
    ) -> None:
        self._pool = pool
        self._workspace = workspace
        self._clock = clock
        self._duties = duties
        self._open_systems = open_systems
        self._build = build
        self._readers: Mapping[str, Part] = {}
        self._parts: list[Part] = []
        self._stopping = asyncio.Event()

    def reads(self, workspace: str, object_name: str) -> bool:
        """Whether this process is the one that reads the object."""
        return workspace == self._workspace and self._duties.holds(Duty("read", object_name))

    def wake_all(self) -> None:
        for part in self._parts:
            part.wake()

    def wake(self, workspace: str, object_name: str) -> None:
        """A hint of this object was noted."""
        if workspace == self._workspace and (reader := self._readers.get(object_name)) is not None:
            reader.wake()

    def is_open(self) -> bool:
        """The workspace is connected and its systems are being read."""
        return bool(self._parts)

    def stop(self) -> None:
        self._stopping.set()
        for part in self._parts:
            part.stop()

    async def run(self) -> None:
        opening = asyncio.ensure_future(self._open_systems())
        stopping = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait([opening, stopping], return_when=asyncio.FIRST_COMPLETED)
        if self._stopping.is_set():
            opening.cancel()
            await asyncio.gather(opening, return_exceptions=True)
            return
        stopping.cancel()
        async with transaction(self._pool) as connection:
            await begin_catch_up(connection, self._workspace)
        parts = await self._build(opening.result())
        self._readers = parts.readers
        self._parts = [*parts.readers.values(), *parts.others]
        if not self._stopping.is_set():
            log.info("systems_open", workspace=self._workspace, count=len(opening.result()))
            await self._run_parts()

    async def _run_parts(self) -> None:
        async with asyncio.TaskGroup() as group:
            beside = [group.create_task(self._listen()), group.create_task(self._tidy())]
            tasks = [group.create_task(part.run()) for part in self._parts]
            await asyncio.wait(tasks)
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
