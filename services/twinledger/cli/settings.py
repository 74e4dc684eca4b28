"""CLI: `twinledger admin settings`: what a workspace has chosen for its rules and flows."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from twinledger.cli.failure import CommandError, Exit
from twinledger.cli.output import Form, FormOption, print_record, say
from twinledger.cli.place import DirectoryOption, WorkspaceOption, connected
from twinledger.mapping.definitions import Definitions, load_shipped
from twinledger.mapping.errors import ValueFault
from twinledger.mapping.settings import chosen
from twinledger.state.workspaces import find_workspace, load_settings, save_settings

__all__ = ["app"]

app = typer.Typer(help="What a workspace has chosen for its rules and flows.", no_args_is_help=True)
_SHOW = "twinledger admin settings show"


@app.callback()
def _noun() -> None:
    """What a workspace has chosen for its rules and flows."""


@app.command(help=f"All that was chosen.\n\nExample: {_SHOW} --workspace harbor")
def show(
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    async def read() -> Mapping[str, Any]:
        async with connected(directory) as connection:
            return await load_settings(connection, workspace)

    print_record(asyncio.run(read()), output)


@app.command(
    "set",
    help="Choose: since DATE, invoice_state draft|sent, invoice_effects email, base_currency CODE, "
    "flows.NAME on|off; rows of the account table: accounts.payment_mode.PayPal WORD, "
    "accounts.deposit_account.default ID|ask.\n\n"
    "Example: twinledger admin settings set since 2026-01-01",
)
def choose(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    value: Annotated[str, typer.Argument(metavar="VALUE")],
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    print_record(asyncio.run(_choose(name, value, workspace, directory)), output)
    if name.startswith("flows."):
        say("another flow may need more scopes\ntry: twinledger connections scopes --diff")


async def _choose(name: str, value: str, workspace: str, directory: Path) -> Mapping[str, Any]:
    definitions = load_shipped()
    async with connected(directory) as connection:
        if await find_workspace(connection, workspace) is None:
            raise CommandError(
                f"no workspace {workspace}", "twinledger admin workspaces list", Exit.NOT_FOUND
            )
        before = await load_settings(connection, workspace)
        tables = {table.field for rule in definitions.sync_rules.values() for table in rule.accounts}
        try:
            after = chosen(before, name, value, [flow.name for flow in definitions.flows], tables)
        except ValueFault as fault:
            raise CommandError(
                str(fault), f"{_SHOW}, twinledger admin settings set --help", Exit.USAGE
            ) from fault
        await save_settings(connection, workspace, after, _types(definitions))
    return after


def _types(definitions: Definitions) -> set[str]:
    """Entities whose writes and derivations depend on settings."""
    rules = definitions.sync_rules.values()
    dated = {rule.entity for rule in rules if rule.dated_by is not None or rule.accounts}
    return dated | {flow.on_entity for flow in definitions.flows}
