"""State: records of which only a person can say who they are, with those they may be."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from twinledger.kernel.database import Connection
from twinledger.state.records import ExternalKey, Fields

__all__ = [
    "UNRESOLVED",
    "Unresolved",
    "forget_unresolved",
    "load_unresolved",
    "save_unresolved",
    "unresolved_of",
    "unresolved_with_keys",
    "waiting_for",
]


@dataclass(frozen=True, slots=True)
class Unresolved:
    """`surely`: it is one of `candidates`, and which is the question; else it only resembles them."""

    key: ExternalKey
    surely: bool
    fields: Fields
    keys: tuple[str, ...]
    candidates: tuple[UUID, ...]


UNRESOLVED = """
    select object, external_id, surely, fields, keys, candidates from unresolved
     where workspace = $2::text and (candidates && $1::uuid[] or keys && $3::text[])"""
"""Rows for `unresolved_of`; $1: entity ids, $2: workspace, $3: match keys."""


async def load_unresolved(
    connection: Connection, workspace: str, entities: Collection[UUID], keys: Collection[str]
) -> list[Unresolved]:
    """Those that may be one of these entities, or that are found under one of these match keys."""
    rows = await connection.fetch(UNRESOLVED, list(entities), workspace, list(keys))
    return [unresolved_of(tuple(row)) for row in rows]


def unresolved_of(row: tuple[Any, ...]) -> Unresolved:
    """A row of UNRESOLVED."""
    object_name, external_id, surely, fields, keys, candidates = row
    return Unresolved(ExternalKey(object_name, external_id), surely, fields, tuple(keys), tuple(candidates))


async def unresolved_with_keys(
    connection: Connection, workspace: str, keys: Collection[str]
) -> list[ExternalKey]:
    """Records whose question may be another one now that an entity has these keys."""
    rows = await connection.fetch(
        "select object, external_id from unresolved where workspace = $1 and keys && $2::text[]",
        workspace,
        list(keys),
    )
    return [ExternalKey(row["object"], row["external_id"]) for row in rows]


async def waiting_for(
    connection: Connection, workspace: str, keys: Collection[ExternalKey]
) -> list[ExternalKey]:
    """Records whose own question rests on one of these: the account of a contact."""
    rows = await connection.fetch(
        """select subject from review_item where workspace = $1 and kind = 'match' and state = 'open'
              and evidence ->> 'waits_for' = any($2::text[]) order by id""",
        workspace,
        [key.text() for key in keys],
    )
    return [ExternalKey.parse(row["subject"]) for row in rows]


async def save_unresolved(connection: Connection, workspace: str, asked: Iterable[Unresolved]) -> None:
    """What is asked now replaces what was asked about the same record."""
    for one in asked:
        await connection.execute(
            """insert into unresolved (workspace, object, external_id, surely, fields, keys, candidates)
               values ($1, $2, $3, $4, $5::text::jsonb, $6, $7)
               on conflict (workspace, object, external_id) do update
                   set surely = excluded.surely, fields = excluded.fields, keys = excluded.keys,
                       candidates = excluded.candidates""",
            workspace,
            one.key.object,
            one.key.external_id,
            one.surely,
            orjson.dumps(one.fields).decode(),
            list(one.keys),
            list(one.candidates),
        )


async def forget_unresolved(
    connection: Connection, workspace: str, keys: Collection[ExternalKey]
) -> set[UUID]:
    """These are settled; returns whom they were held against."""
    if not keys:
        return set()
    rows = await connection.fetch(
        """delete from unresolved u using unnest($2::text[], $3::text[]) as k(object, external_id)
            where u.workspace = $1 and u.object = k.object and u.external_id = k.external_id
        returning u.candidates""",
        workspace,
        [key.object for key in keys],
        [key.external_id for key in keys],
    )
    return {entity_id for row in rows for entity_id in row["candidates"]}
