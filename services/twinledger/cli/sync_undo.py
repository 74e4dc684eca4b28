"""CLI: `twinledger sync undo`: a plan that puts old values back, shown first, then applied by its hash."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from twinledger.cli.failure import CommandError, Exit
from twinledger.cli.output import Form, FormOption, print_record, print_rows, say
from twinledger.cli.place import DirectoryOption, WorkspaceOption, connected
from twinledger.cli.sync_plan import accept
from twinledger.cli.sync_taking_back import Undo, UndoPlan, foresee_undo
from twinledger.mapping.definitions import load_shipped
from twinledger.state.plans import StoredPlan, load_accepted, store_plan, stored_form

__all__ = ["register"]

Row = dict[str, Any]


def register(app: typer.Typer) -> None:
    """Add `undo`."""
    app.command("undo", help=_HELP)(undo)


_HELP = (
    "Plan to put back the values before a time, or before an accepted plan; nothing is written yet.\n\n"
    "Example: twinledger sync undo --since 2026-03-05T17:40:00Z"
)


def undo(
    since: Annotated[datetime | None, typer.Option(help="Take back every change since then (UTC).")] = None,
    plan: Annotated[str | None, typer.Option(metavar="HASH", help="Take back this accepted plan.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show it and keep no plan of it.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Apply at once what is shown.")] = False,
    reason: Annotated[str, typer.Option(help="With --yes: kept with the plan.")] = "",
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    if (since is None) == (plan is None):
        raise CommandError("say --since or --plan", "twinledger sync undo --help", Exit.USAGE)
    if dry_run and yes:
        raise CommandError("--dry-run or --yes?", "twinledger sync undo --help", Exit.USAGE)
    wanted = Undo(since.replace(tzinfo=since.tzinfo or UTC) if since else None, plan)

    async def read() -> UndoPlan:
        async with connected(directory) as connection:
            if plan is not None and await load_accepted(connection, workspace, plan) is None:
                raise CommandError(f"no plan {plan} was accepted", "twinledger sync status", Exit.NOT_FOUND)
            found = await foresee_undo(connection, workspace, load_shipped(), wanted)
            if not dry_run:
                writes = [stored_form(write) for write in found.writes]
                plan_kept = StoredPlan(found.hash, "undo", wanted.origin(), writes)
                await store_plan(connection, workspace, plan_kept)
            if yes:
                await accept(connection, workspace, found.hash, reason=reason)
            return found

    found = asyncio.run(read())
    _print(found, output)
    if yes:
        say("applied; later changes wait\ntry: twinledger sync status, then twinledger sync resume")
    elif output is Form.table and not dry_run:
        say(f"try: twinledger sync pause, then twinledger sync apply --plan {found.hash}")


def _print(found: UndoPlan, output: Form) -> None:
    rows = [
        {"record": write.record, "field": path, "now": write.before.get(path), "back_to": value}
        for write in found.writes
        for path, value in sorted(write.patch.items())
    ]
    if output is not Form.table:
        print_record({"plan": found.hash, "writes": rows, "left": list(found.left)}, output)
        return
    if rows:
        print_rows(rows, output)
    if found.left:
        typer.echo("\nleft as it is; when applied, each becomes a question for a person")
        print_rows(found.left, output, ("record", "now", "was", "why"))
