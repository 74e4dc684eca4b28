"""Enrich, step 5a: a document that was sent while a flow's change was on its way keeps what it said.

In: derived entities that took part in the batch    Out: the change taken back, and a question

A posted document changes only by its owner. A draft may follow its trigger (`follow: while_draft`), and a
person may send it before that write arrives.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from twinledger.enrich.observed import ROLE, BatchState
from twinledger.enrich.steps.ask_about_trigger import changed_kind, subject_of, writer_of
from twinledger.mapping.flow import Flow
from twinledger.state.history import AuditRow
from twinledger.state.records import Clock, Entity, Review, Shadow, Target

__all__ = ["yield_to_owner"]


def yield_to_owner(flows: Sequence[Flow], touched: Iterable[UUID], state: BatchState, now: datetime) -> None:
    """Undo in memory what was never written to a document that is no draft any more."""
    following = {flow.name: flow for flow in flows if flow.follows_drafts}
    for entity_id in touched:
        derivation = state.derivations.get(entity_id)
        flow = following.get(derivation.flow) if derivation is not None else None
        if derivation is None or flow is None:
            continue
        entity, shadow = state.entities[entity_id], state.shadows.get(Target(entity_id, flow.target, ROLE))
        if shadow is None or shadow.fields.get("state") == "draft":
            continue
        pending = _never_written(flow, entity, shadow)
        if pending:
            _take_back(flow, entity, shadow, pending, state, now)
            _ask(flow, state.entities[derivation.source_id], entity, pending, shadow, state)


def _never_written(flow: Flow, entity: Entity, shadow: Shadow) -> dict[str, Any]:
    """What the flow set after the target last agreed."""
    return {
        name: entity.fields[name]
        for name, clock in entity.clocks.items()
        if clock.writer == writer_of(flow)
        and clock.version > shadow.bases.get(name, 0)
        and name in shadow.fields
        and entity.fields.get(name) != shadow.fields[name]
    }


def _take_back(
    flow: Flow, entity: Entity, shadow: Shadow, pending: dict[str, Any], state: BatchState, now: datetime
) -> None:
    clock = Clock(entity.version + 1, flow.target, now.isoformat())
    for name, old in pending.items():
        entity.set(name, shadow.fields[name], clock)
        row = AuditRow(
            state.workspace, entity.id, name, old, shadow.fields[name], writer_of(flow), flow.definition
        )
        state.audit.append(row)
    shadow.bases.update(dict.fromkeys(pending, clock.version))
    shadow.changed = True
    entity.version = clock.version


def _ask(
    flow: Flow, source: Entity, entity: Entity, pending: dict[str, Any], shadow: Shadow, state: BatchState
) -> None:
    evidence = {
        "flow": flow.definition,
        "entity": str(source.id),
        "trigger": source.fields.get("number") or source.fields.get("name"),
        "why": "sent before it could follow",
        "documents": [{"entity": str(entity.id), "number": entity.fields.get("number")}],
        "differs": {
            name: {"made_from": shadow.fields[name], "now": value} for name, value in pending.items()
        },
    }
    kind, subject = changed_kind(source), subject_of(flow, source)
    state.withdrawn.discard((kind, subject))
    state.reviews.append(Review(state.workspace, kind, subject, evidence))
