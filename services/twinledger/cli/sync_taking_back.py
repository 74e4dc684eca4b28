"""CLI: takes back what a run wrote, or everything since a time: a plan, and the state that goes with it.

The old value becomes the record's value again, as an edit of the rule "undo", and every side is brought to
it: so the sync does not do the undone once more. Amounts of money documents, and records that a run made,
are questions for a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

import orjson

from twinledger.connectors.opening import budget_groups
from twinledger.kernel.clock import SystemClock
from twinledger.kernel.database import Connection
from twinledger.kernel.ids import derived_id, reference
from twinledger.mapping.definitions import Definitions
from twinledger.mapping.entity_model import EntityModel, entity_models
from twinledger.mapping.ledgers import moves_money
from twinledger.state.answers import ask_replan
from twinledger.state.crosswalk import rows_of_entities
from twinledger.state.entities import load_entities, lock_entities, save_entities
from twinledger.state.history import AuditRow, save_audit, save_reviews
from twinledger.state.intents import insert_planned
from twinledger.state.plans import (
    PlannedWrite,
    canonical,
    hash_of,
    release,
)
from twinledger.state.records import (
    Clock,
    CrosswalkRow,
    Entity,
    Fields,
    Intent,
    Review,
    Shadow,
    Target,
    system_of,
)
from twinledger.state.shadows import load_shadows
from twinledger.state.undo import Written, busy_entities, changed_since, written_by
from twinledger.state.workspaces import ensure_workspace

__all__ = ["Undo", "UndoPlan", "apply_undo", "foresee_undo"]

Row = dict[str, Any]
_WRITER = "undo"


@dataclass(frozen=True, slots=True)
class Undo:
    """What is taken back: everything since a time, or the writes of one accepted plan."""

    since: datetime | None
    plan: str | None

    @classmethod
    def of(cls, origin: Row) -> Undo:
        since = origin.get("since")
        return cls(datetime.fromisoformat(since) if since else None, origin.get("plan"))

    def origin(self) -> Row:
        return {"since": self.since.isoformat() if self.since else None, "plan": self.plan}

    def command(self) -> str:
        what = f"--since {self.since.isoformat()}" if self.since else f"--plan {self.plan}"
        return f"twinledger sync undo {what}"


@dataclass(frozen=True, slots=True)
class UndoPlan:
    """`restored` maps each entity to the fields that take an old value again; `left` says what does not."""

    writes: Sequence[PlannedWrite]
    restored: Mapping[UUID, Fields]
    left: Sequence[Row]

    @property
    def hash(self) -> str:
        undone = [{"undo": str(entity_id), "fields": fields} for entity_id, fields in self.restored.items()]
        return hash_of([*(canonical(write) for write in self.writes), *undone])


async def foresee_undo(
    connection: Connection, workspace: str, definitions: Definitions, undo: Undo
) -> UndoPlan:
    """The old values that may come back, and the writes that bring every side to them."""
    if undo.since is not None:
        written = await changed_since(connection, workspace, undo.since)
    else:
        written = await written_by(connection, workspace, undo.plan or "")
    ids = {one.entity_id for one in written}
    entities = await load_entities(connection, ids)
    busy = await busy_entities(connection, workspace)
    shadows = await load_shadows(connection, ids)
    restored: dict[UUID, Fields] = {}
    left: list[Row] = []
    for one in written:
        entity = entities[one.entity_id]
        is_field = one.field in entity_models()[entity.type].fields  # a link between records is none
        if not is_field or entity.fields.get(one.field) == one.old:
            continue
        if why := _why_not(one, entity, busy, shadows, definitions):
            left.append(_left(one, entity, why))
        else:
            restored.setdefault(entity.id, {})[one.field] = one.old
    rows = await rows_of_entities(connection, restored.keys())
    writes = [
        write
        for row in rows
        if (write := _write(row, entities[row.entity_id], restored, shadows, definitions)) is not None
    ]
    return UndoPlan(sorted(writes, key=lambda w: (w.object, w.entity_id)), restored, left)


def _why_not(
    one: Written,
    entity: Entity,
    busy: set[UUID],
    shadows: Mapping[Target, Shadow],
    definitions: Definitions,
) -> str | None:
    """Why a value stays as it is; None: it may go back."""
    if not one.existed:
        return "made by the run: archive it by hand"
    if not one.known:
        return "what was there before had not been read"
    if _is_amount(entity_models()[entity.type], one.field):
        return "amounts of money documents are not taken back"
    if entity.id in busy:
        return "a write of it is open"
    if one.object:  # a side's value in its own form: what the entity still asks of that side
        shadow = shadows.get(Target(entity.id, one.object, "primary"))
        known = shadow.fields if shadow is not None else {}
        now = definitions.mappings[one.object].expected(entity.fields, creating=False, known=known)
        return None if {**known, **now}.get(one.field) == one.new else "changed again since"
    return None if entity.fields.get(one.field) == one.new else "changed again since"


def _is_amount(model: EntityModel, path: str) -> bool:
    """Of a document that moves money everything but its free texts."""
    return moves_money(model) and model.fields[path].field_class != "free_text"


def _write(
    row: CrosswalkRow,
    entity: Entity,
    restored: Mapping[UUID, Fields],
    shadows: Mapping[Target, Shadow],
    definitions: Definitions,
) -> PlannedWrite | None:
    target = row.target
    shadow = shadows.get(target)
    if shadow is None:
        return None
    fields = {**entity.fields, **restored[entity.id]}
    said = definitions.mappings[target.object].expected(fields, creating=False, known=shadow.fields)
    patch = {
        path: value
        for path, value in said.items()
        if not shadow.holds(path, value) and path not in shadow.marks.held and path not in entity.parked
    }
    if not patch:
        return None
    fingerprint = blake2b(orjson.dumps(patch, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()
    place = f"{target.object}/{target.role}"
    intent_id = derived_id(
        entity.workspace, str(entity.id), place, str(entity.version + 1), str(shadow.revision), fingerprint
    )
    before = {path: shadow.fields[path] for path in patch if path in shadow.fields}
    return PlannedWrite(
        intent_id,
        entity.id,
        entity.type,
        entity.origin,
        target.object,
        target.role,
        "update",
        row.key.external_id,
        patch,
        before,
        budget_groups()[system_of(target.object)],
    )


async def apply_undo(connection: Connection, workspace: str, plan: UndoPlan) -> None:
    """The caller holds the gate's lock and has compared the hashes."""
    entities = await lock_entities(connection, plan.restored.keys())
    cause, at = f"rule undo {plan.hash}", SystemClock().now().isoformat()
    audit: list[AuditRow] = []
    for entity_id, fields in plan.restored.items():
        entity = entities[entity_id]
        entity.version += 1
        for path, value in fields.items():
            audit.append(AuditRow(workspace, entity_id, path, entity.fields.get(path), value, cause, ""))
            entity.set(path, value, Clock(entity.version, _WRITER, at))
    await save_entities(connection, entities.values())
    await save_audit(connection, audit)
    await ask_replan(connection, workspace, plan.restored.keys())  # also how they are found again
    key = (await ensure_workspace(connection, workspace)).reference_key
    await insert_planned(
        connection, [_intent(write, entities[write.entity_id], key) for write in plan.writes]
    )
    await release(connection, [write.intent_id for write in plan.writes], plan.hash)
    await save_reviews(
        connection,
        [Review(workspace, "undo", row["record"], {**row, "undo": plan.hash}) for row in plan.left],
    )


def _intent(write: PlannedWrite, entity: Entity, reference_key: bytes) -> Intent:
    return Intent(
        write.intent_id,
        entity.workspace,
        write.budget_group,
        Target(entity.id, write.object, write.role),
        "update",
        write.patch,
        {
            path: entity.clocks[path].version if path in entity.clocks else entity.version
            for path in write.patch
        },
        "planned",
        entity.version,
        reference=reference(reference_key, entity.origin, write.object, write.role),
    )


def _left(one: Written, entity: Entity, why: str) -> Row:
    record = f"{one.object}/{one.external_id}" if one.object else entity.origin
    return {
        "record": f"{record} {one.field}",
        "now": entity.fields.get(one.field),
        "was": one.old,
        "why": why,
    }
