"""Enrich, step 5b: what came of a trigger goes back to it: the invoice's number, what is paid.

In: Entity that took part in the batch    Out: the triggers whose own fields that changed

The fields belong to no system (`owner(twinledger)`), so what returns with the trigger's next reading
changes nothing: it cannot go round.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from twinledger.enrich.observed import ROLE, BatchState
from twinledger.enrich.steps.ask_about_trigger import ask_why_failed, writer_of
from twinledger.mapping.errors import MappingError
from twinledger.mapping.flow import Flow
from twinledger.state.derivations import Derivation
from twinledger.state.history import AuditRow
from twinledger.state.records import Clock, Entity, Target

__all__ = ["give_back"]


def give_back(
    flows: Sequence[Flow], touched: Iterable[UUID], state: BatchState, now: datetime
) -> list[tuple[Entity, list[UUID]]]:
    """Triggers that changed, with what they gave rise to; each is looked at once, with all of it."""
    sources = {
        state.derivations[one].source_id if one in state.derivations else one
        for one in touched
        if one in state.derivations or one in state.derived_from
    }
    changed = []
    for source_id in sorted(sources):
        source = state.entities[source_id]
        for flow in flows:
            made = [one for one in _made_of(source, state) if one.flow == flow.name]
            if made and _gave(flow, source, made, state, now):
                changed.append((source, [source_id, *state.derived_from[source_id]]))
    return changed


def _made_of(source: Entity, state: BatchState) -> list[Derivation]:
    return [state.derivations[one] for one in state.derived_from[source.id]]


def _gave(flow: Flow, source: Entity, made: Sequence[Derivation], state: BatchState, now: datetime) -> bool:
    try:
        return _set(flow, source, made, state, now)
    except MappingError as error:
        ask_why_failed(flow, source, error, state)
        return False


def _set(flow: Flow, source: Entity, made: Sequence[Derivation], state: BatchState, now: datetime) -> bool:
    documents = [_as_the_target_says(flow, one, state) for one in made]
    stated = [document for document in documents if document is not None]
    if len(stated) < len(documents):
        return False  # half of it is no answer
    values = flow.back(stated, state.settings)
    moved = {name: value for name, value in values.items() if source.fields.get(name) != value}
    clock = Clock(source.version + 1, writer_of(flow), now.isoformat())
    for name, value in moved.items():
        old = source.fields.get(name)
        source.set(name, value, clock)
        state.audit.append(
            AuditRow(state.workspace, source.id, name, old, value, clock.writer, flow.definition)
        )
    source.version += bool(moved)
    return bool(moved)


def _as_the_target_says(flow: Flow, derivation: Derivation, state: BatchState) -> Mapping[str, Any] | None:
    """The document with the amounts that its target works out; None before it is there."""
    entity = state.entities[derivation.entity_id]
    shadow = state.shadows.get(Target(entity.id, flow.target, ROLE))
    if shadow is None or state.side_of(entity.id, flow.target) is None:
        return None
    return {**entity.fields, **shadow.fields}
