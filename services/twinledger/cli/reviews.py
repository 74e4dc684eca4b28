"""CLI: `twinledger review`: questions that only a person can answer."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from twinledger.cli.answers import LARGEST_ID, answer
from twinledger.cli.failure import CommandError, Exit
from twinledger.cli.output import Form, FormOption, print_record, print_rows
from twinledger.cli.place import DirectoryOption, WorkspaceOption, connected
from twinledger.state.tracing import open_reviews, review_of

__all__ = ["app"]

app = typer.Typer(help="Questions that wait for a person.", no_args_is_help=True)
app.command(help="Answer a question.\n\nExample: twinledger review answer 7 --choose freshbooks.client")(
    answer
)


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
    number: Annotated[int, typer.Argument(metavar="ID", min=1, max=LARGEST_ID)],
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
