"""CLI: `twinledger audit show`: where each value of a record comes from."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from twinledger.cli.failure import CommandError, Exit
from twinledger.cli.output import Form, FormOption, print_record, print_rows
from twinledger.cli.place import DirectoryOption, WorkspaceOption, connected
from twinledger.state.records import ExternalKey
from twinledger.state.tracing import Trace, trace

__all__ = ["app"]

app = typer.Typer(help="The trail: who set which value, and why.", no_args_is_help=True)
_NEWEST = 20
_VALUES = ("field", "value", "set_by", "edited_at", "cause")
_RECORDS = ("record", "status", "role", "linked_at", "read_at")
_CONFLICTS = ("found_at", "field", "policy", "winner", "loser")
_WRITES = ("planned_at", "object", "op", "state", "patch", "plan", "error")


@app.callback()
def _noun() -> None:
    """The trail: who set which value, and why."""


@app.command(
    help="One record: what it is linked to, each value with its origin, conflicts, the newest writes.\n\n"
    "Example: twinledger audit show freshbooks.client/24018"
)
def show(
    record: Annotated[str, typer.Argument(metavar="OBJECT/ID")],
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    object_name, slash, external_id = record.partition("/")
    if not slash or "." not in object_name:
        raise CommandError(
            f"{record!r} names no record", "twinledger audit show freshbooks.client/24018", Exit.USAGE
        )
    found = asyncio.run(_trace(workspace, ExternalKey(object_name, external_id), directory))
    if found is None:
        raise CommandError(
            f"{record} is linked to nothing in workspace {workspace}", "twinledger dlq list", Exit.NOT_FOUND
        )
    _print(found, output)


async def _trace(workspace: str, key: ExternalKey, directory: Path) -> Trace | None:
    async with connected(directory) as connection:
        return await trace(connection, workspace, key, newest=_NEWEST)


def _print(found: Trace, output: Form) -> None:
    if output is not Form.table:
        print_record(asdict(found), output)
        return
    print_record({"entity": found.entity, "type": found.type, "version": found.version}, output)
    sections = (
        ("records", found.records, _RECORDS),
        ("values", found.values, _VALUES),
        ("conflicts", found.conflicts, _CONFLICTS),
        ("writes", found.writes, _WRITES),
    )
    for title, rows, columns in sections:
        if rows:
            typer.echo(f"\n{title}")
            print_rows(rows, output, columns)
