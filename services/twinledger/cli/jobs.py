"""CLI: `twinledger jobs` and `twinledger backfill`: long work that the stages do, whoever watches."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from twinledger.cli.failure import CommandError, Exit
from twinledger.cli.job_watch import finish, shown, watch
from twinledger.cli.output import Form, FormOption, print_record, print_rows
from twinledger.cli.place import DirectoryOption, WorkspaceOption, connected
from twinledger.state.jobs import Job, JobState, change_job, find_job, recent_jobs

__all__ = ["app", "change", "job_of", "print_jobs"]

app = typer.Typer(help="Long work, done by the stages.", no_args_is_help=True)
JobArgument = Annotated[str, typer.Argument(metavar="ID")]
_ALL = ("backfill", "poll", "verify")
_COLUMNS = ("id", "kind", "state", "done", "expected", "seconds_left", "created_at")


@app.callback()
def _noun() -> None:
    """Long work, done by the stages."""


@app.command("list", help="The newest jobs.\n\nExample: twinledger jobs list")
def list_jobs(
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    print_jobs(workspace, directory, _ALL, output)


@app.command(help="One job; --watch stays until it ends.\n\nExample: twinledger jobs show 01J9... --watch")
def show(
    job_id: JobArgument,
    stay: Annotated[bool, typer.Option("--watch", help="Stay until it ends.")] = False,
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    job = watch(workspace, directory, job_id) if stay else job_of(workspace, directory, job_id)
    print_record(shown(job), output)
    if stay:
        finish(job)


@app.command(help="End a job; what it did stays.\n\nExample: twinledger jobs cancel 01J9...")
def cancel(
    job_id: JobArgument,
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    change(workspace, directory, job_id, "cancelled", ("queued", "running", "paused"), output)


def print_jobs(workspace: str, directory: Path, kinds: Sequence[str], output: Form) -> None:
    """The newest jobs of these kinds."""

    async def read() -> list[Job]:
        async with connected(directory) as connection:
            return await recent_jobs(connection, workspace, kinds, 50)

    print_rows([shown(job) for job in asyncio.run(read())], output, _COLUMNS)


def job_of(workspace: str, directory: Path, job_id: str) -> Job:
    """The job, or exit 3."""

    async def read() -> Job | None:
        async with connected(directory) as connection:
            return await find_job(connection, workspace, job_id)

    job = asyncio.run(read())
    if job is None:
        raise CommandError(f"no job {job_id}", "twinledger jobs list", Exit.NOT_FOUND)
    return job


def change(
    workspace: str, directory: Path, job_id: str, to: JobState, allowed: Sequence[JobState], output: Form
) -> None:
    """Pause, resume or cancel; refused when the job is not in a state for it."""
    job = job_of(workspace, directory, job_id)

    async def run() -> bool:
        async with connected(directory) as connection:
            return await change_job(connection, workspace, job_id, to, allowed)

    if not asyncio.run(run()):
        raise CommandError(f"job {job_id} is {job.state}", f"twinledger jobs show {job_id}")
    print_record(shown(job_of(workspace, directory, job_id)), output)
