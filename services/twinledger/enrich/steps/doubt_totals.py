"""Enrich, after planning: doubts a document whose sides work out different totals.

In: Entity with nothing left to write    Out: a review item when two ledgers would not agree to the cent
"""

from __future__ import annotations

from twinledger.enrich.observed import BatchState
from twinledger.mapping.sync_rule import SyncRule
from twinledger.state.records import Entity, Review

__all__ = ["doubt_totals"]

COMPARED = "total"


def doubt_totals(entity: Entity, rule: SyncRule, state: BatchState) -> None:
    """Money fields are never patched to agree: the difference is shown, with its cause to be found."""
    policy = rule.policy.get(COMPARED)
    if policy is None or policy.kind != "computed" or _in_work(entity, state):
        return
    totals = {
        shadow.target.object: shadow.fields.get(COMPARED)
        for shadow in state.shadows.values()
        if shadow.target.entity_id == entity.id and shadow.content_hash is not None
    }
    if len(set(totals.values())) > 1:
        evidence = {"entity": str(entity.id), "number": entity.fields.get("number"), "totals": totals}
        state.reviews.append(Review(state.workspace, "totals_differ", f"entity:{entity.id}", evidence))


def _in_work(entity: Entity, state: BatchState) -> bool:
    return any(
        intent.state in ("planned", "sending", "unknown")
        for target, intents in state.intents.items()
        if target.entity_id == entity.id
        for intent in intents
    )
