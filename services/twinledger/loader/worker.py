"""Loader: its worker: executors, settle queue, resolver and gate, started and stopped together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import structlog

from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Pool, transaction
from twinledger.kernel.errors import FatalError
from twinledger.loader.executor import AWAY, Executor
from twinledger.loader.settle_queue import SettleQueue
from twinledger.loader.steps.resolve_unknown import UnknownResolver
from twinledger.state.first_sight import open_workspace
from twinledger.state.intent_queue import give_up_dead_owner, unknown_intents

__all__ = ["LoaderWorker"]

LONGEST_CALL = timedelta(seconds=60)
GATE_EVERY_S = 0.2
RESOLVE_EVERY_S = 0.5
AT_ONCE = 50

log = structlog.get_logger()


class LoaderWorker:
    """One a process. `wake` is called for every write intent that arrives."""

    def __init__(
        self,
        pool: Pool,
        executors: dict[tuple[str, str], Executor],
        settle: SettleQueue,
        resolver: UnknownResolver,
        objects: Sequence[str],
        owner: str,
        clock: Clock,
    ) -> None:
        self._pool = pool
        self._executors = executors
        self._settle = settle
        self._resolver = resolver
        self._objects = objects
        self._owner = owner
        self._clock = clock
        self._stopping = asyncio.Event()

    def wake(self, workspace: str, group: str) -> None:
        """An intent of this workspace and budget group was planned."""
        executor = self._executors.get((workspace, group))
        if executor is not None:
            executor.wake()

    def wake_all(self) -> None:
        """Something was settled: children may have stopped waiting."""
        for executor in self._executors.values():
            executor.wake()

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        """Until stopped: take nothing new, let calls in flight end, settle what they answered."""
        async with self._pool.acquire() as connection:
            lost = await give_up_dead_owner(connection, self._owner, LONGEST_CALL)
        if lost:
            log.warning("writes_of_former_life_unknown", count=lost)
        async with asyncio.TaskGroup() as group:
            settling = group.create_task(self._settle.run())
            working = [group.create_task(executor.run()) for executor in self._executors.values()]
            working += [
                group.create_task(self._repeat(RESOLVE_EVERY_S, self._resolve)),
                group.create_task(self._repeat(GATE_EVERY_S, self._gate)),
            ]
            await self._stopping.wait()
            for task in working:
                task.cancel()
            await asyncio.gather(*(executor.drain() for executor in self._executors.values()))
            await self._settle.join()
            settling.cancel()

    async def _repeat(self, every_s: float, work: Callable[[], Awaitable[None]]) -> None:
        """A database that is away only costs time."""
        while True:
            await self._clock.sleep(every_s)
            try:
                await work()
            except AWAY as error:
                log.warning("loader_waits", exc_info=error)

    async def _gate(self) -> None:
        """Nothing is created before what is there, and what happened while ingest was away, is taken in."""
        for workspace in {workspace for workspace, _ in self._executors}:
            async with transaction(self._pool) as connection:
                opened = await open_workspace(connection, workspace, self._objects)
            if opened:
                log.info("workspace_open", workspace=workspace)
                self.wake_all()

    async def _resolve(self) -> None:
        """Unknown outcomes, oldest first."""
        async with transaction(self._pool) as connection:
            await give_up_dead_owner(connection, "", LONGEST_CALL)
        for workspace, group in self._executors:
            await self._resolve_group(workspace, group)

    async def _resolve_group(self, workspace: str, group: str) -> None:
        settle_after = self._resolver.times.find_lag
        async with transaction(self._pool) as connection:
            lost = await unknown_intents(connection, workspace, group, settle_after, AT_ONCE)
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
