"""State: which process reads, polls or subscribes for an object: it saves calls, nothing rests on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from twinledger.kernel.database import Connection

__all__ = ["Duty", "release_duties", "take_duties"]


class Duty(NamedTuple):
    """A piece of background work: `read`, `poll`, `sweep` or `subscribe`, for an object or a system."""

    purpose: str
    object: str


async def take_duties(
    connection: Connection, workspace: str, duties: Sequence[Duty], *, owner: str, seconds: float
) -> set[Duty]:
    """Take or prolong; returns those now held by `owner`. A restarted process finds its own again at once."""
    rows = await connection.fetch(
        """
        insert into ingest_lease as l (workspace, purpose, object, owner, until)
        select $1, t.purpose, t.object, $4, clock_timestamp() + make_interval(secs => $5)
          from unnest($2::text[], $3::text[]) as t(purpose, object)
        on conflict (workspace, purpose, object) do update
           set owner = excluded.owner, until = excluded.until
         where l.owner = excluded.owner or l.until < clock_timestamp()
        returning purpose, object
        """,
        workspace,
        [duty.purpose for duty in sorted(duties)],
        [duty.object for duty in sorted(duties)],
        owner,
        seconds,
    )
    return {Duty(*row) for row in rows}


async def release_duties(connection: Connection, workspace: str, owner: str) -> None:
    """Let another replica go on at once."""
    await connection.execute("delete from ingest_lease where workspace = $1 and owner = $2", workspace, owner)
