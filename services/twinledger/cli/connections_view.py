"""CLI: what is shown of connections, and the test call behind `twinledger connections test`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any

from twinledger.cli.failure import CommandError, Exit
from twinledger.cli.installation import Installation
from twinledger.connectors import registry
from twinledger.connectors.wanted import wanted_operations, wanted_scopes
from twinledger.kernel.database import transaction
from twinledger.kernel.errors import TransientError
from twinledger.mapping.definitions import load_shipped
from twinledger.state.budgets import BudgetPermit
from twinledger.state.connections import StoredConnection, load_connection, load_connections
from twinledger.state.workspaces import load_settings

__all__ = ["Platform", "found", "optional_systems", "summary", "try_out", "wanted_now", "whole"]


_PLATFORMS = sorted({info.platform for info in registry.infos().values()})
Platform = StrEnum("Platform", {name: name for name in _PLATFORMS})  # type: ignore[misc]
"""One grant each; the Zoho products share theirs."""


async def wanted_now(
    place: Installation, workspace: str, platform: str, systems: Collection[str] | None = None
) -> Mapping[str, Sequence[str]]:
    """Scope -> what asks for it, by the sync rules and flows that the workspace has enabled. `systems`: the
    optional ones, else those that are connected."""
    async with transaction(place.opener.pool) as connection:
        chosen = await load_settings(connection, workspace)
        if systems is None:
            stored = await load_connections(connection, workspace)
            systems = {system for one in stored for system in one.systems}
    infos = registry.infos()
    definitions = load_shipped().without(registry.absent(systems))
    return wanted_scopes(platform, wanted_operations(definitions, infos, chosen), infos)


def optional_systems(platform: str) -> list[str]:
    """Those of the platform that a connection has to name."""
    infos = registry.infos().items()
    return [system for system, info in infos if info.platform == platform and info.optional]


def _systems(one: StoredConnection) -> list[str]:
    infos = registry.infos().items()
    absent = registry.absent(one.systems)
    return [system for system, info in infos if info.platform == one.platform and system not in absent]


async def found(place: Installation, workspace: str, platform: str) -> StoredConnection:
    """The connection, or the command ends."""
    async with transaction(place.opener.pool) as connection:
        one = await load_connection(connection, workspace, platform)
    if one is None:
        raise CommandError(
            f"{platform} is not connected in workspace {workspace}",
            f"twinledger connections add {platform} --workspace {workspace}",
            Exit.NOT_FOUND,
        )
    return one


async def summary(place: Installation, one: StoredConnection) -> dict[str, Any]:
    """A line of the list."""
    missing = await _missing(place, one)
    return {
        "workspace": one.workspace,
        "platform": one.platform,
        "company": one.account.get("name", ""),
        "state": one.state,
        "systems": ", ".join(_systems(one)),
        "scopes": f"{len(missing)} missing" if missing else "complete",
        "expires_at": one.expires_at,
        "id": one.id,
    }


async def whole(place: Installation, workspace: str, platform: str) -> dict[str, Any]:
    """Everything but the secrets."""
    one = await found(place, workspace, platform)
    application = await place.opener.application(workspace, platform)
    return {
        **await summary(place, one),
        "account": dict(one.account),
        "client_id": application.client_id,
        "connected_at": one.connected_at,
        "refreshed_at": one.stored_at,
        "granted": list(one.scopes),
        "missing": await _missing(place, one),
    }


async def try_out(place: Installation, workspace: str, platform: str) -> dict[str, Any]:
    """One paid call that reads the organization with the stored grant."""
    one, opener = await found(place, workspace, platform), place.opener
    application = await opener.application(workspace, platform)
    auth, tokens = opener.auth(platform, application), opener.tokens(workspace, platform, application)
    permit = BudgetPermit(opener.pool, workspace, auth.accounts_group, "live", opener.clock)
    access = await tokens.token()
    paid = await permit.acquire()
    try:
        accounts = await auth.accounts(access)
    except TransientError as error:
        if error.error_class != "auth_expired":
            raise
        accounts = await auth.accounts(await tokens.renewed(access))
    finally:
        await permit.answered(paid)
        await tokens.aclose()
    here = [row for row in accounts if row.items() & one.account.items() >= _identity(one)]
    if not here:
        raise CommandError(
            "the grant does not open the connected account any more",
            f"twinledger connections authorize {platform} --workspace {workspace}",
            Exit.NOT_ALLOWED,
        )
    fresh = await found(place, workspace, platform)
    return {
        "company": here[0].get("name", ""),
        "state": fresh.state,
        "granted": list(fresh.scopes),
        "missing": await _missing(place, fresh),
        "expires_at": fresh.expires_at,
    }


def _identity(one: StoredConnection) -> set[tuple[str, str]]:
    return {(name, one.account[name]) for name in ("account_id", "organization_id") if name in one.account}


async def _missing(place: Installation, one: StoredConnection) -> list[str]:
    """A grant whose answer named no scopes has all that were asked for."""
    wanted = await wanted_now(place, one.workspace, one.platform)
    return sorted({*wanted} - {*one.scopes}) if one.scopes else []
