"""CLI: `twinledger backfill`: reads what is at the vendors once more, behind all live work."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from twinledger.cli.failure import CommandError, Exit
from twinledger.cli.job_watch import DetachOption, follow, new_job, shown
from twinledger.cli.jobs import JobArgument, change, job_of, print_jobs
from twinledger.cli.output import Form, FormOption, print_record
from twinledger.cli.place import DirectoryOption, WorkspaceOption
from twinledger.mapping.definitions import load_shipped

__all__ = ["app"]

app = typer.Typer(help="Reading everything once more, behind all live work.", no_args_is_help=True)


@app.callback()
def _noun() -> None:
    """Reading everything once more, behind all live work."""


@app.command(
    help="Begin one.\n\nExample: twinledger backfill start --object freshbooks.client --from 2026-01-01"
)
def start(
    objects: Annotated[
        list[str] | None, typer.Option("--object", help="Only this object; may be repeated.")
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option("--from", help="Only what changed since (UTC), where the vendor can tell."),
    ] = None,
    detach: DetachOption = False,
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    known = load_shipped().mappings
    for name in objects or ():
        if name not in known:
            raise CommandError(f"nothing maps {name!r}", f"one of: {', '.join(sorted(known))}", Exit.USAGE)
    params: dict[str, Any] = {"objects": objects or []}
    if since is not None:
        params["from"] = since.replace(tzinfo=since.tzinfo or UTC).isoformat()
    job = new_job(workspace, directory, "backfill", params)
    follow(workspace, directory, job, detach=detach, output=output)


@app.command("list", help="The newest ones.\n\nExample: twinledger backfill list")
def list_backfills(
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    print_jobs(workspace, directory, ("backfill",), output)


@app.command(help="How far one is.\n\nExample: twinledger backfill show 01J9...")
def show(
    job_id: JobArgument,
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    print_record(shown(job_of(workspace, directory, job_id)), output)


@app.command(help="Stop after the page under way.\n\nExample: twinledger backfill pause 01J9...")
def pause(
    job_id: JobArgument,
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    change(workspace, directory, job_id, "paused", ("queued", "running"), output)


@app.command(help="Go on where it stopped.\n\nExample: twinledger backfill resume 01J9...")
def resume(
    job_id: JobArgument,
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    change(workspace, directory, job_id, "queued", ("paused",), output)


@app.command(help="End one; what it read stays.\n\nExample: twinledger backfill cancel 01J9...")
def cancel(
    job_id: JobArgument,
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    change(workspace, directory, job_id, "cancelled", ("queued", "running", "paused"), output)
