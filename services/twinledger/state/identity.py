"""State: how an unknown record is recognised: our own reference, or a match key such as an e-mail."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple
from uuid import UUID

from twinledger.kernel.database import Connection
from twinledger.state.records import Target

__all__ = ["MatchKey", "entities_by_match_key", "lock_types", "save_match_keys", "save_references", "targets_by_reference"]


class MatchKey(NamedTuple):
    """A value that two records of the same thing share: (customer, email, ana@harbor.example)."""

    entity_type: str
    kind: str
    value: str


async def lock_types(connection: Connection, workspace: str, entity_types: Collection[str]) -> None:
    """One matcher of a type at a time: the same new customer seen on two sides becomes one entity."""
    for entity_type in sorted(entity_types):
        await connection.execute(
            "select pg_advisory_xact_lock(hashtextextended($1, 0))", f"match:{workspace}:{entity_type}"
        )


async def entities_by_match_key(
    connection: Connection, workspace: str, keys: Collection[MatchKey]
) -> dict[MatchKey, set[UUID]]:
    """Entities that hold each key."""
    wanted = list(keys)
    rows = await connection.fetch(
        """select m.entity_type, m.kind, m.value, m.entity_id
             from unnest($2::text[], $3::text[], $4::text[]) as k(entity_type, kind, value)
             join match_key m on m.workspace = $1 and m.entity_type = k.entity_type
              and m.kind = k.kind and m.value = k.value""",
        workspace,
        [key.entity_type for key in wanted],
        [key.kind for key in wanted],
        [key.value for key in wanted],
    )
    found: dict[MatchKey, set[UUID]] = {}
    for entity_type, kind, value, entity_id in map(tuple, rows):
        found.setdefault(MatchKey(entity_type, kind, value), set()).add(entity_id)
    return found


async def save_match_keys(
    connection: Connection, workspace: str, keys_of: dict[UUID, Collection[MatchKey]]
) -> None:
    """Replace the keys of these entities."""
    if not keys_of:
        return
    flat = [(entity_id, key) for entity_id, keys in keys_of.items() for key in keys]
    await connection.execute("delete from match_key where entity_id = any($1)", list(keys_of))
    await connection.execute(
        """insert into match_key (workspace, entity_type, kind, value, entity_id)
           select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::uuid[]) on conflict do nothing""",
        workspace,
        [key.entity_type for _, key in flat],
        [key.kind for _, key in flat],
        [key.value for _, key in flat],
        [entity_id for entity_id, _ in flat],
    )


async def targets_by_reference(
    connection: Connection, workspace: str, references: Collection[str]
) -> dict[str, Target]:
    """What our references in vendors' records stand for."""
    rows = await connection.fetch(
        "select reference, entity_id, object, role from reference where workspace = $1 and reference = any($2)",
        workspace,
        list(references),
    )
    return {row["reference"]: Target(row["entity_id"], row["object"], row["role"]) for row in rows}


async def save_references(
    connection: Connection, workspace: str, references: Iterable[tuple[str, Target]]
) -> None:
    """Fix the reference of a target; it never changes afterwards."""
    rows = list(references)
    if not rows:
        return
    await connection.execute(
        """insert into reference (workspace, reference, entity_id, object, role)
           select $1, * from unnest($2::text[], $3::uuid[], $4::text[], $5::text[]) on conflict do nothing""",
        workspace,
        [reference for reference, _ in rows],
        [target.entity_id for _, target in rows],
        [target.object for _, target in rows],
        [target.role for _, target in rows],
    )
