"""State: sweeps, walks over all ids of an object that find what no list of deletions tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from twinledger.kernel.database import Connection

__all__ = ["Sweep", "begin_sweep", "end_sweep", "forget_sweep", "look_at_sweep", "missing_ids", "note_page"]


@dataclass(frozen=True, slots=True)
class Sweep:
    """`started_at` is None between two sweeps; `page` is where one under way goes on."""

    started_at: datetime | None
    page: str | None
    due_in_s: float


async def look_at_sweep(connection: Connection, workspace: str, object_name: str, interval_s: float) -> Sweep:
    """The first sweep of an object is due an interval after it is first asked for: it was just read whole."""
    await connection.execute(
        "insert into sweep (workspace, object) values ($1, $2) on conflict do nothing", workspace, object_name
    )
    row = await connection.fetchrow(
        """select started_at, page,
                  extract(epoch from ended_at - clock_timestamp())::float8 + $3 as due_in_s
             from sweep where workspace = $1 and object = $2""",
        workspace,
        object_name,
        interval_s,
    )
    return Sweep(**dict(row))  # type: ignore[arg-type]  # the insert made sure of the row


async def begin_sweep(connection: Connection, workspace: str, object_name: str) -> None:
    """From the first page; what is linked later than now cannot be missing."""
    await _forget_listed(connection, workspace, object_name)
    await connection.execute(
        "update sweep set started_at = clock_timestamp(), page = null where workspace = $1 and object = $2",
        workspace,
        object_name,
    )


async def note_page(
    connection: Connection, workspace: str, object_name: str, ids: Sequence[str], next_page: str | None
) -> None:
    """These are there, and where to go on."""
    await connection.execute(
        """insert into sweep_listed (workspace, object, external_id)
           select $1, $2, * from unnest($3::text[]) on conflict do nothing""",
        workspace,
        object_name,
        list(ids),
    )
    await connection.execute(
        "update sweep set page = $3 where workspace = $1 and object = $2", workspace, object_name, next_page
    )


async def missing_ids(connection: Connection, workspace: str, object_name: str) -> list[str]:
    """Records we know that the sweep did not list; those whose end waits for a person left out."""
    rows = await connection.fetch(
        """
        select c.external_id
          from crosswalk c join sweep s on s.workspace = c.workspace and s.object = c.object
         where c.workspace = $1 and c.object = $2 and c.status = 'active' and c.linked_at < s.started_at
           and not exists (select from sweep_listed l where l.workspace = c.workspace
                              and l.object = c.object and l.external_id = c.external_id)
           and not exists (select from tombstone t where t.workspace = c.workspace and t.object = c.object
                              and t.external_id = c.external_id and t.state = 'held')
         order by 1
        """,
        workspace,
        object_name,
    )
    return [row["external_id"] for row in rows]


async def end_sweep(connection: Connection, workspace: str, object_name: str) -> None:
    """Until the next one is due."""
    await _forget_listed(connection, workspace, object_name)
    await connection.execute(
        """update sweep set started_at = null, page = null, ended_at = clock_timestamp()
            where workspace = $1 and object = $2""",
        workspace,
        object_name,
    )


async def forget_sweep(connection: Connection, workspace: str, object_name: str) -> None:
    """Its page cannot be had any more: it begins anew, at once."""
    await connection.execute(
        "update sweep set started_at = null, page = null where workspace = $1 and object = $2",
        workspace,
        object_name,
    )


async def _forget_listed(connection: Connection, workspace: str, object_name: str) -> None:
    await connection.execute(
        "delete from sweep_listed where workspace = $1 and object = $2", workspace, object_name
    )
