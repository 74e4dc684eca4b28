"""Loader: what runs for one workspace: an executor for each budget group, and the look after lost writes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

import structlog

from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Pool, transaction
from twinledger.kernel.errors import FatalError
from twinledger.loader.executor import AWAY, Executor
from twinledger.loader.steps.resolve_unknown import UnknownResolver
from twinledger.state.intent_outcomes import unknown_intents
from twinledger.state.lost_creates import doubt_creates

__all__ = ["LONGEST_CALL", "WorkspaceWrites"]

LONGEST_CALL = timedelta(seconds=60)
RESOLVE_EVERY_S = 0.5
AT_ONCE = 50

log = structlog.get_logger()


class WorkspaceWrites:
    """Started and stopped together; `executors` by budget group. `objects`: whose first read the first write
    waits for."""

    def __init__(
        self,
        pool: Pool,
        workspace: str,
        objects: Sequence[str],
        executors: Mapping[str, Executor],
        resolver: UnknownResolver,
        clock: Clock,
    ) -> None:
        self.workspace = workspace
        self.objects = tuple(objects)
        self._pool = pool
        self._executors = executors
        self._resolver = resolver
        self._clock = clock
        self._stopping = asyncio.Event()

    def wake(self, group: str) -> None:
        """Intents of this budget group were planned."""
        if (executor := self._executors.get(group)) is not None:
            executor.wake()

    def hear_of(self, group: str, intent_id: UUID) -> None:
        """This intent of this budget group was planned."""
        if (executor := self._executors.get(group)) is not None:
            executor.hear_of(intent_id)

    def wake_all(self) -> None:
        """Something was settled: children may have stopped waiting."""
        for executor in self._executors.values():
            executor.wake()

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        """Until stopped: take nothing new, let calls in flight end."""
        async with asyncio.TaskGroup() as group:
            working = [group.create_task(executor.run()) for executor in self._executors.values()]
            working.append(group.create_task(self._resolve_again_and_again()))
            await self._stopping.wait()
            for task in working:
                task.cancel()
            await asyncio.gather(*(executor.drain() for executor in self._executors.values()))

    async def _resolve_again_and_again(self) -> None:
        """A database that is away only costs time."""
        while True:
            await self._clock.sleep(RESOLVE_EVERY_S)
            try:
                await self._resolve()
            except AWAY as error:
                log.warning("loader_waits", exc_info=error)

    async def _resolve(self) -> None:
        """Unknown outcomes, oldest first, and what came of those given up."""
        async with transaction(self._pool) as connection:
            await doubt_creates(connection, self.workspace)
        await self._resolver.look_after_late(self.workspace)
        for group in self._executors:
            await self._resolve_group(group)

    async def _resolve_group(self, group: str) -> None:
        settle_after = self._resolver.times.find_lag
        async with transaction(self._pool) as connection:
            lost = await unknown_intents(connection, self.workspace, group, settle_after, AT_ONCE)
        for one in lost:
            try:
                await self._resolver.resolve(one)
            except FatalError:
                raise
            except Exception as error:  # the runner of lost writes: one that cannot be looked for rests
                log.warning("resolve_failed", intent_id=str(one.candidate.intent.id), exc_info=error)
                await self._resolver.look_again(one)
        if lost:
            self.wake_all()
