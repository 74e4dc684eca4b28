"""CLI: `twinledger sync status | pause | resume | now`: how it stands; to hold its writes, to look now."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from twinledger.cli.failure import CommandError
from twinledger.cli.job_watch import DetachOption, follow, new_job
from twinledger.cli.output import Form, FormOption, print_record, print_rows, say
from twinledger.cli.place import DirectoryOption, WorkspaceOption, connected
from twinledger.cli.sync_plan import gate_of
from twinledger.state.gate import BY_GO_LIVE, Gate, close_gate, open_gate
from twinledger.state.sync_status import objects_read, waiting_work

__all__ = ["register"]

Row = dict[str, Any]


def register(app: typer.Typer) -> None:
    """Add `status`, `pause`, `resume` and `now`."""
    app.command(help="How the sync stands.\n\nExample: twinledger sync status -o json")(status)
    app.command(help="Hold all writes; reading goes on.\n\nExample: twinledger sync pause --reason audit")(
        pause
    )
    app.command(help="Let writes flow again.\n\nExample: twinledger sync resume")(resume)
    app.command(help="Look for changes at every vendor now.\n\nExample: twinledger sync now")(now)


def status(
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    async def read() -> tuple[Gate, Row, list[Row]]:
        async with connected(directory) as connection:
            gate = await gate_of(connection, workspace)
            return (
                gate,
                await waiting_work(connection, workspace),
                await objects_read(connection, workspace),
            )

    gate, waiting, objects = asyncio.run(read())
    held = {"held_since": gate.held_at, "held_by": gate.held_by} if gate.held_at else {}
    summary = {"workspace": workspace, "gate": gate.text(), **held, "catching_up": gate.catching_up}
    if output is not Form.table:
        print_record({**summary, "waiting": waiting, "objects": objects}, output)
        return
    print_record({**summary, **waiting}, output)
    if objects:
        typer.echo("")
        print_rows(objects, output)


def pause(
    reason: Annotated[str, typer.Option(help="Shown by `sync status`.")] = "paused",
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    async def run() -> Gate:
        async with connected(directory) as connection:
            await gate_of(connection, workspace)
            await close_gate(connection, workspace, reason)
            return await gate_of(connection, workspace)

    gate = asyncio.run(run())
    print_record({"workspace": workspace, "gate": "held", "held_since": gate.held_at}, output)
    say("writes on their way end; try: twinledger sync plan, or twinledger sync resume")


def resume(
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    async def run() -> Gate:
        async with connected(directory) as connection:
            gate = await gate_of(connection, workspace)
            if gate.held_by == BY_GO_LIVE and not gate.accepted_plans:
                raise CommandError(
                    "this workspace goes live by a plan, and none was accepted", "twinledger sync plan"
                )
            await open_gate(connection, workspace)
            return await gate_of(connection, workspace)

    gate = asyncio.run(run())
    print_record({"workspace": workspace, "gate": gate.text()}, output)


def now(
    detach: DetachOption = False,
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    job = new_job(workspace, directory, "poll", {})
    follow(workspace, directory, job, detach=detach, output=output)
