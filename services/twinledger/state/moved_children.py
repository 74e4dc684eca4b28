"""State: children of a record, and those that changed their parent: the trace that a merge leaves."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from twinledger.kernel.database import Connection
from twinledger.state.records import ExternalKey

__all__ = ["MovedChild", "children_unread", "parents_children_moved_to", "save_moved"]


class MovedChild(NamedTuple):
    """`child` named `from_entity` in this system, and names `to_entity` now."""

    system: str
    from_entity: UUID
    to_entity: UUID
    child: str


async def children_unread(
    connection: Connection, parents: Collection[tuple[str, UUID, datetime]]
) -> dict[UUID, list[ExternalKey]]:
    """For each (system, customer, moment): some documents there that name it and were not read since."""
    rows = await connection.fetch(
        """select p.id, c.object, c.external_id
             from unnest($1::text[], $2::uuid[], $3::timestamptz[]) as p(system, id, since)
            cross join lateral (
                  select x.object, x.external_id from shadow s
                    join crosswalk x on x.entity_id = s.entity_id and x.object = s.object
                     and x.status = 'active'
                   where s.customer = 'entity:' || p.id::text
                     and s.object like p.system || '.%' and s.read_started_at <= p.since
                   limit 10) as c""",
        *(list(column) for column in zip(*parents, strict=True)),
    )
    found: dict[UUID, list[ExternalKey]] = {}
    for row in rows:
        found.setdefault(row["id"], []).append(ExternalKey(row["object"], row["external_id"]))
    return found


async def save_moved(connection: Connection, workspace: str, moved: Iterable[MovedChild]) -> None:
    """One row a pair of parents; a move back takes the trace away."""
    rows = list({one[:3]: one for one in moved}.values())
    if not rows:
        return
    columns = [list(column) for column in zip(*rows, strict=True)]
    await connection.execute(
        """delete from moved_child m using unnest($2::text[], $3::uuid[], $4::uuid[]) as t(s, f, g)
            where m.workspace = $1 and m.system = t.s and m.from_entity = t.g and m.to_entity = t.f""",
        workspace,
        *columns[:3],
    )
    await connection.execute(
        """insert into moved_child (workspace, system, from_entity, to_entity, child)
           select $1, * from unnest($2::text[], $3::uuid[], $4::uuid[], $5::text[])
           on conflict (workspace, system, from_entity, to_entity) do update
               set child = excluded.child, moved_at = now()""",
        workspace,
        *columns,
    )


async def parents_children_moved_to(
    connection: Connection, workspace: str, parents: Collection[UUID]
) -> dict[tuple[str, UUID], dict[UUID, str]]:
    """For each (system, parent): who took its children within a day, with one child as evidence."""
    rows = await connection.fetch(
        """select system, from_entity, to_entity, child from moved_child
            where workspace = $1 and from_entity = any($2) and moved_at > now() - interval '1 day'""",
        workspace,
        list(parents),
    )
    found: dict[tuple[str, UUID], dict[UUID, str]] = {}
    for row in rows:
        found.setdefault((row["system"], row["from_entity"]), {})[row["to_entity"]] = row["child"]
    return found
