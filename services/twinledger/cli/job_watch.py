"""CLI: a job's life as a person sees it: its id at once, progress with time left on stderr, its end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from twinledger.cli.failure import CommandError, Exit
from twinledger.cli.output import Form, print_record, say, stderr_console
from twinledger.cli.place import connected, database_address
from twinledger.kernel.clock import Clock, SystemClock
from twinledger.kernel.database import open_pool
from twinledger.kernel.ids import new_ulid
from twinledger.state.jobs import Job, JobKind, add_job, find_job

__all__ = ["DetachOption", "finish", "follow", "new_job", "shown", "time_left_s", "watch"]

DetachOption = Annotated[
    bool, typer.Option("--detach/--watch", help="Print the id and go; or stay until the end.")
]

_LOOK_EVERY_S = 0.3
_TELL_EVERY_S = 15.0


def new_job(workspace: str, directory: Path, kind: JobKind, params: Mapping[str, Any]) -> Job:
    """Add the row; its id is told at once, so that whoever interrupts knows what goes on."""

    async def add() -> Job:
        async with connected(directory) as connection:
            return await add_job(connection, workspace, new_ulid(SystemClock()), kind, params)

    job = asyncio.run(add())
    say(f"job {job.id}")
    return job


def follow(workspace: str, directory: Path, job: Job, *, detach: bool, output: Form) -> None:
    """Stay until it ends, unless told to go; then print it."""
    ended = job if detach else watch(workspace, directory, job.id)
    print_record(shown(ended), output)
    finish(ended, detach=detach)


def finish(job: Job, *, detach: bool = False) -> None:
    """The exit code of a watched job."""
    if not detach and job.state == "failed":
        raise CommandError(f"job {job.id} failed: {job.error}", f"twinledger jobs show {job.id}")
    if not detach and job.state in ("cancelled", "paused"):
        raise typer.Exit(Exit.PARTLY_DONE)


def watch(workspace: str, directory: Path, job_id: str) -> Job:
    """Until it ends or is paused; Ctrl-C leaves it running."""
    try:
        return asyncio.run(_watch(workspace, directory, job_id, SystemClock()))
    except KeyboardInterrupt:
        say(f"detached; try: twinledger jobs show {job_id}, or twinledger jobs cancel {job_id}")
        raise


async def _watch(workspace: str, directory: Path, job_id: str, clock: Clock) -> Job:
    pool = await open_pool(database_address(directory), min_size=1, max_size=1)
    told_at = clock.monotonic()
    try:
        with _progress() as progress:
            bar = progress.add_task("", total=None, left="")
            while True:
                async with pool.acquire() as connection:
                    job = await find_job(connection, workspace, job_id)
                if job is None:
                    raise CommandError(f"no job {job_id}", "twinledger jobs list", Exit.NOT_FOUND)
                _update(progress, bar, job, clock.now())
                if not progress.console.is_terminal and clock.monotonic() - told_at >= _TELL_EVERY_S:
                    told_at = clock.monotonic()
                    say(f"{job.kind} {job.state}: {job.done} records{_left_text(job, clock.now())}")
                if not job.is_open or job.state == "paused":
                    return job
                await clock.sleep(_LOOK_EVERY_S)
    finally:
        await pool.close()


def _progress() -> Progress:
    console = stderr_console()
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[left]}"),
        console=console,
        disable=not console.is_terminal,
    )


def _update(progress: Progress, bar: TaskID, job: Job, now: datetime) -> None:
    expected = max(job.expected, job.done) if job.expected is not None else None
    progress.update(
        bar,
        description=f"{job.kind} {job.cursor.get('object', job.state)}",
        completed=job.done,
        total=expected,
        left=_left_text(job, now),
    )


def time_left_s(job: Job, now: datetime) -> float | None:
    """By the pace so far; None while nobody can tell."""
    if job.started_at is None or not job.done or job.expected is None or not job.is_open:
        return None
    elapsed = (now - job.started_at).total_seconds()
    return max(0.0, (job.expected - job.done) * elapsed / job.done)


def _left_text(job: Job, now: datetime) -> str:
    left = time_left_s(job, now)
    return (
        ""
        if left is None
        else f", about {left / 60:.0f} min left"
        if left >= 90
        else f", about {left:.0f} s left"
    )


def shown(job: Job) -> dict[str, Any]:
    """As lists and scripts see it."""
    left = time_left_s(job, SystemClock().now())
    return {**asdict(job), "seconds_left": round(left) if left is not None else None}
