"""State: how an unknown record is recognised: our own reference, or a match key such as an e-mail."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from twinledger.kernel.database import Connection
from twinledger.kernel.writes import Writer
from twinledger.state.records import Target

__all__ = [
    "entities_by_match_key",
    "forget_match_keys",
    "lock_types",
    "save_match_keys",
    "save_references",
    "targets_by_reference",
]


async def lock_types(connection: Connection, workspace: str, entity_types: Collection[str]) -> None:
    """One matcher of a type at a time: the same new customer seen on two sides becomes one entity."""
    for entity_type in sorted(entity_types):
        await connection.execute(
            "select pg_advisory_xact_lock(hashtextextended($1, 0))", f"match:{workspace}:{entity_type}"
        )


async def entities_by_match_key(
    connection: Connection, workspace: str, keys: Collection[str], *, at_most: int = 1000
) -> dict[str, set[UUID]]:
    """Entities that hold each key; a key reads like "customer?email=ana@harbor.example".

    Of a key that more than `at_most` hold no more are named: it tells nobody from anybody.
    """
    rows = await connection.fetch(
        """select k.value, m.entity_id from unnest($2::text[]) as k(value)
            cross join lateral (select entity_id from match_key x
                                 where x.workspace = $1 and x.value = k.value limit $3) as m""",
        workspace,
        list(keys),
        at_most + 1,
    )
    found: dict[str, set[UUID]] = {}
    for row in rows:
        found.setdefault(row["value"], set()).add(row["entity_id"])
    return found


async def forget_match_keys(connection: Connection, entities: Collection[UUID]) -> None:
    """These entities are found under no key any more."""
    if entities:
        await connection.execute("delete from match_key where entity_id = any($1)", list(entities))


async def save_match_keys(
    writer: Writer,
    workspace: str,
    *,
    removed: Sequence[tuple[str, UUID]],
    added: Sequence[tuple[str, UUID]],
) -> None:
    """Entities are found under other keys from now on; what is removed is not added too."""
    if removed:
        # A look for each key that goes: a join would be planned over all of them.
        await writer.execute(
            """delete from match_key where ctid = any(array(
                   select x.place from unnest($2::text[], $3::uuid[]) as k(value, entity_id)
                    cross join lateral (select m.ctid as place from match_key m
                                         where m.workspace = $1 and m.value = k.value
                                           and m.entity_id = k.entity_id limit 1) as x))""",
            workspace,
            [key for key, _ in removed],
            [entity_id for _, entity_id in removed],
        )
    if added:
        await writer.execute(
            """insert into match_key (workspace, value, entity_id)
               select $1, * from unnest($2::text[], $3::uuid[]) on conflict do nothing""",
            workspace,
            [key for key, _ in added],
            [entity_id for _, entity_id in added],
        )


async def targets_by_reference(
    connection: Connection, workspace: str, references: Collection[str]
) -> dict[str, Target]:
    """What our references in vendors' records stand for."""
    rows = await connection.fetch(
        """select reference, entity_id, object, role from reference
            where workspace = $1 and reference = any($2)""",
        workspace,
        list(references),
    )
    return {row["reference"]: Target(row["entity_id"], row["object"], row["role"]) for row in rows}


async def save_references(writer: Writer, workspace: str, references: Iterable[tuple[str, Target]]) -> None:
    """Fix the reference of a target; it never changes afterwards."""
    rows = list(references)
    if not rows:
        return
    await writer.execute(
        """insert into reference (workspace, reference, entity_id, object, role)
           select $1, * from unnest($2::text[], $3::uuid[], $4::text[], $5::text[]) on conflict do nothing""",
        workspace,
        [reference for reference, _ in rows],
        [target.entity_id for _, target in rows],
        [target.object for _, target in rows],
        [target.role for _, target in rows],
    )
