"""State: children that changed their parent on one side, the trace that a merge of two parents leaves."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple
from uuid import UUID

from twinledger.kernel.database import Connection

__all__ = ["MovedChild", "parents_children_moved_to", "save_moved"]


class MovedChild(NamedTuple):
    """`child` named `from_entity` in this system, and names `to_entity` now."""

    system: str
    from_entity: UUID
    to_entity: UUID
    child: str


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
