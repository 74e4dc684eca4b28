"""State: external id <-> entity. One active row per (entity, object, role), enforced by the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from twinledger.kernel.database import Connection
from twinledger.state.records import CrosswalkRow, ExternalKey, Target, columns_of

__all__ = [
    "SIDES",
    "bind",
    "doubles_of_entities",
    "merged_into_keys",
    "places_of_entities",
    "row_of",
    "rows_of_entities",
    "rows_of_keys",
    "sides_of_entities",
    "sides_of_targets",
]

# The survivor is looked up row by row: hardly any row has one.
_COLUMNS = """c.workspace, c.object, c.external_id, c.entity_id, c.role, c.status, c.merged_into,
    case when c.merged_into is not null then
        (select s.entity_id from crosswalk s where s.workspace = c.workspace and s.object = c.object
            and s.external_id = c.merged_into) end as survivor"""


SIDES = f"""
    select {_COLUMNS} from crosswalk c where c.entity_id = any($1::uuid[]) and c.status <> 'orphan'"""  # noqa: S608
"""Rows for `row_of`; $1: entity ids."""


def row_of(row: tuple[str, str, str, UUID, str, str, str | None, UUID | None]) -> CrosswalkRow:
    """A row of the columns above."""
    workspace, object_name, external_id, entity_id, role, status, merged_into, survivor = row
    key = ExternalKey(object_name, external_id)
    return CrosswalkRow(workspace, key, entity_id, role, status, merged_into, survivor)


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
    return [row_of(tuple(row)) for row in rows]


async def rows_of_entities(connection: Connection, ids: Collection[UUID]) -> list[CrosswalkRow]:
    """Active rows of these entities on every side."""
    rows = await connection.fetch(
        f"select {_COLUMNS} from crosswalk c where c.entity_id = any($1) and c.status = 'active'",  # noqa: S608
        list(ids),
    )
    return [row_of(tuple(row)) for row in rows]


async def sides_of_targets(connection: Connection, targets: Collection[Target]) -> dict[Target, CrosswalkRow]:
    """The active rows of these targets."""
    rows = await connection.fetch(
        f"""select {_COLUMNS} from unnest($1::uuid[], $2::text[], $3::text[]) as t(entity_id, object, role)
             cross join lateral (select * from crosswalk x where x.entity_id = t.entity_id
                                    and x.object = t.object and x.role = t.role
                                    and x.status = 'active' limit 1) as c""",  # noqa: S608 - fixed columns
        *columns_of(targets),
    )
    return {row.target: row for row in (row_of(tuple(one)) for one in rows)}


async def sides_of_entities(connection: Connection, ids: Collection[UUID]) -> list[CrosswalkRow]:
    """Where these entities are or were: a side that lost its record is not given another unasked."""
    return [row_of(tuple(row)) for row in await connection.fetch(SIDES, list(ids))]


async def doubles_of_entities(connection: Connection, ids: Collection[UUID]) -> list[CrosswalkRow]:
    """Records that wait for a person, since another one stands in their place."""
    rows = await connection.fetch(
        f"""select {_COLUMNS} from crosswalk c
             where c.entity_id = any($1) and c.status = 'orphan'
               and exists (select from unresolved u
                            where u.workspace = c.workspace and u.object = c.object
                              and u.external_id = c.external_id
                              and u.surely and cardinality(u.candidates) = 1)""",  # noqa: S608
        list(ids),
    )
    return [row_of(tuple(row)) for row in rows]


async def places_of_entities(connection: Connection, ids: Collection[UUID]) -> list[CrosswalkRow]:
    """Where these entities are: their active rows, and records merged into others that are there."""
    # The survivor's status is looked up, not joined: a join would be planned over the whole table.
    rows = await connection.fetch(
        f"""select {_COLUMNS} from crosswalk c
             where c.entity_id = any($1) and (c.status = 'active' or (c.status = 'merged_into'
               and (select s.status from crosswalk s where s.workspace = c.workspace
                       and s.object = c.object and s.external_id = c.merged_into) = 'active'))""",  # noqa: S608 - fixed columns
        list(ids),
    )
    return [row_of(tuple(row)) for row in rows]


async def merged_into_keys(
    connection: Connection, workspace: str, keys: Collection[ExternalKey]
) -> list[CrosswalkRow]:
    """Records that were merged into these."""
    rows = await connection.fetch(
        f"""select {_COLUMNS} from unnest($2::text[], $3::text[]) as k(object, external_id)
             cross join lateral (select * from crosswalk x where x.workspace = $1 and x.object = k.object
                                    and x.merged_into = k.external_id) as c""",  # noqa: S608 - fixed columns
        workspace,
        [key.object for key in keys],
        [key.external_id for key in keys],
    )
    return [row_of(tuple(row)) for row in rows]


async def bind(connection: Connection, rows: Iterable[CrosswalkRow]) -> None:
    """Link external ids to entities; a row that exists keeps its entity unless it was an orphan."""
    last = {(row.workspace, row.key): row for row in rows}
    # Places are left before they are taken: one active row an entity, object and role.
    wanted = sorted(last.values(), key=lambda row: row.status == "active")
    if not wanted:
        return
    await connection.execute(
        """
        insert into crosswalk (workspace, object, external_id, entity_id, role, status, merged_into)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::text[],
                             $7::text[])
        on conflict (workspace, object, external_id) do update
            set entity_id = excluded.entity_id, role = excluded.role, status = excluded.status,
                merged_into = excluded.merged_into
            where crosswalk.status = 'orphan' or crosswalk.entity_id = excluded.entity_id
        """,
        [r.workspace for r in wanted],
        [r.key.object for r in wanted],
        [r.key.external_id for r in wanted],
        [r.entity_id for r in wanted],
        [r.role for r in wanted],
        [r.status for r in wanted],
        [r.merged_into for r in wanted],
    )
    await _follow(connection, [row for row in wanted if row.merged_into is not None])


async def _follow(connection: Connection, merged: Sequence[CrosswalkRow]) -> None:
    """What was merged into a record that is merged now names the last survivor: one step leads there."""
    if merged:
        await connection.execute(
            """update crosswalk c set merged_into = t.survivor
                 from unnest($1::text[], $2::text[], $3::text[], $4::text[])
                   as t(workspace, object, id, survivor)
                where c.workspace = t.workspace and c.object = t.object and c.merged_into = t.id""",
            [row.workspace for row in merged],
            [row.key.object for row in merged],
            [row.key.external_id for row in merged],
            [row.merged_into for row in merged],
        )
