"""State: canonical records, read under lock and stored a batch at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

import orjson

from twinledger.kernel.database import Connection
from twinledger.kernel.writes import Writer
from twinledger.state.records import Clock, Entity

__all__ = ["hold_entities", "load_entities", "lock_entities", "save_entities"]

_COLUMNS = "id, workspace, type, version, origin, fields, clocks, definition, parked"


def _entity(row: tuple[object, ...]) -> Entity:
    id_, workspace, type_, version, origin, fields, clocks, definition, parked = row
    clocks_by_path = {path: Clock._make(clock) for path, clock in clocks.items()}  # type: ignore[attr-defined]
    entity = Entity(id_, workspace, type_, version, origin, fields, clocks_by_path, definition)  # type: ignore[arg-type]
    entity.parked = parked  # type: ignore[assignment]
    return entity


async def lock_entities(connection: Connection, ids: Collection[UUID]) -> dict[UUID, Entity]:
    """Rows of `ids`, locked in id order so that two batches never wait for each other in a ring."""
    rows = await connection.fetch(
        f"select {_COLUMNS} from entity where id = any($1) order by id for update",  # noqa: S608 - fixed columns
        sorted(ids),
    )
    return {row["id"]: _entity(tuple(row)) for row in rows}


async def hold_entities(connection: Connection, ids: Collection[UUID]) -> None:
    """As `lock_entities`, for those who do not read them."""
    await connection.execute("select from entity where id = any($1) order by id for update", sorted(ids))


async def load_entities(connection: Connection, ids: Collection[UUID]) -> dict[UUID, Entity]:
    """Rows of `ids` without a lock, for readers that only look."""
    rows = await connection.fetch(
        f"select {_COLUMNS} from entity where id = any($1)",  # noqa: S608 - fixed columns
        list(ids),
    )
    return {row["id"]: _entity(tuple(row)) for row in rows}


async def save_entities(writer: Writer, entities: Iterable[Entity]) -> None:
    """Insert or replace; the caller holds the locks."""
    rows = list(entities)
    if not rows:
        return
    await writer.execute(
        """
        insert into entity (id, workspace, type, version, origin, fields, clocks, definition, parked)
        select id, workspace, type, version, origin, fields::json, clocks::json, definition, parked::json
          from unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[],
                      $8::text[], $9::text[])
               as t(id, workspace, type, version, origin, fields, clocks, definition, parked)
        on conflict (id) do update set version = excluded.version, fields = excluded.fields,
            clocks = excluded.clocks, definition = excluded.definition, parked = excluded.parked,
            updated_at = now()
        """,
        [e.id for e in rows],
        [e.workspace for e in rows],
        [e.type for e in rows],
        [e.version for e in rows],
        [e.origin for e in rows],
        [orjson.dumps(e.fields).decode() for e in rows],
        [orjson.dumps(e.clocks, default=list).decode() for e in rows],
        [e.definition for e in rows],
        [orjson.dumps(e.parked).decode() if e.parked else "{}" for e in rows],
    )
