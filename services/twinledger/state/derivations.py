"""State: which entity a flow made of which, and from what; written once, in the batch that derives."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from twinledger.kernel.database import Connection
from twinledger.kernel.writes import Writer
from twinledger.state.records import Fields

__all__ = ["Derivation", "load_derivations", "save_derivations"]


@dataclass(slots=True)
class Derivation:
    """`basis` are the trigger's fields that the document was made from, `asked` those that a person was
    last asked about."""

    entity_id: UUID
    source_id: UUID
    workspace: str
    flow: str
    part: str
    basis: Fields | None
    asked: Fields | None = None
    changed: bool = False


async def load_derivations(connection: Connection, ids: Collection[UUID]) -> dict[UUID, Derivation]:
    """Every derivation with one of these entities at either end, and its siblings of the same trigger."""
    rows = await connection.fetch(
        """with near as (
               select source_id from derivation where entity_id = any($1)
               union select unnest($1::uuid[]))
           select d.entity_id, d.source_id, d.workspace, d.flow, d.part, d.basis, d.asked
             from near join derivation d using (source_id)""",
        list(ids),
    )
    return {row["entity_id"]: Derivation(*tuple(row)) for row in rows}


async def save_derivations(writer: Writer, derivations: Iterable[Derivation]) -> None:
    """Insert or replace; the caller holds the locks of both entities."""
    rows = list(derivations)
    if not rows:
        return
    await writer.execute(
        """
        insert into derivation (entity_id, source_id, workspace, flow, part, basis, asked)
        select e, s, w, f, p, b::jsonb, a::jsonb
          from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
               as t(e, s, w, f, p, b, a)
        on conflict (entity_id) do update set basis = excluded.basis, asked = excluded.asked
        """,
        [d.entity_id for d in rows],
        [d.source_id for d in rows],
        [d.workspace for d in rows],
        [d.flow for d in rows],
        [d.part for d in rows],
        [_json(d.basis) for d in rows],
        [_json(d.asked) for d in rows],
    )


def _json(fields: Any) -> str | None:
    return None if fields is None else orjson.dumps(fields).decode()
