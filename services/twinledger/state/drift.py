"""State: drift, what the last comparison of each record found; equal records are not in the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

import orjson

from twinledger.kernel.database import Connection
from twinledger.state.records import Fields

__all__ = [
    "Compared",
    "Homeless",
    "drift_counts",
    "forget_seen",
    "forget_unmet",
    "homeless",
    "list_drift",
    "note_seen",
    "open_writes",
    "save_compared",
    "unseen",
]

Row = dict[str, Any]
Result = Literal["equal", "differs", "missing"]


@dataclass(frozen=True, slots=True)
class Compared:
    """One record against what the sync holds. `fields`: path -> {side, expected}."""

    object: str
    external_id: str
    entity_type: str
    entity_id: UUID | None
    result: Result
    fields: Fields = field(default_factory=dict)
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Homeless:
    """An entity without a record on one side."""

    entity_id: UUID
    origin: str
    fields: Fields


async def save_compared(connection: Connection, workspace: str, found: Sequence[Compared]) -> None:
    """Keep what is not equal, forget what has become so."""
    await connection.execute(
        """delete from drift d using unnest($2::text[], $3::text[]) as t(object, external_id)
            where d.workspace = $1 and d.object = t.object and d.external_id = t.external_id""",
        workspace,
        [one.object for one in found],
        [one.external_id for one in found],
    )
    kept = [one for one in found if one.result != "equal"]
    await connection.execute(
        """insert into drift (workspace, object, external_id, entity_type, entity_id, result, fields, cause)
           select $1, o, x, t, e, r, f::jsonb, c
             from unnest($2::text[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::text[])
               as n(o, x, t, e, r, f, c)
           on conflict do nothing""",
        workspace,
        [one.object for one in kept],
        [one.external_id for one in kept],
        [one.entity_type for one in kept],
        [one.entity_id for one in kept],
        [one.result for one in kept],
        [orjson.dumps(one.fields).decode() for one in kept],
        [one.cause for one in kept],
    )


async def list_drift(connection: Connection, workspace: str) -> list[Row]:
    """Everything that is known to differ."""
    rows = await connection.fetch(
        """select d.entity_type, d.object || '/' || d.external_id as record, d.result, d.cause, d.fields,
                  d.found_at, e.origin
             from drift d left join entity e on e.id = d.entity_id
            where d.workspace = $1 order by d.entity_type, d.object, d.external_id""",
        workspace,
    )
    return [dict(row) for row in rows]


async def drift_counts(connection: Connection, workspace: str) -> dict[str, int]:
    """Differing records by entity type."""
    rows = await connection.fetch(
        "select entity_type, count(*) as n from drift where workspace = $1 group by entity_type", workspace
    )
    return {row["entity_type"]: row["n"] for row in rows}


async def open_writes(connection: Connection, ids: Sequence[UUID], object_name: str) -> dict[UUID, str]:
    """Why a side may differ: the state of its newest open write, by entity."""
    rows = await connection.fetch(
        """select distinct on (entity_id) entity_id,
                  case state when 'planned'
                             then 'a write is planned' || coalesce(' and waits for ' || waits_for, '')
                             when 'rejected' then 'a write was refused: ' || coalesce(error, '')
                             else 'a write is on its way' end as why
             from intent where entity_id = any($1) and object = $2
              and state in ('planned', 'sending', 'unknown', 'rejected')
            order by entity_id, planned_at desc""",
        list(ids),
        object_name,
    )
    return {row["entity_id"]: row["why"] for row in rows}


async def note_seen(connection: Connection, job_id: str, external_ids: Sequence[str]) -> None:
    """These are there."""
    await connection.execute(
        "insert into job_seen select $1, unnest($2::text[]) on conflict do nothing",
        job_id,
        list(external_ids),
    )


async def unseen(connection: Connection, workspace: str, object_name: str, job_id: str) -> list[str]:
    """Linked records of the object that no list showed."""
    rows = await connection.fetch(
        """select external_id from crosswalk c
            where workspace = $1 and object = $2 and status = 'active'
              and not exists (select from job_seen s where s.job_id = $3 and s.external_id = c.external_id)
            order by external_id""",
        workspace,
        object_name,
        job_id,
    )
    return [row["external_id"] for row in rows]


async def forget_seen(connection: Connection, job_id: str) -> None:
    """The object is compared to its end."""
    await connection.execute("delete from job_seen where job_id = $1", job_id)


async def forget_unmet(
    connection: Connection, workspace: str, object_name: str, job_id: str, keep: Sequence[str]
) -> None:
    """Drift of what this comparison did not meet: it is linked to nothing any more."""
    await connection.execute(
        """delete from drift d where workspace = $1 and object = $2 and not (external_id = any($4))
              and not exists (select from job_seen s
                               where s.job_id = $3 and s.external_id = d.external_id)""",
        workspace,
        object_name,
        job_id,
        list(keep),
    )


async def homeless(
    connection: Connection, workspace: str, entity_type: str, object_name: str
) -> list[Homeless]:
    """Entities that never had a record on this side."""
    rows = await connection.fetch(
        """select e.id, e.origin, e.fields from entity e
            where e.workspace = $1 and e.type = $2
              and not exists (select from crosswalk c where c.entity_id = e.id and c.object = $3
                                 and c.status <> 'orphan')""",
        workspace,
        entity_type,
        object_name,
    )
    return [Homeless(*tuple(row)) for row in rows]
