"""Enrich, step 5: questions about a trigger that no longer fits what a flow made of it.

In: trigger and what was made of it    Out: a review item, or its withdrawal; what was asked is remembered
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twinledger.enrich.observed import BatchState
from twinledger.mapping.errors import MappingError
from twinledger.mapping.flow import Flow
from twinledger.state.derivations import Derivation
from twinledger.state.records import Entity, Fields, Review

__all__ = [
    "FAILED",
    "UNDONE",
    "ask",
    "ask_why_failed",
    "changed_kind",
    "keep",
    "settle",
    "subject_of",
    "writer_of",
]

UNDONE, FAILED = "flow_undone", "flow_failed"


def writer_of(flow: Flow) -> str:
    """How clocks and the audit name a flow."""
    return f"flow:{flow.name}"


def subject_of(flow: Flow, source: Entity) -> str:
    """What a question is about: one flow and one trigger."""
    return f"{writer_of(flow)}/{source.id}"


def changed_kind(source: Entity) -> str:
    """order_changed, deal_changed."""
    return f"{source.type.rpartition('_')[2]}_changed"


def ask_why_failed(flow: Flow, source: Entity, error: MappingError, state: BatchState) -> None:
    """A flow that fails asks, and stops nothing else."""
    subject = subject_of(flow, source)
    state.withdrawn.discard((FAILED, subject))
    evidence = {"entity": str(source.id), "field": error.field, "why": str(error)}
    state.reviews.append(Review(state.workspace, FAILED, subject, evidence))


def ask(
    kind: str,
    flow: Flow,
    source: Entity,
    made: Sequence[Derivation],
    now: Fields,
    state: BatchState,
    *,
    taken_back: bool = False,
) -> None:
    """One question a trigger; the same state is not asked about twice. It shows what the documents were made
    from, or what was asked about before and is `taken_back` now."""
    basis = made[0].basis or {}
    word, before = ("asked_about", made[0].asked or {}) if taken_back else ("made_from", basis)
    subject = subject_of(flow, source)
    evidence = {
        "flow": flow.definition,
        "entity": str(source.id),
        "trigger": source.fields.get("number") or source.fields.get("name"),
        "documents": [_shown(state.entities[one.entity_id], one.part) for one in made],
        "differs": {
            name: {word: before.get(name), "now": now.get(name)}
            for name in sorted({*flow.reads, *now, *before})
            if before.get(name) != now.get(name)
        },
    }
    state.reviews.append(Review(state.workspace, kind, subject, evidence))
    state.withdrawn |= {(other, subject) for other in (UNDONE, changed_kind(source)) if other != kind}
    keep(made, basis, now)


def _shown(entity: Entity, part: str) -> dict[str, Any]:
    named = {name: entity.fields.get(name) for name in ("number", "state")}
    return {"entity": str(entity.id), **({"part": part} if part else {}), **named}


def settle(flow: Flow, source: Entity, made: Sequence[Derivation], basis: Fields, state: BatchState) -> None:
    """The trigger fits again: what was asked is no question any more."""
    state.withdrawn |= {(kind, subject_of(flow, source)) for kind in (UNDONE, changed_kind(source))}
    keep(made, basis, None)


def keep(made: Sequence[Derivation], basis: Fields, asked: Fields | None) -> None:
    """What the documents were made from, and what a person was last asked about."""
    for one in made:
        if (one.basis, one.asked) != (basis, asked):
            one.basis, one.asked, one.changed = basis, asked, True
