"""CLI: what the next writes would be, three-valued: change, no change, unknown; with a hash and a forecast.

Each write is built as the loader would build it, up to the ids that a vendor has yet to give: one that
could not be sent with this plan is unknown, with the reason, and no part of the hash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from twinledger.kernel.database import Connection
from twinledger.kernel.errors import PermanentError
from twinledger.mapping.definitions import Definitions
from twinledger.mapping.homes import homes
from twinledger.state.crosswalk import rows_of_entities
from twinledger.state.entities import load_entities
from twinledger.state.plans import (
    PlannedWrite,
    canonical,
    creates_under_way,
    hash_of,
    planned_writes,
    sides_held,
    unforeseen,
)
from twinledger.state.records import Entity, Fields, system_of

__all__ = ["Foresight", "foresee"]

_ENTITY, _SELF = "entity:", "self/"
_NOT_GIVEN_YET = "0"
"""Stands for an id that a vendor gives with a write of this plan."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Foresight:
    """`unknown` are rows with `record`, `entity_type`, `reason`; `no_change` counts linked records; `effects`
    by intent: what a change does beside changing the record."""

    changes: Sequence[PlannedWrite]
    unknown: Sequence[Row]
    no_change: int
    effects: Mapping[UUID, str]

    @property
    def hash(self) -> str:
        return hash_of([canonical(write) for write in self.changes])


class _ParentMissing(Exception):
    """The target has no such record and this plan makes none."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What the writes refer to."""

    entities: Mapping[UUID, Entity]
    linked: set[tuple[UUID, str]]
    """(entity, object) that are there, or on their way."""
    homes: Mapping[tuple[str, str], str]
    definitions: Definitions


async def foresee(connection: Connection, workspace: str, definitions: Definitions) -> Foresight:
    """What would be written now, if nothing else happened."""
    writes = await planned_writes(connection, workspace)
    known = await _load(connection, workspace, writes, definitions)
    ready = [write for write in writes if not write.behind]
    unknown = [_unknown(write, "a write of this record goes first") for write in writes if write.behind]
    refused: Sequence[Row] = [{}]
    while refused:  # what waits for a write that is no part of the plan is no part of it either
        ready, refused = _sift(ready, known)
        unknown += refused
    unknown += await unforeseen(connection, workspace)
    held = await sides_held(connection, workspace)
    touched = {(write.object, write.external_id) for write in writes if write.external_id is not None}
    uncertain = {row["record"] for row in unknown}
    untouched = sum(held.values()) - len(touched)
    more = await _linked_among(connection, workspace, uncertain - {f"{o}/{x}" for o, x in touched})
    return Foresight(ready, unknown, untouched - more, _effects(ready, known))


def _effects(ready: Sequence[PlannedWrite], known: _Known) -> dict[UUID, str]:
    found: dict[UUID, str] = {}
    for write in ready:
        mapping, fields = known.definitions.mappings[write.object], known.entities[write.entity_id].fields
        if write.op == "update" and (effect := mapping.effect_of(fields, write.patch)) is not None:
            found[write.intent_id] = effect
    return found


def _sift(ready: Sequence[PlannedWrite], known: _Known) -> tuple[list[PlannedWrite], list[Row]]:
    created = {(write.entity_id, write.object) for write in ready if write.op == "create"}
    kept, refused = [], []
    for write in ready:
        try:
            _build(write, known, created)
        except _ParentMissing as missing:
            refused.append(_unknown(write, f"waits for {missing}, which this plan does not make"))
        except PermanentError as error:
            refused.append(_unknown(write, f"its mapping refuses it: {error}"))
        else:
            kept.append(write)
    return kept, refused


def _build(write: PlannedWrite, known: _Known, created: set[tuple[UUID, str]]) -> None:
    """As the loader builds the call; the body itself is of no interest here."""

    def resolve(name: str) -> str:
        if name.startswith(_SELF):
            parent = (write.entity_id, name.removeprefix(_SELF))
        else:
            entity_id = UUID(name.removeprefix(_ENTITY))
            home = known.homes[known.entities[entity_id].type, system_of(write.object)]
            parent = (entity_id, home)
        if parent not in known.linked and parent not in created:
            raise _ParentMissing(f"{parent[1]} of {known.entities[parent[0]].origin}")
        return _NOT_GIVEN_YET

    def lookup(name: str) -> Fields:
        return known.entities[UUID(name.removeprefix(_ENTITY))].fields

    known.definitions.mappings[write.object].write(
        {**known.entities[write.entity_id].fields, **write.patch},
        list(write.patch),
        creating=write.op == "create",
        reference=None,
        resolve=resolve,
        lookup=lookup,
    )


async def _load(
    connection: Connection, workspace: str, writes: Sequence[PlannedWrite], definitions: Definitions
) -> _Known:
    own = await load_entities(connection, {write.entity_id for write in writes})
    mentioned = {
        found for entity in own.values() for value in entity.fields.values() for found in _refs(value)
    }
    mentioned |= {found for write in writes for value in write.patch.values() for found in _refs(value)}
    entities = own | await load_entities(connection, mentioned - own.keys())
    rows = await rows_of_entities(connection, entities.keys())
    there = {(row.entity_id, row.key.object) for row in rows}
    there |= await creates_under_way(connection, workspace)
    return _Known(entities, there, homes(definitions), definitions)


def _refs(value: object) -> set[UUID]:
    if isinstance(value, str) and value.startswith(_ENTITY):
        return {UUID(value.removeprefix(_ENTITY))}
    if isinstance(value, list):
        return {
            found
            for line in value
            if isinstance(line, dict)
            for cell in line.values()
            for found in _refs(cell)
        }
    return set()


def _unknown(write: PlannedWrite, reason: str) -> Row:
    return {"record": write.record, "entity_type": write.entity_type, "reason": reason}


async def _linked_among(connection: Connection, workspace: str, records: set[str]) -> int:
    """How many of these names are linked records: they are unknown, never "no change"."""
    names = [name.partition("/") for name in sorted(records)]
    count: int = await connection.fetchval(
        """select count(*) from crosswalk c join unnest($2::text[], $3::text[]) as k(object, external_id)
               using (object, external_id) where c.workspace = $1 and c.status = 'active'""",
        workspace,
        [object_name for object_name, _, _ in names],
        [external_id for _, _, external_id in names],
    )
    return count
