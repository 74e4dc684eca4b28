"""State: what a compensating plan is made of: old values of the audit trail, and of accepted plans."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from twinledger.kernel.database import Connection

__all__ = ["Written", "busy_entities", "changed_since", "written_by"]


@dataclass(frozen=True, slots=True)
class Written:
    """A field that took another value.

    `existed`: False when the record itself is as new as the change. `known`: False when nobody had read what
    the side held before.
    """

    entity_id: UUID
    object: str
    external_id: str
    field: str
    old: Any
    new: Any
    existed: bool
    known: bool


async def changed_since(connection: Connection, workspace: str, since: datetime) -> list[Written]:
    """Of each field the value before the first change since then, and the one after the last."""
    rows = await connection.fetch(
        """
        select a.entity_id, '' as object, '' as external_id, a.field,
               (array_agg(a.old order by a.id))[1] as old, (array_agg(a.new order by a.id desc))[1] as new,
               exists (select from audit b where b.entity_id = a.entity_id and b.at < $2) as existed,
               true as known
          from audit a where a.workspace = $1 and a.at >= $2
         group by a.entity_id, a.field order by a.entity_id, a.field
        """,
        workspace,
        since,
    )
    return [Written(*row) for row in map(tuple, rows)]


async def written_by(connection: Connection, workspace: str, plan_hash: str) -> list[Written]:
    """What the writes of an accepted plan put in place of what; those that were never sent are not in it."""
    rows = await connection.fetch(
        """
        select i.entity_id, i.object, coalesce(i.external_id, ''), f.key as field,
               w.value -> 'before' -> f.key as old, f.value as new, i.op = 'update' as existed,
               w.value -> 'before' ? f.key as known
          from sync_plan p cross join lateral jsonb_array_elements(p.writes) w(value)
          join intent i on i.released_by = p.hash and i.workspace = p.workspace and i.state = 'confirmed'
                       and i.object = w.value -> 'content' ->> 'object'
                       and i.entity_id = (w.value -> 'content' ->> 'entity')::uuid
          cross join lateral json_each(i.patch) f
         where p.workspace = $1 and p.hash = $2 and p.accepted_at is not null
         order by i.entity_id, i.object, f.key
        """,
        workspace,
        plan_hash,
    )
    return [Written(*row) for row in map(tuple, rows)]


async def busy_entities(connection: Connection, workspace: str) -> set[UUID]:
    """Entities with a write that is planned or on its way."""
    rows = await connection.fetch(
        """select distinct entity_id from intent
            where workspace = $1 and state in ('planned', 'sending', 'unknown')""",
        workspace,
    )
    return {row["entity_id"] for row in rows}
