"""Enrich: the worker that plans anew for whom an answer, a setting or a question that answered itself changed
something: no observation will come for them.
"""

from __future__ import annotations

import asyncio
import contextlib

import asyncpg
import structlog

from twinledger.enrich.pipeline import EnrichPipeline
from twinledger.kernel.database import Pool, transaction
from twinledger.kernel.errors import FatalError, TransientError
from twinledger.state.answers import take_replan

__all__ = ["Replanner"]

_AGAIN = (TransientError, asyncpg.DeadlockDetectedError, asyncpg.SerializationError)

log = structlog.get_logger()


class Replanner:
    """Looks every second, and as long as there is something: answers are rare."""

    def __init__(self, pool: Pool, pipeline: EnrichPipeline, *, look_every_s: float = 1.0) -> None:
        self._pool = pool
        self._pipeline = pipeline
        self._look_every_s = look_every_s
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        self._stopped.set()

    async def run(self) -> None:
        """Until stopped; what the database could not take stays in its table."""
        while not self._stopped.is_set():
            try:
                while await self.plan_one():
                    pass
            except _AGAIN as error:
                log.warning("replanning_waits", exc_info=error)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), self._look_every_s)

    async def plan_one(self) -> bool:
        """The entity with the oldest word, in one transaction; False when none waits."""
        async with transaction(self._pool) as connection:
            taken = await take_replan(connection)
            if taken is None:
                return False
            workspace, entity_id = taken
            try:
                async with connection.transaction():
                    await self._pipeline.replan(connection, workspace, [entity_id])
            except (FatalError, *_AGAIN):
                raise
            except Exception as error:  # the runner of words: its next observation says what is wrong
                log.error("not_replanned", exc_info=error, entity=str(entity_id))
        return True
