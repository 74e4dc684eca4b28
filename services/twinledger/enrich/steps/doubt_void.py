"""Enrich, after planning: doubts a record of money that one side made void while another still counts it.

In: Entity    Out: a review item where no write of ours can say so (Books has no void payment)
"""

from __future__ import annotations

from collections.abc import Mapping

from twinledger.enrich.observed import BatchState
from twinledger.mapping.lens import ObjectMapping
from twinledger.state.records import Entity, Review

__all__ = ["doubt_void"]

VOID = "void"


def doubt_void(entity: Entity, mappings: Mapping[str, ObjectMapping], state: BatchState) -> None:
    """Money is never deleted by us: a person takes it back where it still counts. A side that has a state
    is written; one that has none goes on counting."""
    if entity.fields.get("state") != VOID:
        return
    counting = [
        side.key.text()
        for target, side in state.sides.items()
        if target.entity_id == entity.id
        and side.status == "active"
        and not mappings[target.object].carries("state")
    ]
    if counting:
        evidence = {"entity": str(entity.id), "still_counted": sorted(counting)}
        state.reviews.append(Review(state.workspace, "void", f"entity:{entity.id}", evidence))
