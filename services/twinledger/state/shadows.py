"""State: shadows, the merge base of each side."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from twinledger.kernel.database import Connection
from twinledger.kernel.writes import Writer
from twinledger.state.records import NO_MARKS, ExternalKey, LateWrite, Marks, Shadow, Target, columns_of

__all__ = [
    "SHADOWS",
    "hold_target",
    "load_shadows",
    "load_shadows_of",
    "save_shadows",
    "shadows_of",
    "take_looks",
]


_COLUMNS = """s.entity_id, s.object, s.role, s.external_id, s.fields, s.bases, s.content_hash,
    s.vendor_updated_at, s.read_started_at, s.revision, s.marks, s.hold_until, s.late"""
SHADOWS = f"select {_COLUMNS} from shadow s where s.entity_id = any($1::uuid[])"  # noqa: S608 - fixed columns
"""Rows for `shadows_of`; $1: entity ids."""


async def load_shadows(connection: Connection, entity_ids: Collection[UUID]) -> dict[Target, Shadow]:
    """All sides of these entities; the caller holds the entity locks."""
    return shadows_of(map(tuple, await connection.fetch(SHADOWS, list(entity_ids))))


async def load_shadows_of(connection: Connection, targets: Collection[Target]) -> dict[Target, Shadow]:
    """These sides alone; the caller holds the entity locks."""
    rows = await connection.fetch(
        f"""select {_COLUMNS} from unnest($1::uuid[], $2::text[], $3::text[]) as t(entity_id, object, role)
             cross join lateral (select * from shadow x where x.entity_id = t.entity_id
                                    and x.object = t.object and x.role = t.role limit 1) as s""",  # noqa: S608
        *columns_of(targets),
    )
    return shadows_of(map(tuple, rows))


def shadows_of(rows: Iterable[tuple[Any, ...]]) -> dict[Target, Shadow]:
    """Rows of SHADOWS, by their target."""
    shadows = (
        Shadow(Target(*row[:3]), *row[3:10], marks=_marks(row[10]), late=_late(*row[11:]))  # type: ignore[misc] # ten columns
        for row in rows
    )
    return {shadow.target: shadow for shadow in shadows}


def _marks(stored: dict[str, Any]) -> Marks:
    return Marks(**stored) if stored else NO_MARKS


def _late(until: datetime | None, stored: dict[str, Any] | None) -> LateWrite | None:
    return LateWrite(until, stored["fields"], stored["bases"]) if until is not None and stored else None


def _stored(marks: Marks) -> str:
    return "{}" if marks == NO_MARKS else orjson.dumps(marks).decode()


async def save_shadows(writer: Writer, shadows: Iterable[Shadow]) -> None:
    """Insert or replace; the caller holds the entity locks."""
    rows = list(shadows)
    if not rows:
        return
    await writer.execute(
        """
        insert into shadow (entity_id, object, role, external_id, fields, bases, content_hash,
                            vendor_updated_at, read_started_at, revision, marks)
        select e, o, r, x, f::json, b::json, h, v, s, n, m::json
          from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                      $8::timestamptz[], $9::timestamptz[], $10::bigint[], $11::text[])
               as t(e, o, r, x, f, b, h, v, s, n, m)
        on conflict (entity_id, object, role) do update set external_id = excluded.external_id,
            fields = excluded.fields, bases = excluded.bases, content_hash = excluded.content_hash,
            vendor_updated_at = excluded.vendor_updated_at, read_started_at = excluded.read_started_at,
            revision = excluded.revision, marks = excluded.marks
        """,
        [s.target.entity_id for s in rows],
        [s.target.object for s in rows],
        [s.target.role for s in rows],
        [s.external_id for s in rows],
        [orjson.dumps(s.fields).decode() for s in rows],
        [orjson.dumps(s.bases).decode() for s in rows],
        [s.content_hash for s in rows],
        [s.vendor_updated_at for s in rows],
        [s.read_started_at for s in rows],
        [s.revision for s in rows],
        [_stored(s.marks) for s in rows],
    )


async def hold_target(connection: Connection, target: Target, lost: LateWrite) -> None:
    """Nothing is sent to this target before `until`: a write given up for lost may still arrive, and is known
    as ours when it does. Then it is looked for."""
    await connection.execute(
        """update shadow set hold_until = greatest(hold_until, $4), look_at = greatest(hold_until, $4),
                  late = $5
            where entity_id = $1 and object = $2 and role = $3""",
        *target,
        lost.until,
        {"fields": lost.fields, "bases": lost.bases},
    )


async def take_looks(connection: Connection, workspace: str) -> list[ExternalKey]:
    """Records at which a lost write cannot run any more, each told once; not those that were read since. The
    clocks of who reads and of who gave the write up may differ a little: a read must begin after its end."""
    rows = await connection.fetch(
        """update shadow s set look_at = null
             from (select h.entity_id, h.object, h.role, h.read_started_at <= h.look_at as is_unseen
                     from shadow h
                    where h.look_at < now() - interval '2 s'
                      and exists (select from entity e where e.id = h.entity_id and e.workspace = $1 offset 0)
                      for update of h skip locked) as due
            where s.entity_id = due.entity_id and s.object = due.object and s.role = due.role
        returning s.object, s.external_id, due.is_unseen""",
        workspace,
    )
    return [ExternalKey(row["object"], row["external_id"]) for row in rows if row["is_unseen"]]
