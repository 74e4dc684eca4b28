"""State: how an unknown record is recognised: our own reference, or a match key such as an e-mail."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from twinledger.kernel.database import Connection
from twinledger.state.records import Target

__all__ = [
    "entities_by_match_key",
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
    connection: Connection, workspace: str, keys: Collection[str]
) -> dict[str, set[UUID]]:
    """Entities that hold each key; a key reads like "customer?email=ana@harbor.example"."""
    rows = await connection.fetch(
        "select value, entity_id from match_key where workspace = $1 and value = any($2)",
        workspace,
        list(keys),
    )
    found: dict[str, set[UUID]] = {}
    for row in rows:
        found.setdefault(row["value"], set()).add(row["entity_id"])
    return found


async def save_match_keys(
    connection: Connection, workspace: str, keys_of: Mapping[UUID, Collection[str]]
) -> None:
    """Replace the keys of these entities."""
    if not keys_of:
        return
    flat = [(entity_id, key) for entity_id, keys in keys_of.items() for key in keys]
    await connection.execute("delete from match_key where entity_id = any($1)", list(keys_of))
    await connection.execute(
        """insert into match_key (workspace, value, entity_id)
           select $1, * from unnest($2::text[], $3::uuid[]) on conflict do nothing""",
        workspace,
        [key for _, key in flat],
        [entity_id for entity_id, _ in flat],
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
