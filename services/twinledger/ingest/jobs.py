"""Ingest, jobs: serves what people asked for: a backfill, a comparison of both sides, a poll right now.

A job is a row. It goes on where its last step was saved, whoever died meanwhile; between two looks at the
table a pause or a cancel is found, which ends the step under way: steps may be repeated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import asyncpg
import structlog

from twinledger.ingest.duties import Duties
from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Pool
from twinledger.kernel.errors import FatalError, PermanentError, TransientError
from twinledger.kernel.ids import new_ulid
from twinledger.state.ingest_leases import Duty
from twinledger.state.jobs import Job, JobKind, add_audit, end_job, open_jobs, save_step, start_job

__all__ = ["JobRunner", "Save", "Work"]

_LOOK_EVERY_S = 0.5
_WAIT_S = 2.0
_AUDIT_LOOK_S = 30.0
_AWAY = (TransientError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
_DUTY = Duty("jobs", "all")

Save = Callable[[Mapping[str, Any], int], Awaitable[None]]
"""cursor, records done since the last save"""

log = structlog.get_logger()


class Work(Protocol):
    """One kind of job."""

    async def expected(self, job: Job) -> int | None:
        """How many records there probably are."""
        ...

    async def run(self, job: Job, save: Save) -> None:
        """From `job.cursor` to the end; `save` after each step."""
        ...


class JobRunner:
    """A part of the ingest worker; every open job is a task of its own."""

    def __init__(
        self,
        workspace: str,
        pool: Pool,
        clock: Clock,
        duties: Duties,
        works: Mapping[JobKind, Work],
        *,
        audit_every_s: float = 0.0,
    ) -> None:
        """`audit_every_s`: a comparison of both sides begins that long after the last; 0: only when asked."""
        self._workspace = workspace
        self._pool = pool
        self._clock = clock
        self._duties = duties
        self._works = works
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopping = asyncio.Event()
        self._audit_every_s = audit_every_s
        self._audit_looked_at = clock.monotonic()

    def wake(self) -> None:
        """It looks often enough by itself."""

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        """Until stopped; what is under way goes on after the restart."""
        while not self._stopping.is_set():
            try:
                await self._look()
            except _AWAY as error:
                log.warning("jobs_wait", exc_info=error)
            try:
                async with asyncio.timeout(_LOOK_EVERY_S):
                    await self._stopping.wait()
            except TimeoutError:
                continue
        await self._end_all_but(set())

    async def _look(self) -> None:
        if not self._duties.holds(_DUTY):
            await self._end_all_but(set())
            return
        await self._audit_when_due()
        async with self._pool.acquire() as connection:
            jobs = await open_jobs(connection, self._workspace)
        await self._end_all_but({job.id for job in jobs})
        for job in jobs:
            if job.id not in self._tasks:
                self._tasks[job.id] = asyncio.create_task(self._serve(job))

    async def _audit_when_due(self) -> None:
        now = self._clock.monotonic()
        if not self._audit_every_s or now - self._audit_looked_at < min(self._audit_every_s, _AUDIT_LOOK_S):
            return
        self._audit_looked_at = now
        async with self._pool.acquire() as connection:
            await add_audit(connection, self._workspace, new_ulid(self._clock), self._audit_every_s)

    async def _end_all_but(self, wanted: set[str]) -> None:
        for job_id, task in list(self._tasks.items()):
            if task.done() or job_id not in wanted:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                del self._tasks[job_id]

    async def _serve(self, job: Job) -> None:
        work = self._works[job.kind]
        try:
            expected = await work.expected(job)
            async with self._pool.acquire() as connection:
                await start_job(connection, job.id, expected)
            log.info("job_started", job=job.id, kind=job.kind)
            await work.run(job, self._saver(job))
        except _AWAY as error:  # looked at again soon, from the last step that was saved
            log.warning("job_waits", job=job.id, exc_info=error)
            await self._clock.sleep(_WAIT_S)
        except FatalError:
            raise
        except PermanentError as error:
            await self._end(job, str(error))
        except Exception as error:  # the runner of jobs: one that breaks stops no other
            log.error("job_failed", job=job.id, exc_info=error)
            await self._end(job, f"unexpected {type(error).__qualname__}")
        else:
            await self._end(job, None)

    def _saver(self, job: Job) -> Save:
        async def save(cursor: Mapping[str, Any], done: int) -> None:
            async with self._pool.acquire() as connection:
                await save_step(connection, job.id, cursor, done)

        return save

    async def _end(self, job: Job, error: str | None) -> None:
        async with self._pool.acquire() as connection:
            await end_job(connection, job.id, "done" if error is None else "failed", error or "")
        log.info("job_ended", job=job.id, kind=job.kind)
