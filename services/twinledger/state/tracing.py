"""State: one record as a person asks about it: what it is linked to, where each of its values comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from twinledger.kernel.database import Connection
from twinledger.state.records import ExternalKey

__all__ = ["Trace", "open_reviews", "review_of", "trace"]

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Trace:
    """`values` has a row for each field: value, who set it, when it was edited there, the newest cause.

    `writes` and `conflicts` are the newest first.
    """

    entity: UUID
    type: str
    version: int
    records: list[Row]
    values: list[Row]
    conflicts: list[Row]
    writes: list[Row]


async def trace(connection: Connection, workspace: str, key: ExternalKey, *, newest: int) -> Trace | None:
    """None when the record was never linked; `newest` bounds conflicts and writes."""
    entity = await connection.fetchrow(_ENTITY, workspace, key.object, key.external_id)
    if entity is None:
        return None
    entity_id: UUID = entity["id"]
    return Trace(
        entity_id,
        entity["type"],
        entity["version"],
        await _rows(connection, _RECORDS, entity_id),
        await _rows(connection, _VALUES, entity_id),
        await _rows(connection, _CONFLICTS, entity_id, newest),
        await _rows(connection, _WRITES, entity_id, newest),
    )


async def open_reviews(connection: Connection, workspace: str, kind: str | None, limit: int) -> list[Row]:
    """Questions that wait for a person, the oldest first."""
    return await _rows(connection, _REVIEWS, workspace, kind, limit)


async def review_of(connection: Connection, workspace: str, number: int) -> Row | None:
    """One question with its evidence, answered or not."""
    row = await connection.fetchrow(
        "select * from review_item where workspace = $1 and id = $2", workspace, number
    )
    return dict(row) if row is not None else None


async def _rows(connection: Connection, query: str, *arguments: object) -> list[Row]:
    return [dict(row) for row in await connection.fetch(query, *arguments)]


_ENTITY = """
    select e.id, e.type, e.version from crosswalk c join entity e on e.id = c.entity_id
     where c.workspace = $1 and c.object = $2 and c.external_id = $3
"""
_RECORDS = """
    select c.object || '/' || c.external_id as record, c.role, c.status, c.linked_at,
           s.vendor_updated_at, s.read_started_at as read_at
      from crosswalk c
      left join shadow s on s.entity_id = c.entity_id and s.object = c.object and s.role = c.role
                        and s.external_id = c.external_id
     where c.entity_id = $1 order by c.linked_at, 1
"""
_VALUES = """
    select f.key as field, f.value, e.clocks -> f.key ->> 1 as set_by, e.clocks -> f.key ->> 2 as edited_at,
           (e.clocks -> f.key ->> 0)::bigint as version,
           -- A value that nobody replaced has no row in the trail: its clock names who first said it.
           coalesce(a.cause, 'observation ' || s.record, 'rule ' || (e.clocks -> f.key ->> 1),
                    'observation ' || e.origin) as cause,
           coalesce(a.definition, e.definition) as definition
      from entity e cross join lateral json_each(e.fields) f
      left join lateral (select cause, definition from audit
                          where entity_id = e.id and field = f.key order by id desc limit 1) a on true
      left join lateral (select object || '/' || external_id as record from crosswalk
                          where entity_id = e.id and object = e.clocks -> f.key ->> 1
                          order by status, external_id limit 1) s on true
     where e.id = $1 order by f.key
"""
_CONFLICTS = """
    select field, policy, winner, loser, found_at from conflict
     where entity_id = $1 order by id desc limit $2
"""
_WRITES = """
    select object, op, state, patch, attempt, error_class, error, planned_at, sent_at, settled_at,
           id as intent, released_by as plan
      from intent where entity_id = $1 order by planned_at desc, id limit $2
"""
_REVIEW = "select * from review_item where workspace = $1 and id = $2"
_REVIEWS = """
    select id, kind, subject, raised_at, evidence from review_item
     where workspace = $1 and state = 'open' and ($2::text is null or kind = $2) order by id limit $3
"""
