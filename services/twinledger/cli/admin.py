"""CLI: `twinledger admin`: workspaces of this installation."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Annotated, Any

import typer

from twinledger.cli import settings
from twinledger.cli.failure import CommandError, Exit
from twinledger.cli.output import Form, FormOption, print_record, print_rows, say
from twinledger.cli.place import DirectoryOption, connected
from twinledger.state.workspaces import ensure_workspace, find_workspace, list_workspaces

__all__ = ["app"]

app = typer.Typer(help="The installation.", no_args_is_help=True)
workspaces = typer.Typer(help="Integration pairs of this installation.", no_args_is_help=True)
app.add_typer(workspaces, name="workspaces")
app.add_typer(settings.app, name="settings")
_SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")


@app.callback()
def _noun() -> None:
    """The installation."""


@workspaces.command("list", help="All workspaces.\n\nExample: twinledger admin workspaces list")
def list_all(directory: DirectoryOption = Path(".twinledger"), output: FormOption = Form.table) -> None:
    async def rows() -> list[dict[str, Any]]:
        async with connected(directory) as connection:
            return await list_workspaces(connection)

    print_rows(asyncio.run(rows()), output, ("workspace", "connections", "opened_at", "created_at"))


@workspaces.command(
    help="Make a workspace; the running stages serve it as soon as it is connected.\n\n"
    "Example: twinledger admin workspaces add harbor"
)
def add(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    if not _SLUG.fullmatch(name):
        raise CommandError(
            f"{name!r} is no name for a workspace: small letters, digits and dashes, at most 40",
            "twinledger admin workspaces add harbor",
            Exit.USAGE,
        )
    asyncio.run(_add(name, directory))
    print_record({"workspace": name}, output)
    say(f"try: twinledger connections add freshbooks --workspace {name}")


async def _add(name: str, directory: Path) -> None:
    async with connected(directory) as connection:
        if await find_workspace(connection, name) is not None:
            raise CommandError(f"workspace {name} exists", "twinledger admin workspaces list")
        await ensure_workspace(connection, name)
