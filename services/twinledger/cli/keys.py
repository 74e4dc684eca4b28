"""CLI: `twinledger keys`: the keys that secrets are sealed with: looked at, proved, replaced."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from twinledger.cli.failure import CommandError, Exit
from twinledger.cli.output import Form, FormOption, print_record, print_rows, say
from twinledger.cli.place import DirectoryOption, connected, key_file
from twinledger.kernel.database import Connection
from twinledger.state.key_rotation import Verified, key_versions, rewrap, rotate, verify
from twinledger.state.sealing import Sealer, open_key_wrapper
from twinledger.state.workspaces import find_workspace

__all__ = ["app"]

app = typer.Typer(help="Keys of sealed secrets.", no_args_is_help=True)


@app.callback()
def _noun() -> None:
    """Keys of sealed secrets."""


@app.command("list", help="Keys and how many values each seals.\n\nExample: twinledger keys list")
def list_keys(directory: DirectoryOption = Path(".twinledger"), output: FormOption = Form.table) -> None:
    async def rows() -> list[dict[str, Any]]:
        async with _vault(directory) as (connection, sealer):
            keys = await key_versions(connection)
            opened = await _verified(connection, sealer, keys)
            return [{**key, "values": opened[key["workspace"]].sealed.get(key["version"], 0)} for key in keys]

    print_rows(asyncio.run(rows()), output)


@app.command(
    "verify", help="Open every sealed value; exit 1 if one fails.\n\nExample: twinledger keys verify"
)
def verify_keys(directory: DirectoryOption = Path(".twinledger"), output: FormOption = Form.table) -> None:
    async def check() -> dict[str, Verified]:
        async with _vault(directory) as (connection, sealer):
            return await _verified(connection, sealer, await key_versions(connection))

    found = asyncio.run(check())
    rows = [
        {"workspace": workspace, "opened": one.opened, "failed": list(one.failed)}
        for workspace, one in found.items()
    ]
    print_rows(rows, output, ("workspace", "opened", "failed"))
    if any(one.failed for one in found.values()):
        say("try: restore the backup of the table, or twinledger connections authorize PLATFORM")
        raise typer.Exit(Exit.FAILED)


@app.command(
    "rotate",
    help="Replace a workspace's key, or with --outer the key-encryption key.\n\n"
    "Example: twinledger keys rotate --workspace default",
)
def rotate_keys(
    workspace: Annotated[str, typer.Option("--workspace", help="Whose key.")] = "default",
    outer: Annotated[
        bool, typer.Option("--outer", help="The key-encryption key, of all workspaces.")
    ] = False,
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    work = _rotate_outer(directory) if outer else _rotate(workspace, directory)
    print_record(asyncio.run(work), output)


async def _rotate(workspace: str, directory: Path) -> dict[str, Any]:
    async with _vault(directory) as (connection, sealer):
        if await find_workspace(connection, workspace) is None:
            raise CommandError(
                f"no workspace {workspace}", "twinledger admin workspaces list", Exit.NOT_FOUND
            )
        return {"workspace": workspace, "version": await rotate(connection, sealer, workspace)}


async def _rotate_outer(directory: Path) -> dict[str, Any]:
    if key_file(directory).kek_previous_file is None:
        raise CommandError(
            "there is no former key-encryption key to replace",
            "give every stage the new key and TWINLEDGER_KEK_PREVIOUS_FILE, then keys rotate --outer",
            Exit.USAGE,
        )
    async with _vault(directory) as (connection, sealer):
        return {"wrapped": await rewrap(connection, sealer.wrapper)}


async def _verified(
    connection: Connection, sealer: Sealer, keys: list[dict[str, Any]]
) -> dict[str, Verified]:
    workspaces = sorted({key["workspace"] for key in keys})
    return {workspace: await verify(connection, sealer, workspace) for workspace in workspaces}


@asynccontextmanager
async def _vault(directory: Path) -> AsyncIterator[tuple[Connection, Sealer]]:
    """One transaction, and the keys beside it."""
    sealer = Sealer(open_key_wrapper(key_file(directory)))
    async with connected(directory) as connection:
        yield connection, sealer
