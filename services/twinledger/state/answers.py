"""State: a person's answer to what a merge could not decide: a conflict, a field that went back and forth.

The answer changes the entity or the shadow under the entity's lock, closes the question and asks enrich
to plan anew, all in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from twinledger.kernel.database import Connection
from twinledger.kernel.errors import PermanentError
from twinledger.state.entities import lock_entities, save_entities
from twinledger.state.history import AuditRow, save_audit
from twinledger.state.records import Clock, Entity, Shadow, Target
from twinledger.state.shadows import load_shadows, save_shadows

__all__ = ["answer_conflict", "ask_replan", "choose_side", "end_quarantine", "take_replan"]

Row = dict[str, Any]


def choose_side(
    entity: Entity, shadows: Iterable[Shadow], path: str, object_name: str, at: datetime
) -> tuple[Any, Any]:
    """Old and new value: what `object_name` wants of a parked field is what the entity holds from now on.

    A side that shows this value agrees with it; the others are to be written.
    """
    sides = entity.parked.get(path, {})
    if object_name not in sides:
        raise PermanentError(
            f"{object_name} is none of {', '.join(sides) or 'the sides'}", error_class="validation"
        )
    old, new = entity.fields.get(path), sides[object_name]["value"]
    entity.version += 1
    entity.set(path, new, Clock(entity.version, object_name, at.isoformat()))
    del entity.parked[path]
    for shadow in shadows:
        if shadow.fields.get(path) == new:
            shadow.bases[path] = entity.version
            shadow.changed = True
    return old, new


async def answer_conflict(
    connection: Connection, workspace: str, number: int, object_name: str, at: datetime
) -> tuple[Any, Any]:
    """Settles a question of kind `conflict` with the value of one side; returns old and new value."""
    evidence = await _question(connection, workspace, number, "conflict")
    entity = await _locked(connection, workspace, number, evidence)
    shadows = await load_shadows(connection, [entity.id])
    path = evidence["field"]
    old, new = choose_side(entity, shadows.values(), path, object_name, at)
    await save_entities(connection, [entity])
    await save_shadows(connection, [shadow for shadow in shadows.values() if shadow.changed])
    cause = f"review {number}: {object_name} was chosen"
    await save_audit(connection, [AuditRow(workspace, entity.id, path, old, new, cause, entity.definition)])
    await _close(connection, number, {"choose": object_name, "at": at.isoformat()})
    await ask_replan(connection, workspace, [entity.id])
    return old, new


async def end_quarantine(connection: Connection, workspace: str, number: int, at: datetime) -> None:
    """Settles a question of kind `oscillation`: the field is written again."""
    evidence = await _question(connection, workspace, number, "oscillation")
    entity = await _locked(connection, workspace, number, evidence)
    target = Target(entity.id, evidence["object"], evidence["role"])
    shadow = (await load_shadows(connection, [entity.id])).get(target)
    if shadow is not None:
        held = {path: since for path, since in shadow.marks.held.items() if path != evidence["field"]}
        shadow.marks = replace(shadow.marks, held=held)
        await save_shadows(connection, [shadow])
    await _close(connection, number, {"at": at.isoformat()})
    await ask_replan(connection, workspace, [entity.id])


async def ask_replan(connection: Connection, workspace: str, entity_ids: Collection[UUID]) -> None:
    """Enrich plans the writes of these entities anew, soon, and not before this is committed."""
    await connection.execute(
        "insert into replan (workspace, entity_id) select $1, * from unnest($2::uuid[])",
        workspace,
        sorted(entity_ids),
    )


async def take_replan(connection: Connection) -> tuple[str, UUID] | None:
    """Workspace and entity of the oldest word, with all words on it so far; taken for good when the
    transaction commits. What is asked meanwhile is a word of its own."""
    row = await connection.fetchrow(
        """with oldest as (select entity_id from replan order by id limit 1 for update skip locked),
                taken as (select id from replan where entity_id = (select entity_id from oldest)
                             for update skip locked)
           delete from replan where id = any(array(select id from taken)) returning workspace, entity_id"""
    )
    return (row["workspace"], row["entity_id"]) if row is not None else None


async def _question(connection: Connection, workspace: str, number: int, kind: str) -> Row:
    """Its evidence. It is locked after the entity: in that order enrich asks it."""
    evidence: Row | None = await connection.fetchval(
        """select evidence from review_item
            where workspace = $1 and id = $2 and kind = $3 and state = 'open'""",
        workspace,
        number,
        kind,
    )
    if evidence is None:
        raise PermanentError(f"no open question {number} of kind {kind}", error_class="gone")
    return evidence


async def _locked(connection: Connection, workspace: str, number: int, evidence: Row) -> Entity:
    entity_id = UUID(evidence["entity"])
    entity = (await lock_entities(connection, [entity_id])).get(entity_id)
    still_open = await connection.fetchval(
        "select true from review_item where workspace = $1 and id = $2 and state = 'open' for update",
        workspace,
        number,
    )
    if entity is None or not still_open:
        raise PermanentError(f"question {number} answered itself meanwhile", error_class="gone")
    return entity


async def _close(connection: Connection, number: int, answer: Row) -> None:
    await connection.execute(
        """update review_item set state = 'answered',
                  evidence = evidence || jsonb_build_object('answer', $2::text::jsonb) where id = $1""",
        number,
        orjson.dumps(answer).decode(),
    )
