"""Ingest, jobs: a poll right now: every poller is woken, and the job ends when each has looked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from twinledger.ingest.jobs import Save
from twinledger.ingest.workspace import Part
from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Pool
from twinledger.state.jobs import Job
from twinledger.state.poll_cursors import polled_since

__all__ = ["PollNow"]

_LOOK_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class PollNow:
    """`pollers` of this process: jobs and polls are duties of one process each, mostly the same."""

    workspace: str
    pool: Pool
    clock: Clock
    objects: Sequence[str]
    pollers: Sequence[Part]

    async def expected(self, job: Job) -> int | None:
        return len(self.objects)

    async def run(self, job: Job, save: Save) -> None:
        for poller in self.pollers:
            poller.wake()
        done = job.done
        while done < len(self.objects):
            async with self.pool.acquire() as connection:
                polled = await polled_since(connection, self.workspace, self.objects, job.created_at)
            if polled > done:
                await save({}, polled - done)
                done = polled
            await self.clock.sleep(_LOOK_EVERY_S)
