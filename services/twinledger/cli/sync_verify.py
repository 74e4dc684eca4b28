"""CLI: `twinledger sync verify`: compares both sides inside the budget; exit 1 when they are not the same."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from twinledger.cli.failure import Exit
from twinledger.cli.job_watch import DetachOption, finish, new_job, shown, watch
from twinledger.cli.output import Form, FormOption, print_record, print_rows, say
from twinledger.cli.place import DirectoryOption, WorkspaceOption, connected
from twinledger.state.drift import list_drift

__all__ = ["register"]

Row = dict[str, Any]
_SHOWN = 100


def register(app: typer.Typer) -> None:
    """Add `verify`."""
    app.command("verify", help=_HELP)(verify)


_HELP = (
    "Compare each record of both sides, field by field, with what the sync holds.\n\n"
    "Example: twinledger sync verify --full"
)


def verify(
    full: Annotated[
        bool, typer.Option("--full", help="Read every record, also where the version says it is unchanged.")
    ] = False,
    detach: DetachOption = False,
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    job = new_job(workspace, directory, "verify", {"full": full})
    if detach:
        print_record(shown(job), output)
        return
    ended = watch(workspace, directory, job.id)
    if ended.state != "done":
        print_record(shown(ended), output)
        finish(ended)
    rows = asyncio.run(_drift(workspace, directory))
    _print(ended.id, ended.done, rows, output)
    raise typer.Exit(Exit.FAILED if rows else Exit.DONE)


async def _drift(workspace: str, directory: Path) -> list[Row]:
    async with connected(directory) as connection:
        return await list_drift(connection, workspace)


def _print(job_id: str, compared: int, rows: list[Row], output: Form) -> None:
    summary = {
        "job": job_id,
        "compared": compared,
        "equal": compared
        - sum(1 for row in rows if not row["record"].partition("/")[2].startswith("entity:")),
        "differs": sum(row["result"] == "differs" for row in rows),
        "missing": sum(row["result"] == "missing" for row in rows),
    }
    if output is not Form.table:
        print_record({**summary, "records": rows}, output)
        return
    if rows:
        print_rows([_line(row) for row in rows[:_SHOWN]], output)
        typer.echo("")
    if len(rows) > _SHOWN:
        say(f"and {len(rows) - _SHOWN} more; all of them: -o json")
    print_record(summary, output)


def _line(row: Row) -> Row:
    fields = "\n".join(
        f"{path}: {one['side']} here, {one['expected']} {'in ' + one['of'] if 'of' in one else 'expected'}"
        for path, one in sorted(row["fields"].items())
    )
    record = (
        row["record"]
        if "/entity:" not in row["record"]
        else f"{row['record'].partition('/')[0]} of {row['origin']}"
    )
    return {"record": record, "result": row["result"], "fields": fields, "cause": row["cause"]}
