"""Loader: answers wait here for the next settle transaction; whatever is there goes in one.

Under load many answers share a commit; on a quiet stream an answer never waits. One that cannot be settled
is set apart: nobody can say what it did, so the resolver looks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import asyncpg
import structlog

from twinledger.connectors.base.contract import UnknownOutcome
from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Pool, transaction
from twinledger.kernel.errors import FatalError, TransientError
from twinledger.kernel.failpoints import failpoint
from twinledger.loader.steps.settle import Answered, Settler

__all__ = ["SettleQueue"]

MOST_AT_ONCE = 400
DATABASE_WAIT_S = 0.5

log = structlog.get_logger()


class SettleQueue:
    """Bounded queue in front of the settler; `on_settled` hear of the workspaces they were of."""

    def __init__(self, pool: Pool, settler: Settler, clock: Clock) -> None:
        self._pool = pool
        self._settler = settler
        self._clock = clock
        self.on_settled: list[Callable[[Collection[str]], None]] = []
        self._queue: asyncio.Queue[Sequence[Answered]] = asyncio.Queue(maxsize=64)

    async def put(self, answered: Sequence[Answered]) -> None:
        """Settle soon; waits when the database is behind."""
        await self._queue.put(answered)

    async def join(self) -> None:
        """Returns when everything put so far is committed."""
        await self._queue.join()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            batches = [await self._queue.get()]
            while not self._queue.empty() and sum(map(len, batches)) < MOST_AT_ONCE:
                batches.append(self._queue.get_nowait())
            answered = [one for batch in batches for one in batch]
            try:
                await self._commit(answered)
            finally:
                for _ in batches:
                    self._queue.task_done()
            workspaces = {one.built.intent.workspace for one in answered}
            for tell in self.on_settled:
                tell(workspaces)

    async def _commit(self, answered: Sequence[Answered]) -> None:
        """An exception is halved down to the answer that causes it, first half first."""
        parts = [answered]
        while parts:
            part = parts.pop()
            try:
                await self._until_it_stands(part)
            except FatalError:
                raise
            except Exception as error:  # the runner of answers: a bad one must not stop the rest
                if len(part) > 1:
                    middle = len(part) // 2
                    parts += [part[middle:], part[:middle]]
                else:
                    await self._set_apart(part[0], error)

    async def _until_it_stands(self, answered: Sequence[Answered]) -> None:
        """An answer is had once: a database that is away or says deadlock is asked again."""
        while True:
            try:
                failpoint("intent.settle.before")
                async with transaction(self._pool) as connection:
                    await self._settler.settle(connection, answered, self._clock.now())
                failpoint("intent.settle.after")
                return
            except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError):
                continue
            except TransientError as error:
                log.warning("settle_waits", exc_info=error, count=len(answered))
                await self._clock.sleep(DATABASE_WAIT_S)

    async def _set_apart(self, one: Answered, error: Exception) -> None:
        """As if no answer had come."""
        log.error("settle_failed", intent_id=str(one.built.intent.id), exc_info=error)
        unread = UnknownOutcome(f"the answer could not be settled: {type(error).__qualname__}", "bug")
        await self._until_it_stands([replace(one, answer=unread)])
