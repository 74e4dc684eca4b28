"""CLI: `twinledger sync undo`: a plan that puts old values back, shown first, then applied by its hash.

The old value becomes the record's value again, as an edit of the rule "undo", and every side is brought to
it: so the sync does not do the undone once more. Amounts of money documents, and records that a run made,
are questions for a person.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import orjson
import typer

from twinledger.cli.failure import CommandError, Exit
from twinledger.cli.output import Form, FormOption, print_record, print_rows, say
from twinledger.cli.place import DirectoryOption, WorkspaceOption, connected
from twinledger.connectors.opening import budget_groups
from twinledger.kernel.clock import SystemClock
from twinledger.kernel.database import Connection
from twinledger.kernel.ids import derived_id, reference
from twinledger.mapping.definitions import Definitions, load_shipped
from twinledger.mapping.entity_model import EntityModel, entity_models
from twinledger.mapping.natural_keys import natural_key
from twinledger.mapping.sync_rule import SyncRule
from twinledger.state.crosswalk import rows_of_entities
from twinledger.state.entities import load_entities, lock_entities, save_entities
from twinledger.state.history import AuditRow, save_audit, save_reviews
from twinledger.state.identity import save_match_keys
from twinledger.state.intents import insert_planned
from twinledger.state.plans import (
    PlannedWrite,
    StoredPlan,
    canonical,
    hash_of,
    load_accepted,
    release,
    store_plan,
)
from twinledger.state.records import Clock, CrosswalkRow, Entity, Fields, Intent, Review, Shadow, Target, system_of
from twinledger.state.shadows import load_shadows
from twinledger.state.undo import Written, busy_entities, changed_since, written_by
from twinledger.state.workspaces import ensure_workspace

__all__ = ["Undo", "UndoPlan", "apply_undo", "foresee_undo", "register"]

Row = dict[str, Any]
_WRITER = "undo"


def register(app: typer.Typer) -> None:
    """Add `undo`."""
    app.command("undo", help=_HELP)(undo)


_HELP = (
    "Plan to put back the values before a time, or before an accepted plan; nothing is written yet.\n\n"
    "Example: twinledger sync undo --since 2026-03-05T17:40:00Z"
)


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
        undone = [
            {"undo": str(entity_id), "fields": fields} for entity_id, fields in self.restored.items()
        ]
        return hash_of([*(canonical(write) for write in self.writes), *undone])


def undo(
    since: Annotated[datetime | None, typer.Option(help="Take back every change since then (UTC).")] = None,
    plan: Annotated[str | None, typer.Option(metavar="HASH", help="Take back this accepted plan.")] = None,
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    if (since is None) == (plan is None):
        raise CommandError("say --since or --plan", "twinledger sync undo --help", Exit.USAGE)
    wanted = Undo(since.replace(tzinfo=since.tzinfo or UTC) if since else None, plan)

    async def read() -> UndoPlan:
        async with connected(directory) as connection:
            if plan is not None and await load_accepted(connection, workspace, plan) is None:
                raise CommandError(f"no plan {plan} was accepted", "twinledger sync status", Exit.NOT_FOUND)
            found = await foresee_undo(connection, workspace, load_shipped(), wanted)
            writes = [_shown(write) for write in found.writes]
            await store_plan(connection, workspace, StoredPlan(found.hash, "undo", wanted.origin(), writes))
            return found

    _print(asyncio.run(read()), output)


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
        if entity.fields.get(one.field) == one.old:
            continue
        if why := _why_not(one, entity, busy, shadows, definitions):
            left.append(_left(one, entity, why))
        else:
            restored.setdefault(entity.id, {})[one.field] = one.old
    rows = [row for row in await rows_of_entities(connection, restored.keys())]
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
    if _is_amount(entity_models()[entity.type], one.field):
        return "amounts of money documents are not taken back"
    if entity.id in busy:
        return "a write of it is open"
    if one.object:  # a side's value in its own form: what the entity still asks of that side
        shadow = shadows.get(Target(entity.id, one.object, "primary"))
        known = shadow.fields if shadow is not None else {}
        now = definitions.mappings[one.object].expected(entity.fields, creating=False, known=known)
        return None if now.get(one.field) == one.new else "changed again since"
    return None if entity.fields.get(one.field) == one.new else "changed again since"


def _is_amount(model: EntityModel, path: str) -> bool:
    """Of a document that moves money everything but its free texts."""
    moves_money = bool({"lines", "amount"} & model.fields.keys())
    return moves_money and model.fields[path].field_class != "free_text"


def _write(
    row: CrosswalkRow,
    entity: Entity,
    restored: Mapping[UUID, Fields],
    shadows: Mapping[Target, Shadow],
    definitions: Definitions,
) -> PlannedWrite | None:
    target = Target(entity.id, row.key.object, row.role)
    shadow = shadows.get(target)
    if shadow is None:
        return None
    fields = {**entity.fields, **restored[entity.id]}
    said = definitions.mappings[target.object].expected(fields, creating=False, known=shadow.fields)
    patch = {path: value for path, value in said.items() if value != shadow.fields.get(path)}
    if not patch:
        return None
    fingerprint = blake2b(orjson.dumps(patch, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()
    place = f"{target.object}/{target.role}"
    intent_id = derived_id(
        entity.workspace, str(entity.id), place, str(entity.version + 1), str(shadow.revision), fingerprint
    )
    before = {path: shadow.fields.get(path) for path in patch}
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
    rules = load_shipped().sync_rules
    await save_match_keys(connection, workspace, {e.id: _match_keys(e, rules[e.type]) for e in entities.values()})
    key = (await ensure_workspace(connection, workspace)).reference_key
    await insert_planned(connection, [_intent(write, entities[write.entity_id], key) for write in plan.writes])
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
        {path: entity.clocks[path].version if path in entity.clocks else entity.version for path in write.patch},
        "planned",
        entity.version,
        reference=reference(reference_key, entity.origin, write.object, write.role),
    )


def _match_keys(entity: Entity, rule: SyncRule) -> list[str]:
    """What records of other systems find it by, as enrich keeps it."""
    sets = ({name: entity.fields.get(name) for name in sorted(names)} for names in rule.match)
    return [
        natural_key(rule.entity, {name: str(value) for name, value in values.items()})
        for values in sets
        if None not in values.values()
    ]


def _left(one: Written, entity: Entity, why: str) -> Row:
    record = f"{one.object}/{one.external_id}" if one.object else entity.origin
    return {"record": f"{record} {one.field}", "now": entity.fields.get(one.field), "was": one.old, "why": why}


def _shown(write: PlannedWrite) -> Row:
    return {
        "record": write.record,
        "entity_type": write.entity_type,
        "content": canonical(write),
        "before": write.before,
    }


def _print(found: UndoPlan, output: Form) -> None:
    rows = [
        {"record": write.record, "field": path, "now": write.before.get(path), "back_to": value}
        for write in found.writes
        for path, value in sorted(write.patch.items())
    ]
    if output is not Form.table:
        print_record({"plan": found.hash, "writes": rows, "left": list(found.left)}, output)
        return
    if rows:
        print_rows(rows, output)
    if found.left:
        typer.echo("\nleft as it is; when applied, each becomes a question for a person")
        print_rows(found.left, output, ("record", "now", "was", "why"))
    say(f"try: twinledger sync pause, then twinledger sync apply --plan {found.hash}")
