"""CLI: `twinledger review`: questions that only a person can answer."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from twinledger.cli.failure import CommandError, Exit
from twinledger.cli.held_deletions import answer_mass_delete
from twinledger.cli.output import Form, FormOption, print_record, print_rows
from twinledger.cli.place import DirectoryOption, WorkspaceOption, connected
from twinledger.kernel.clock import SystemClock
from twinledger.kernel.database import Connection
from twinledger.state.history import close_review
from twinledger.state.tombstones import QUESTION as MASS_DELETE
from twinledger.state.tracing import open_reviews, review_of

__all__ = ["app"]

app = typer.Typer(help="Questions that wait for a person.", no_args_is_help=True)


@app.callback()
def _noun() -> None:
    """Questions that wait for a person."""


@app.command("list", help="Open questions, the oldest first.\n\nExample: twinledger review list --kind match")
def list_reviews(
    kind: Annotated[str | None, typer.Option(help="Only questions of this kind.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    async def read() -> list[dict[str, Any]]:
        async with connected(directory) as connection:
            return await open_reviews(connection, workspace, kind, limit)

    print_rows(asyncio.run(read()), output, ("id", "kind", "subject", "raised_at", "evidence"))


@app.command(help="One question with its evidence.\n\nExample: twinledger review show 7")
def show(
    number: Annotated[int, typer.Argument(metavar="ID")],
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    async def read() -> dict[str, Any] | None:
        async with connected(directory) as connection:
            return await review_of(connection, workspace, number)

    found = asyncio.run(read())
    if found is None:
        raise CommandError(f"no question {number}", "twinledger review list", Exit.NOT_FOUND)
    print_record(found, output)


@app.command(
    help="Answer a question.\n\nA mass deletion: --apply passes it on to the other sides by its policy,"
    " --discard lets go of the records and touches nothing.\n\nExample: twinledger review answer 7 --discard"
)
def answer(
    number: Annotated[int, typer.Argument(metavar="ID")],
    apply: Annotated[bool, typer.Option("--apply/--discard", help="Do it, or drop it.")],
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    async def act() -> dict[str, Any]:
        async with connected(directory) as connection:
            item = await review_of(connection, workspace, number)
            if item is None or item["state"] != "open":
                raise CommandError(f"no open question {number}", "twinledger review list", Exit.NOT_FOUND)
            done = await _answered(connection, workspace, item, apply=apply)
            await close_review(connection, number)
            return {"id": number, "kind": item["kind"], "subject": item["subject"], **done}

    print_record(asyncio.run(act()), output)


async def _answered(
    connection: Connection, workspace: str, item: dict[str, Any], *, apply: bool
) -> dict[str, Any]:
    if item["kind"] != MASS_DELETE:
        raise CommandError(
            f"a question of kind {item['kind']} is answered at the vendors",
            f"twinledger review show {item['id']}",
        )
    count = await answer_mass_delete(connection, workspace, item["subject"], apply=apply, clock=SystemClock())
    return {"released" if apply else "discarded": count}
