"""State: who may refresh a connection's tokens: one process at a time, and never the same answer twice.

Lease, token slot and start mark are one commit before the call, in database time; the mark goes with
the commit that stores the answer. A mark left over says that an answer was lost on its way. The refresh
itself is `connectors/base/stored_tokens.py`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from twinledger.kernel.database import Connection
from twinledger.state.connections import OpenGrant, seal_pair
from twinledger.state.sealing import Sealer

__all__ = [
    "LEASE_S",
    "Lease",
    "clear_mark",
    "close_token_calls",
    "mark_reconnect_needed",
    "store_renewed",
    "take_refresh_lease",
]

LEASE_S = 15.0
_TOKEN_WINDOW_S = 600.0


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to refresh. `trial`: an earlier refresh with the same token left no result."""

    trial: bool


async def take_refresh_lease(connection: Connection, grant: OpenGrant, *, token_limit: int) -> Lease | None:
    """Lease, token slot and start mark in one commit; None when another holds it, the pair is no
    longer the stored one, or the vendor's limit of token calls is reached."""
    row = await connection.fetchrow(
        """
        update connection c
           set refresh_until = clock_timestamp() + make_interval(secs => $5),
               refresh_mark = $4, refresh_marked_at = clock_timestamp(),
               token_calls = recent.calls || clock_timestamp()
          from (select coalesce(array_agg(at), '{}') as calls, old.refresh_mark as mark
                  from connection old
                  left join lateral unnest(old.token_calls) as at
                         on at > clock_timestamp() - make_interval(secs => $6)
                 where old.workspace = $1 and old.platform = $2
                 group by old.refresh_mark) recent
         where c.workspace = $1 and c.platform = $2 and c.generation = $3 and c.state = 'ok'
           and (c.refresh_until is null or c.refresh_until < clock_timestamp())
           and (c.token_calls_closed_until is null or c.token_calls_closed_until < clock_timestamp())
           and cardinality(recent.calls) < $7
        returning recent.mark
        """,
        *_row(grant),
        _fingerprint(grant.refresh),
        LEASE_S,
        _TOKEN_WINDOW_S,
        token_limit,
    )
    return None if row is None else Lease(trial=row["mark"] == _fingerprint(grant.refresh))


async def store_renewed(
    connection: Connection,
    sealer: Sealer,
    replaces: OpenGrant,
    *,
    access: str,
    refresh: str,
    expires_at: datetime,
    api_domain: str = "",
) -> bool:
    """Commit the new pair before its first use; False when a newer pair is already there.

    Also ends `reconnect_needed`: a sibling's trial may have failed while this answer was on its way.
    """
    tag = await connection.execute(
        """
        update connection
           set access_token = $4, refresh_token = $5, expires_at = $6, stored_at = clock_timestamp(),
               generation = generation + 1, refresh_until = null,
               refresh_mark = null, refresh_marked_at = null,
               state = case when state = 'reconnect_needed' then 'ok' else state end,
               account = case when $7 = '' then account
                              else account || jsonb_build_object('api_domain', $7::text) end
         where workspace = $1 and platform = $2 and generation = $3
        """,
        *_row(replaces),
        *await seal_pair(
            connection, sealer, replaces.about.workspace, replaces.about.platform, access, refresh
        ),
        expires_at,
        api_domain,
    )
    return tag == "UPDATE 1"


async def clear_mark(connection: Connection, grant: OpenGrant) -> None:
    """The refresh certainly never left: as if it had not been started."""
    await connection.execute(
        """update connection set refresh_until = null, refresh_mark = null,
                  refresh_marked_at = null, token_calls = token_calls[1 : cardinality(token_calls) - 1]
            where workspace = $1 and platform = $2 and generation = $3""",
        *_row(grant),
    )


async def close_token_calls(connection: Connection, grant: OpenGrant, seconds: float) -> None:
    """The vendor throttles token calls: none for that long; the refused one spent nothing."""
    await connection.execute(
        """update connection set refresh_until = null, refresh_mark = null,
                  refresh_marked_at = null,
                  token_calls_closed_until = clock_timestamp() + make_interval(secs => $4)
            where workspace = $1 and platform = $2 and generation = $3""",
        *_row(grant),
        seconds,
    )


async def mark_reconnect_needed(connection: Connection, grant: OpenGrant, *, access_is_dead: bool) -> bool:
    """The grant is gone; False when a sibling has stored a newer pair meanwhile. An access token that the
    vendor has not refused serves to its end."""
    tag = await connection.execute(
        """update connection set state = 'reconnect_needed', refresh_until = null,
                  expires_at = case when $4 then least(expires_at, clock_timestamp()) else expires_at end
            where workspace = $1 and platform = $2 and generation = $3""",
        *_row(grant),
        access_is_dead,
    )
    return tag == "UPDATE 1"


def _row(grant: OpenGrant) -> tuple[str, str, int]:
    return grant.about.workspace, grant.about.platform, grant.about.generation


def _fingerprint(token: str) -> str:
    """Names a token in marks without giving it away."""
    return hashlib.sha256(token.encode()).hexdigest()[:16]
