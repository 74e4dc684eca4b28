"""CLI: `twinledger connections`: which vendor accounts a workspace is connected to, and in what state."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from twinledger.cli import connections_add
from twinledger.cli.connections_view import Platform, found, summary, try_out, wanted_now, whole
from twinledger.cli.failure import CommandError, Exit
from twinledger.cli.installation import installation
from twinledger.cli.output import Form, FormOption, print_record, print_rows, say
from twinledger.cli.place import DirectoryOption, WorkspaceOption
from twinledger.connectors import registry
from twinledger.kernel.database import transaction
from twinledger.state.connections import (
    ConnectionState,
    load_connections,
    remove_connection,
    set_connection_state,
)

__all__ = ["app"]

app = typer.Typer(help="Connected accounts.", no_args_is_help=True)
connections_add.register(app)
_PlatformArgument = Annotated[Platform, typer.Argument()]
_EveryOption = Annotated[str, typer.Option("--workspace", help="Only of this one.")]


@app.callback()
def _noun() -> None:
    """Connected accounts."""


@app.command("list", help="All connections.\n\nExample: twinledger connections list")
def list_connections(
    workspace: _EveryOption = "",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    async def rows() -> list[dict[str, Any]]:
        async with installation(directory) as place:
            async with transaction(place.opener.pool) as connection:
                stored = await load_connections(connection, workspace or None)
            return [await summary(place, one) for one in stored]

    print_rows(asyncio.run(rows()), output)


@app.command(help="One connection, without its secrets.\n\nExample: twinledger connections show zoho")
def show(
    platform: _PlatformArgument,
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    async def read() -> dict[str, Any]:
        async with installation(directory) as place:
            return await whole(place, workspace, platform)

    print_record(asyncio.run(read()), output)


@app.command(help="Read the organization with the stored grant.\n\nExample: twinledger connections test zoho")
def test(
    platform: _PlatformArgument,
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    async def call() -> dict[str, Any]:
        async with installation(directory) as place:
            return await try_out(place, workspace, platform)

    print_record(asyncio.run(call()), output)


@app.command(
    help="Scopes that the enabled sync rules and flows need; exit 1 where the grant lacks one.\n\n"
    "Example: twinledger connections scopes zoho --diff"
)
def scopes(
    platform: _PlatformArgument,
    diff: Annotated[bool, typer.Option("--diff", help="Only what is missing or too much.")] = False,
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    async def look() -> tuple[Mapping[str, Sequence[str]], set[str]]:
        async with installation(directory) as place:
            wanted = await wanted_now(place, workspace, platform)
            return wanted, {*(await found(place, workspace, platform)).scopes}

    wanted, held = asyncio.run(look())
    rows = [
        {
            "scope": scope,
            "wanted": scope in wanted,
            "granted": scope in held,
            "by": ", ".join(wanted.get(scope, ())),
        }
        for scope in sorted({*wanted, *held})
    ]
    shown = [row for row in rows if not diff or row["wanted"] != row["granted"]]
    print_rows(shown, output, ("scope", "wanted", "granted", "by"))
    if not {*wanted} <= held:
        say(f"try: twinledger connections authorize {platform} --workspace {workspace}")
        raise typer.Exit(Exit.FAILED)


@app.command(
    help="Neither read nor write over it until resumed.\n\nExample: twinledger connections pause freshbooks"
)
def pause(
    platform: _PlatformArgument,
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    print_record(asyncio.run(_set(platform, workspace, directory, "paused")), output)


@app.command(help="Work over it again.\n\nExample: twinledger connections resume freshbooks")
def resume(
    platform: _PlatformArgument,
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    print_record(asyncio.run(_set(platform, workspace, directory, "ok")), output)


@app.command(
    help="Forget the grant; records and their links stay.\n\nExample: twinledger connections remove zoho"
)
def remove(
    platform: _PlatformArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for the name.")] = False,
    no_input: Annotated[bool, typer.Option("--no-input", help="Never ask.")] = False,
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
) -> None:
    name = f"{workspace}/{platform}"
    if not yes:
        if no_input:
            raise CommandError("removing a connection must be confirmed", "the same with --yes", Exit.USAGE)
        if typer.prompt(f"type {name} to remove the connection", err=True) != name:
            raise CommandError("the name does not match: nothing was removed", f"type {name}")
    asyncio.run(_remove(platform, workspace, directory))
    say(f"removed {name}; end the access in the vendor's own page of connected applications, too")


async def _set(platform: Platform, workspace: str, directory: Path, state: ConnectionState) -> dict[str, Any]:
    async with installation(directory) as place:
        before = await found(place, workspace, platform)
        if before.state == "reconnect_needed":
            raise CommandError(
                f"the grant of {platform} is gone",
                f"twinledger connections authorize {platform} --workspace {workspace}",
                Exit.NOT_ALLOWED,
            )
        async with transaction(place.opener.pool) as connection:
            await set_connection_state(connection, workspace, platform, state)
        return await summary(place, await found(place, workspace, platform))


async def _remove(platform: Platform, workspace: str, directory: Path) -> None:
    systems = [system for system, info in registry.infos().items() if info.platform == platform]
    async with installation(directory) as place:
        await found(place, workspace, platform)
        async with transaction(place.opener.pool) as connection:
            await remove_connection(connection, workspace, platform, systems)
