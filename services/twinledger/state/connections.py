"""State: connections, one OAuth grant of a workspace to a platform each.

Every stored pair raises `generation`, so that a waiter sees that somebody else was faster; who may
store a renewed one is `state/refresh_leases.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

import asyncpg

from twinledger.kernel.database import Connection
from twinledger.kernel.errors import PermanentError
from twinledger.state.sealing import Place, Sealer

__all__ = [
    "ConnectionState",
    "OpenGrant",
    "Served",
    "StoredConnection",
    "forget_addresses",
    "load_connection",
    "load_connections",
    "open_application",
    "open_grant",
    "remove_connection",
    "seal_pair",
    "served_connections",
    "set_connection_state",
    "store_grant",
]

ConnectionState = Literal["ok", "reconnect_needed", "paused"]


@dataclass(frozen=True, slots=True)
class StoredConnection:
    """One grant without its secrets. `account` holds the vendor's names of the account:
    `account_id`, `business_id` (FreshBooks), `organization_id`, `api_domain`, `accounts_server` (Zoho).
    `systems`: those of the platform that not every workspace has. `id` stays through every reconnect;
    `connected_at` is the newest consent."""

    id: UUID
    workspace: str
    platform: str
    account: Mapping[str, str]
    scopes: Sequence[str]
    state: ConnectionState
    generation: int
    connected_at: datetime
    stored_at: datetime
    expires_at: datetime
    token_calls_closed_until: datetime | None
    systems: Sequence[str]


@dataclass(frozen=True, slots=True)
class OpenGrant:
    """A grant with its secrets in the clear, for the moment of their use."""

    about: StoredConnection
    access: str = field(repr=False)
    refresh: str = field(repr=False)


class Served(NamedTuple):
    """A connection that work can be done over, for as long as nobody consents again."""

    platform: str
    connected_at: datetime


_COLUMNS = """id, workspace, platform, account, scopes, state, generation, connected_at, stored_at,
              expires_at, token_calls_closed_until, systems"""


async def store_grant(
    connection: Connection,
    sealer: Sealer,
    *,
    workspace: str,
    platform: str,
    account: Mapping[str, str],
    access: str,
    refresh: str,
    expires_at: datetime,
    scopes: Sequence[str] = (),
    application: str | None = None,
    state: ConnectionState = "ok",
    systems: Sequence[str] = (),
) -> None:
    """Connect or reconnect: replaces the grant of this workspace and platform, ends every pause. A
    reconnect keeps the connection's id and, unless another is given, its application."""
    try:
        await connection.execute(
            """
            insert into connection
                (workspace, platform, account, scopes, access_token, refresh_token, expires_at,
                 application, state, systems)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            on conflict (workspace, platform) do update set account = excluded.account,
                scopes = excluded.scopes, access_token = excluded.access_token,
                refresh_token = excluded.refresh_token, expires_at = excluded.expires_at,
                application = coalesce(excluded.application, connection.application),
                systems = excluded.systems,
                connected_at = clock_timestamp(), stored_at = clock_timestamp(),
                generation = connection.generation + 1, state = excluded.state, refresh_until = null,
                refresh_mark = null, refresh_marked_at = null, token_calls_closed_until = null
            """,
            workspace,
            platform,
            dict(account),
            list(scopes),
            *await seal_pair(connection, sealer, workspace, platform, access, refresh),
            expires_at,
            await _sealed_application(connection, sealer, workspace, platform, application),
            state,
            list(systems),
        )
    except asyncpg.UniqueViolationError as exc:
        raise PermanentError(
            "this vendor account belongs to another workspace", error_class="conflict"
        ) from exc


async def load_connection(connection: Connection, workspace: str, platform: str) -> StoredConnection | None:
    """The grant, None before the first connect."""
    row = await connection.fetchrow(
        f"select {_COLUMNS} from connection where workspace = $1 and platform = $2",  # noqa: S608 - fixed columns
        workspace,
        platform,
    )
    return StoredConnection(**dict(row)) if row is not None else None


async def load_connections(connection: Connection, workspace: str | None = None) -> list[StoredConnection]:
    """All grants of a workspace, or of all workspaces."""
    rows = await connection.fetch(
        f"""select {_COLUMNS} from connection
             where $1::text is null or workspace = $1 order by workspace, platform""",  # noqa: S608 - fixed columns
        workspace,
    )
    return [StoredConnection(**dict(row)) for row in rows]


async def seal_pair(
    connection: Connection, sealer: Sealer, workspace: str, platform: str, access: str, refresh: str
) -> tuple[bytes, bytes]:
    """Both tokens, sealed for their columns."""
    return (
        await sealer.seal(connection, workspace, _place("access_token", platform), access),
        await sealer.seal(connection, workspace, _place("refresh_token", platform), refresh),
    )


async def open_grant(
    connection: Connection, sealer: Sealer, workspace: str, platform: str
) -> OpenGrant | None:
    """The grant with its tokens, None before the first connect."""
    row = await connection.fetchrow(
        f"""select {_COLUMNS}, access_token, refresh_token
              from connection where workspace = $1 and platform = $2""",  # noqa: S608 - fixed columns
        workspace,
        platform,
    )
    if row is None:
        return None
    values = dict(row)
    access, refresh = values.pop("access_token"), values.pop("refresh_token")
    return OpenGrant(
        StoredConnection(**values),
        await sealer.open(connection, workspace, _place("access_token", platform), access),
        await sealer.open(connection, workspace, _place("refresh_token", platform), refresh),
    )


async def open_application(
    connection: Connection, sealer: Sealer, workspace: str, platform: str
) -> str | None:
    """Our application at the vendor as it was stored with the grant."""
    sealed = await connection.fetchval(
        "select application from connection where workspace = $1 and platform = $2", workspace, platform
    )
    if sealed is None:
        return None
    return await sealer.open(connection, workspace, _place("application", platform), sealed)


async def served_connections(connection: Connection) -> dict[str, dict[str, Served | None]]:
    """Workspace -> platform -> the connection, None where it is there and cannot be worked over now: paused
    by a person, or without a grant and with its last access token at its end."""
    rows = await connection.fetch(
        """select w.id, c.platform, c.connected_at,
                  c.state = 'ok' or (c.state = 'reconnect_needed' and c.expires_at > clock_timestamp())
                  as usable
             from workspace w left join connection c on c.workspace = w.id"""
    )
    found: dict[str, dict[str, Served | None]] = {row["id"]: {} for row in rows}
    for row in rows:
        if row["platform"] is not None:
            served = Served(row["platform"], row["connected_at"]) if row["usable"] else None
            found[row["id"]][row["platform"]] = served
    return found


async def set_connection_state(
    connection: Connection, workspace: str, platform: str, state: ConnectionState
) -> None:
    """Pause and resume, by a person."""
    await connection.execute(
        "update connection set state = $3 where workspace = $1 and platform = $2", workspace, platform, state
    )


async def remove_connection(
    connection: Connection, workspace: str, platform: str, systems: Sequence[str]
) -> bool:
    """Forget the grant and the addresses that vendors deliver to; records and their links stay."""
    await forget_addresses(connection, workspace, systems)
    tag = await connection.execute(
        "delete from connection where workspace = $1 and platform = $2", workspace, platform
    )
    return bool(tag == "DELETE 1")


async def forget_addresses(connection: Connection, workspace: str, systems: Sequence[str]) -> None:
    """Vendors may go on delivering to them, and are told that nobody is there."""
    await connection.execute(
        "delete from subscription where workspace = $1 and system = any($2::text[])", workspace, systems
    )


async def _sealed_application(
    connection: Connection, sealer: Sealer, workspace: str, platform: str, application: str | None
) -> bytes | None:
    if application is None:
        return None
    return await sealer.seal(connection, workspace, _place("application", platform), application)


def _place(column: str, platform: str) -> Place:
    return Place("connection", column, platform)
