"""CLI: `twinledger connections add` and `authorize`: a person's consent becomes a stored grant."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from twinledger.cli.connections_application import GivenApplication, application, sandbox_urls
from twinledger.cli.connections_consent import by_browser, by_paste, can_listen
from twinledger.cli.connections_view import Platform, optional_systems, wanted_now, whole
from twinledger.cli.dev.consent import consent
from twinledger.cli.failure import CommandError, Exit
from twinledger.cli.installation import Installation, installation
from twinledger.cli.output import Form, FormOption, print_record, say
from twinledger.cli.place import DirectoryOption, WorkspaceOption
from twinledger.connectors import registry
from twinledger.connectors.connecting import ConnectRefused, Handshake, Reason, choose_account, set_up, store
from twinledger.connectors.opening import PlatformSettings
from twinledger.kernel.database import transaction
from twinledger.state.connections import StoredConnection, load_connection
from twinledger.state.workspaces import find_workspace

__all__ = ["register"]

_SandboxOption = Annotated[bool, typer.Option("--sandbox", help="Connect to the simulated vendor.")]
_UrlsOption = Annotated[Path | None, typer.Option("--urls", help="Of another sandbox than the stack's.")]
_PasteOption = Annotated[bool, typer.Option("--paste", help="Do not listen: paste the redirected address.")]
_AccountOption = Annotated[str, typer.Option("--account", help="Which one, where the grant opens several.")]
_ClientOption = Annotated[str, typer.Option("--client-id", help="Our application at the vendor.")]
_SecretOption = Annotated[Path | None, typer.Option("--client-secret-file", help="Holds its secret.")]
_RedirectOption = Annotated[str, typer.Option("--redirect-uri", help="As registered at the vendor.")]
_CentreOption = Annotated[str, typer.Option("--data-centre", help="Zoho: where consent starts (eu, in, cn).")]
_WithOption = Annotated[
    list[str] | None, typer.Option("--with", help="A system not every workspace has: zoho_inventory.")
]
_WithoutOption = Annotated[
    list[str] | None, typer.Option("--without", help="No longer over this connection.")
]
_NoInputOption = Annotated[bool, typer.Option("--no-input", help="Never ask.")]

_NEXT: Mapping[Reason, str] = {
    "no_code": "{again} --paste, and paste the whole address",
    "denied": "{again}, and allow the access",
    "state_mismatch": "{again}, and answer the page that it opens",
    "expired": "{again}, and answer within ten minutes",
    "used": "{again}",
    "wrong_data_centre": "{again} --data-centre NAME (us, eu, in, au, jp, ca, sa, cn)",
    "client_refused": "{again} --client-id ID --client-secret-file FILE",
    "code_refused": "{again}, with the redirect address that is registered at the vendor",
    "missing_scope": "allow all that is asked for: {again}",
    "no_account": "{again} as a user of that account",
    "which_account": "{again} --account ID",
    "other_account": "{again} as a user of that account; another one needs a workspace of its own",
    "not_shared": "{again} --without NAME: what happens there is found through the other product alone",
    "taken": "twinledger connections list: one vendor account feeds one workspace",
}


@dataclass(frozen=True, slots=True)
class _Wish:
    verb: str
    platform: str
    workspace: str
    account: str
    sandbox: Mapping[str, Any] | None
    paste: bool
    given: GivenApplication
    more: Sequence[str] = ()
    less: Sequence[str] = ()


def register(app: typer.Typer) -> None:
    app.command(
        "add", help="Connect an account.\n\nExample: twinledger connections add freshbooks --sandbox"
    )(add)
    app.command(
        "authorize",
        help="Consent again: new scopes, a lost grant. The connection stays the same one.\n\n"
        "Example: twinledger connections authorize zoho --paste",
    )(authorize)


def add(
    platform: Annotated[Platform, typer.Argument()],
    sandbox: _SandboxOption = False,
    urls: _UrlsOption = None,
    paste: _PasteOption = False,
    account: _AccountOption = "",
    client_id: _ClientOption = "",
    client_secret_file: _SecretOption = None,
    redirect_uri: _RedirectOption = "",
    data_centre: _CentreOption = "",
    more: _WithOption = None,
    no_input: _NoInputOption = False,
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    given = GivenApplication(client_id, client_secret_file, redirect_uri, data_centre, not no_input)
    told = sandbox_urls(urls, directory) if sandbox or urls is not None else None
    wish = _Wish("add", platform, workspace, account, told, paste, given, more or ())
    print_record(asyncio.run(_connect(wish, directory)), output)


def authorize(
    platform: Annotated[Platform, typer.Argument()],
    sandbox: _SandboxOption = False,
    urls: _UrlsOption = None,
    paste: _PasteOption = False,
    client_id: _ClientOption = "",
    client_secret_file: _SecretOption = None,
    redirect_uri: _RedirectOption = "",
    data_centre: _CentreOption = "",
    more: _WithOption = None,
    less: _WithoutOption = None,
    no_input: _NoInputOption = False,
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    given = GivenApplication(client_id, client_secret_file, redirect_uri, data_centre, not no_input)
    told = sandbox_urls(urls, directory) if sandbox or urls is not None else None
    wish = _Wish("authorize", platform, workspace, "", told, paste, given, more or (), less or ())
    print_record(asyncio.run(_connect(wish, directory)), output)


async def _connect(wish: _Wish, directory: Path) -> dict[str, Any]:
    async with installation(directory) as place:
        before = await _before(place, wish)
        known = await place.opener.application(wish.workspace, wish.platform)
        ours = application(wish.platform, wish.given, known, wish.sandbox)
        try:
            notes = await _handshake(place, wish, ours, before)
        except ConnectRefused as refused:
            again = f"twinledger connections {wish.verb} {wish.platform} --workspace {wish.workspace}"
            raise CommandError(
                str(refused), _NEXT[refused.reason].format(again=again), Exit.NOT_ALLOWED
            ) from refused
        for note in notes:
            say(f"to do at the vendor: {note}")
        return await whole(place, wish.workspace, wish.platform)


def _systems(wish: _Wish, before: StoredConnection | None) -> list[str]:
    """Optional systems of the connection: what it had, and what was asked; all where there are no others."""
    optional = optional_systems(wish.platform)
    for name in (*wish.more, *wish.less):
        if name not in optional:
            raise CommandError(
                f"{name!r} is no system to choose over {wish.platform}",
                f"one of: {', '.join(optional) or 'none'}",
                Exit.USAGE,
            )
    others = [
        info for info in registry.infos().values() if info.platform == wish.platform and not info.optional
    ]
    held = optional if not others else before.systems if before is not None else ()
    return sorted({*held, *wish.more} - {*wish.less})


async def _handshake(
    place: Installation, wish: _Wish, ours: PlatformSettings, before: StoredConnection | None
) -> list[str]:
    opener = place.opener
    auth = opener.auth(wish.platform, ours)
    systems = _systems(wish, before)
    scopes = list(await wanted_now(place, wish.workspace, wish.platform, systems))
    handshake = Handshake(auth, scopes, opener.clock)
    grant = await handshake.finish(await _redirected(place, wish, ours, handshake))
    account = await choose_account(auth, grant, wish.account or _account_id(before))
    await store(opener, wish.workspace, wish.platform, ours, grant, account, systems)
    return await set_up(opener, wish.workspace, wish.platform)


def _account_id(before: StoredConnection | None) -> str:
    """A reconnect is for the same account."""
    account = before.account if before is not None else {}
    return account.get("account_id") or account.get("organization_id", "")


async def _redirected(place: Installation, wish: _Wish, ours: PlatformSettings, handshake: Handshake) -> str:
    if wish.paste:
        return await by_paste(handshake)
    if wish.sandbox is not None:
        centre = {"location": wish.given.data_centre} if wish.given.data_centre else {}
        return await consent(place.opener.http, handshake.address, centre)
    if can_listen(ours.redirect_uri):
        return await by_browser(handshake, ours.redirect_uri)
    return await by_paste(handshake)


async def _before(place: Installation, wish: _Wish) -> StoredConnection | None:
    async with transaction(place.opener.pool) as connection:
        if await find_workspace(connection, wish.workspace) is None:
            raise CommandError(
                f"no workspace {wish.workspace}",
                f"twinledger admin workspaces add {wish.workspace}",
                Exit.NOT_FOUND,
            )
        before = await load_connection(connection, wish.workspace, wish.platform)
    if before is not None and wish.verb == "add":
        raise CommandError(
            f"{wish.platform} is connected already in workspace {wish.workspace}",
            f"twinledger connections authorize {wish.platform} --workspace {wish.workspace}",
        )
    if before is None and wish.verb == "authorize":
        raise CommandError(
            f"{wish.platform} is not connected in workspace {wish.workspace}",
            f"twinledger connections add {wish.platform} --workspace {wish.workspace}",
            Exit.NOT_FOUND,
        )
    return before
