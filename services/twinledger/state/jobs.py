"""State: jobs, long work that a stage does for whoever asked: its row says how far it is.

A step of work saves its cursor with what it did; a stage that dies goes on from there. Pause and cancel
are states that the stage looks at between two steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from twinledger.kernel.database import Connection

__all__ = [
    "Job",
    "JobKind",
    "JobState",
    "add_audit",
    "add_job",
    "change_job",
    "end_job",
    "find_job",
    "open_jobs",
    "recent_jobs",
    "save_step",
    "start_job",
]

JobKind = Literal["backfill", "poll", "verify"]
JobState = Literal["queued", "running", "paused", "done", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Job:
    """One row. `expected` is a guess of how many records there are; None where nobody can tell."""

    id: str
    kind: JobKind
    state: JobState
    params: Mapping[str, Any]
    cursor: Mapping[str, Any]
    done: int
    expected: int | None
    error: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.state in ("queued", "running", "paused")


_COLUMNS = "id, kind, state, params, cursor, done, expected, error, created_at, started_at, ended_at"


async def add_job(
    connection: Connection, workspace: str, job_id: str, kind: JobKind, params: Mapping[str, Any]
) -> Job:
    """The stage that serves it looks for new ones every second."""
    row = await connection.fetchrow(
        f"""insert into job (id, workspace, kind, params) values ($1, $2, $3, $4)
            returning {_COLUMNS}""",  # noqa: S608 - fixed columns
        job_id,
        workspace,
        kind,
        dict(params),
    )
    return Job(*tuple(row or ()))


async def add_audit(connection: Connection, workspace: str, job_id: str, every_s: float) -> None:
    """A comparison of both sides, when the last one (or the opening) is that long ago."""
    await connection.execute(
        """insert into job (id, workspace, kind, params)
           select $2, w.id, 'verify', '{"full": false, "by": "audit"}' from workspace w
            where w.id = $1 and w.opened_at < clock_timestamp() - make_interval(secs => $3)
              and not exists (select from job j where j.workspace = w.id and j.kind = 'verify'
                                 and (j.state in ('queued', 'running', 'paused')
                                      or j.ended_at > clock_timestamp() - make_interval(secs => $3)))""",
        workspace,
        job_id,
        every_s,
    )


async def find_job(connection: Connection, workspace: str, job_id: str) -> Job | None:
    """By its id."""
    row = await connection.fetchrow(
        f"select {_COLUMNS} from job where workspace = $1 and id = $2",  # noqa: S608 - fixed columns
        workspace,
        job_id,
    )
    return Job(*tuple(row)) if row is not None else None


async def open_jobs(connection: Connection, workspace: str) -> list[Job]:
    """Those that are to be worked on, oldest first; paused ones are not."""
    rows = await connection.fetch(
        f"""select {_COLUMNS} from job where workspace = $1 and state in ('queued', 'running')
            order by created_at""",  # noqa: S608 - fixed columns
        workspace,
    )
    return [Job(*tuple(row)) for row in rows]


async def recent_jobs(connection: Connection, workspace: str, kinds: Sequence[str], limit: int) -> list[Job]:
    """The newest first."""
    rows = await connection.fetch(
        f"""select {_COLUMNS} from job where workspace = $1 and kind = any($2)
            order by created_at desc limit $3""",  # noqa: S608 - fixed columns
        workspace,
        list(kinds),
        limit,
    )
    return [Job(*tuple(row)) for row in rows]


async def start_job(connection: Connection, job_id: str, expected: int | None) -> None:
    """queued -> running; a job that goes on keeps its beginning."""
    await connection.execute(
        """update job set state = 'running', started_at = coalesce(started_at, clock_timestamp()),
                  expected = coalesce(expected, $2)
            where id = $1 and state = 'queued'""",
        job_id,
        expected,
    )


async def save_step(connection: Connection, job_id: str, cursor: Mapping[str, Any], done: int) -> None:
    """A step is safe: from here the work goes on."""
    await connection.execute(
        "update job set cursor = $2, done = done + $3 where id = $1", job_id, dict(cursor), done
    )


async def end_job(connection: Connection, job_id: str, state: JobState, error: str = "") -> None:
    """Done or failed, unless a person cancelled it meanwhile."""
    await connection.execute(
        """update job set state = $2, error = $3, ended_at = clock_timestamp()
            where id = $1 and state in ('queued', 'running')""",
        job_id,
        state,
        error,
    )


async def change_job(
    connection: Connection, workspace: str, job_id: str, to: JobState, allowed: Sequence[JobState]
) -> bool:
    """A person's word: pause, resume, cancel. False when the job is not in a state for it."""
    status = await connection.execute(
        """update job set state = $3,
                  ended_at = case when $3 = 'cancelled' then clock_timestamp() else ended_at end
            where workspace = $1 and id = $2 and state = any($4)""",
        workspace,
        job_id,
        to,
        list(allowed),
    )
    return bool(status != "UPDATE 0")
