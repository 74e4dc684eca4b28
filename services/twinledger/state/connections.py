"""State: connections, one OAuth grant of a workspace to a platform each.

Every stored pair raises `generation`, so that a waiter sees that somebody else was faster; who may
store a renewed one is `state/refresh_leases.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import asyncpg

from twinledger.kernel.database import Connection
from twinledger.kernel.errors import PermanentError
from twinledger.state.sealing import Place, Sealer

__all__ = [
    "ConnectionState",
    "OpenGrant",
    "StoredConnection",
    "load_connection",
    "load_connections",
    "open_grant",
    "seal_pair",
    "set_connection_state",
    "store_grant",
]

ConnectionState = Literal["ok", "reconnect_needed", "paused"]


@dataclass(frozen=True, slots=True)
class StoredConnection:
    """One grant without its secrets. `account` holds the vendor's names of the account:
    `account_id`, `business_id` (FreshBooks), `organization_id`, `api_domain`, `accounts_server` (Zoho)."""

    workspace: str
    platform: str
    account: Mapping[str, str]
    scopes: Sequence[str]
    state: ConnectionState
    generation: int
    stored_at: datetime
    expires_at: datetime
    token_calls_closed_until: datetime | None


@dataclass(frozen=True, slots=True)
class OpenGrant:
    """A grant with its secrets in the clear, for the moment of their use."""

    about: StoredConnection
    access: str = field(repr=False)
    refresh: str = field(repr=False)


_COLUMNS = """workspace, platform, account, scopes, state, generation, stored_at, expires_at,
              token_calls_closed_until"""


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
) -> None:
    """Connect or reconnect: replaces the grant of this workspace and platform, ends every pause."""
    try:
        await connection.execute(
            """
            insert into connection
                (workspace, platform, account, scopes, access_token, refresh_token, expires_at)
            values ($1, $2, $3, $4, $5, $6, $7)
            on conflict (workspace, platform) do update set account = excluded.account,
                scopes = excluded.scopes, access_token = excluded.access_token,
                refresh_token = excluded.refresh_token, expires_at = excluded.expires_at,
                stored_at = clock_timestamp(), generation = connection.generation + 1, state = 'ok',
                refresh_until = null, refresh_mark = null, refresh_marked_at = null,
                token_calls_closed_until = null
            """,
            workspace,
            platform,
            dict(account),
            list(scopes),
            *await seal_pair(connection, sealer, workspace, platform, access, refresh),
            expires_at,
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


async def load_connections(connection: Connection, workspace: str) -> list[StoredConnection]:
    """All grants of a workspace."""
    rows = await connection.fetch(
        f"select {_COLUMNS} from connection where workspace = $1 order by platform",  # noqa: S608 - fixed columns
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


async def set_connection_state(
    connection: Connection, workspace: str, platform: str, state: ConnectionState
) -> None:
    """Pause and resume, by a person."""
    await connection.execute(
        "update connection set state = $3 where workspace = $1 and platform = $2", workspace, platform, state
    )


def _place(column: str, platform: str) -> Place:
    return Place("connection", column, platform)
