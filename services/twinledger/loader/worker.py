"""Loader: its worker: the writes of every workspace, the queue their answers go through, the gate."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from uuid import UUID

import structlog

from twinledger.connectors.serving import ServedWorkspaces
from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Pool, transaction
from twinledger.kernel.listening import SEPARATOR, listen
from twinledger.loader.executor import AWAY
from twinledger.loader.settle_queue import SettleQueue
from twinledger.loader.workspace import LONGEST_CALL, WorkspaceWrites
from twinledger.state.first_sight import open_workspaces
from twinledger.state.intent_outcomes import give_up_dead_owner
from twinledger.state.intents import CHANNEL

__all__ = ["LoaderWorker"]

GATE_EVERY_S = 0.2

log = structlog.get_logger()


class LoaderWorker:
    """One a process. `wake` is called for every write intent that arrives by the topic."""

    def __init__(
        self,
        pool: Pool,
        served: ServedWorkspaces[WorkspaceWrites],
        settle: SettleQueue,
        owner: str,
        clock: Clock,
    ) -> None:
        self._pool = pool
        self._served = served
        self._settle = settle
        self._owner = owner
        self._clock = clock
        settle.on_settled.append(self._settled)

    def wake(self, workspace: str, group: str, intent_id: UUID) -> None:
        """This intent of the workspace and budget group was planned."""
        if (writes := self._served.get(workspace)) is not None:
            writes.hear_of(group, intent_id)

    def stop(self) -> None:
        self._served.stop()

    async def run(self) -> None:
        """Until stopped: take nothing new, let calls in flight end, settle what they answered."""
        async with self._pool.acquire() as connection:
            lost = await give_up_dead_owner(connection, self._owner, LONGEST_CALL)
        if lost:
            log.warning("writes_of_former_life_unknown", count=lost)
        async with asyncio.TaskGroup() as group:
            hears = listen(self._pool, CHANNEL, self._heard, self._clock)
            beside = [group.create_task(work) for work in (self._settle.run(), self._look_after(), hears)]
            await self._served.run()
            await self._settle.join()
            for task in beside:
                task.cancel()

    def _heard(self, word: str) -> None:
        """Some were planned."""
        workspace, _, group = word.partition(SEPARATOR)
        if (writes := self._served.get(workspace)) is not None:
            writes.wake(group)

    def _settled(self, workspaces: Collection[str]) -> None:
        """Something was settled there: children may have stopped waiting."""
        for workspace in workspaces:
            if (writes := self._served.get(workspace)) is not None:
                writes.wake_all()

    async def _look_after(self) -> None:
        """Nothing is created before what is there, and what happened while ingest was away, is taken in;
        a call that cannot still be under way has an unknown outcome."""
        while True:
            await self._clock.sleep(GATE_EVERY_S)
            alike: dict[tuple[str, ...], list[str]] = {}
            for writes in self._served:
                alike.setdefault(writes.objects, []).append(writes.workspace)
            opened: list[str] = []
            try:
                async with transaction(self._pool) as connection:
                    for objects, workspaces in alike.items():
                        opened += await open_workspaces(connection, workspaces, objects)
                    await give_up_dead_owner(connection, "", LONGEST_CALL)
            except AWAY as error:
                log.warning("loader_waits", exc_info=error)
                continue
            for workspace in opened:
                log.info("workspace_open", workspace=workspace)
            self._settled(opened)
