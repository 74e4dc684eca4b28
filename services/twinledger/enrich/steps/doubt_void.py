"""Enrich, after planning: doubts a record of money that one side made void while another still counts it.

In: Entity    Out: a review item where no write of ours can say so (Books has no void payment)
"""

from __future__ import annotations

from twinledger.enrich.observed import BatchState
from twinledger.state.records import Entity, Review, Target

__all__ = ["doubt_void"]

VOID = "void"


def doubt_void(entity: Entity, state: BatchState) -> None:
    """Money is never deleted by us: a person takes it back where it still counts."""
    if entity.fields.get("state") != VOID:
        return
    counting = [
        side.key.text()
        for target, side in state.sides.items()
        if target.entity_id == entity.id and side.status == "active" and not _says_state(target, state)
    ]
    if counting:
        evidence = {"entity": str(entity.id), "still_counted": sorted(counting)}
        state.reviews.append(Review(state.workspace, "void", f"entity:{entity.id}", evidence))


def _says_state(target: Target, state: BatchState) -> bool:
    """A side that holds a state is written; one that has none goes on counting."""
    shadow = state.shadows.get(target)
    return shadow is None or "state" in shadow.fields
