"""Enrich, after planning: doubts a document whose sides work out different totals, and says why they do.

In: Entity with nothing left to write    Out: a review item when two ledgers would not agree to the cent,
or on the currency; it is withdrawn when they do
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any
from uuid import UUID

from twinledger.enrich.observed import BatchState
from twinledger.enrich.steps.resolve_references import ENTITY_PREFIX
from twinledger.mapping.explain import explain_difference
from twinledger.mapping.lens import ObjectMapping
from twinledger.mapping.line_taxes import taxes_of
from twinledger.mapping.money_documents import money_document
from twinledger.mapping.sync_rule import SyncRule
from twinledger.state.records import Entity, Fields, Review

__all__ = ["doubt_totals", "settled_sides", "sides_agree", "taxes_named"]

QUESTION = "totals_differ"
TOTAL, CURRENCY = "total", "currency"
Sides = Mapping[str, Fields]


def settled_sides(entity: Entity, rule: SyncRule, state: BatchState) -> Sides | None:
    """What each side says of a document; None where none is compared, or while a write is on its way."""
    policy = rule.policy.get(TOTAL)
    if policy is None or policy.kind != "computed" or _in_work(entity, state):
        return None
    return {
        shadow.target.object: shadow.fields
        for shadow in state.shadows.values()
        if shadow.target.entity_id == entity.id and shadow.content_hash is not None
    }


def sides_agree(entity: Entity, sides: Sides, state: BatchState) -> bool:
    """To the cent and on the currency; what was asked before is no question then."""
    agree = len({(fields.get(TOTAL), fields.get(CURRENCY)) for fields in sides.values()}) < 2
    if agree:
        state.withdraw(QUESTION, f"entity:{entity.id}")
    return agree


def taxes_named(sides: Sides) -> set[UUID]:
    """The taxes that explaining needs to know."""
    lines = (line for fields in sides.values() for line in fields.get("lines") or ())
    return {UUID(one.removeprefix(ENTITY_PREFIX)) for line in lines for one in taxes_of(line)}


def doubt_totals(
    entity: Entity,
    sides: Sides,
    mappings: Mapping[str, ObjectMapping],
    taxes: Mapping[UUID, Entity],
    state: BatchState,
) -> None:
    """The difference, and each line, tax or rounding that it comes from."""

    def lookup(reference: str) -> Fields:
        found = taxes.get(UUID(reference.removeprefix(ENTITY_PREFIX)))
        return found.fields if found is not None else {}

    documents = [money_document(mappings[name], fields, lookup) for name, fields in sides.items()]
    evidence: dict[str, Any] = {
        "entity": str(entity.id),
        "number": entity.fields.get("number"),
        "totals": {name: fields.get(TOTAL) for name, fields in sides.items()},
        "currencies": {name: fields.get(CURRENCY) for name, fields in sides.items()},
        "differences": [
            f"{left.system} | {right.system}: {each.as_text()}"
            for left, right in pairwise(documents)
            for each in explain_difference(left, right)
        ],
    }
    state.reviews.append(Review(state.workspace, QUESTION, f"entity:{entity.id}", evidence))


def _in_work(entity: Entity, state: BatchState) -> bool:
    return any(
        intent.state in ("planned", "sending", "unknown")
        for target, intents in state.intents.items()
        if target.entity_id == entity.id
        for intent in intents
    )
