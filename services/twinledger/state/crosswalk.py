"""State: external id <-> entity. One active row per (entity, object, role), enforced by the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from twinledger.kernel.database import Connection
from twinledger.state.records import CrosswalkRow, ExternalKey

__all__ = ["bind", "rows_of_entities", "rows_of_keys", "sides_of_entities"]

_COLUMNS = "c.workspace, c.object, c.external_id, c.entity_id, c.role, c.status"


def _row(row: tuple[str, str, str, UUID, str, str]) -> CrosswalkRow:
    workspace, object_name, external_id, entity_id, role, status = row
    return CrosswalkRow(workspace, ExternalKey(object_name, external_id), entity_id, role, status)


async def rows_of_keys(
    connection: Connection, workspace: str, keys: Collection[ExternalKey]
) -> list[CrosswalkRow]:
    """Rows of these external ids, whatever their status."""
    # A look for each key: a join would be planned over all rows of an object whenever statistics lag.
    rows = await connection.fetch(
        f"""select {_COLUMNS} from unnest($2::text[], $3::text[]) as k(object, external_id)
             cross join lateral (select * from crosswalk x where x.workspace = $1 and x.object = k.object
                                    and x.external_id = k.external_id limit 1) as c""",  # noqa: S608 - fixed columns
        workspace,
        [key.object for key in keys],
        [key.external_id for key in keys],
    )
    return [_row(tuple(row)) for row in rows]


async def rows_of_entities(connection: Connection, ids: Collection[UUID]) -> list[CrosswalkRow]:
    """Active rows of these entities on every side."""
    rows = await connection.fetch(
        f"select {_COLUMNS} from crosswalk c where c.entity_id = any($1) and c.status = 'active'",  # noqa: S608
        list(ids),
    )
    return [_row(tuple(row)) for row in rows]


async def sides_of_entities(connection: Connection, ids: Collection[UUID]) -> list[CrosswalkRow]:
    """Where these entities are or were: a side that lost its record is not given another unasked."""
    rows = await connection.fetch(
        f"select {_COLUMNS} from crosswalk c where c.entity_id = any($1) and c.status <> 'orphan'",  # noqa: S608
        list(ids),
    )
    return [_row(tuple(row)) for row in rows]


async def bind(connection: Connection, rows: Iterable[CrosswalkRow]) -> None:
    """Link external ids to entities; a row that exists keeps its entity unless it was an orphan."""
    wanted = list(rows)
    if not wanted:
        return
    await connection.execute(
        """
        insert into crosswalk (workspace, object, external_id, entity_id, role, status)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::text[])
        on conflict (workspace, object, external_id) do update
            set entity_id = excluded.entity_id, role = excluded.role, status = excluded.status
            where crosswalk.status = 'orphan' or crosswalk.entity_id = excluded.entity_id
        """,
        [r.workspace for r in wanted],
        [r.key.object for r in wanted],
        [r.key.external_id for r in wanted],
        [r.entity_id for r in wanted],
        [r.role for r in wanted],
        [r.status for r in wanted],
    )
