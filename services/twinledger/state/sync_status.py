"""State: how the sync of a workspace stands, for a person's one look."""

from __future__ import annotations

from typing import Any

from twinledger.kernel.database import Connection

__all__ = ["objects_read", "waiting_work"]

Row = dict[str, Any]


async def waiting_work(connection: Connection, workspace: str) -> Row:
    """What waits at each place of the road."""
    row = await connection.fetchrow(_WAITING, workspace)
    return dict(row or {})


async def objects_read(connection: Connection, workspace: str) -> list[Row]:
    """How far each object was read, how many records are linked, how many are known to differ."""
    return [dict(row) for row in await connection.fetch(_OBJECTS, workspace)]


_WAITING = """
    select (select count(*) from first_sight where workspace = $1) as not_taken_in,
           (select count(*) from due_read where workspace = $1 and hints > read_hints) as reads,
           (select count(*) from intent where workspace = $1 and state = 'planned' and released_by is null)
               as planned,
           (select count(*) from intent where workspace = $1 and state = 'planned'
               and released_by is not null) as accepted,
           (select count(*) from intent where workspace = $1 and state = 'sending') as sending,
           (select count(*) from intent where workspace = $1 and state = 'unknown') as unknown,
           (select count(*) from intent where workspace = $1 and state = 'rejected') as refused,
           (select count(*) from review_item where workspace = $1 and state = 'open') as questions,
           (select count(*) from dead_letter where workspace = $1 and status = 'open') as dead_letters,
           (select count(*) from job where workspace = $1
               and state in ('queued', 'running', 'paused')) as jobs,
           (select count(*) from drift where workspace = $1) as drift
"""
_OBJECTS = """
    select p.object, p.first_done, p.polled_at,
           (select count(*) from crosswalk c where c.workspace = p.workspace and c.object = p.object
               and c.status = 'active') as linked,
           (select count(*) from drift d where d.workspace = p.workspace and d.object = p.object) as drift
      from poll_cursor p where p.workspace = $1 order by p.object
"""
