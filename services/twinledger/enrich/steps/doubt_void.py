"""Enrich, after planning: doubts a record of money that one side made void while another still counts it.

In: Entity    Out: a review item where no write of ours can say so (Books has no void payment); it is
withdrawn when the record is restored, or counts nowhere any more
"""

from __future__ import annotations

from collections.abc import Mapping

from twinledger.enrich.observed import BatchState
from twinledger.mapping.lens import ObjectMapping
from twinledger.mapping.sync_rule import SyncRule
from twinledger.state.records import Entity, Review

__all__ = ["doubt_void"]

VOID = "void"


def doubt_void(
    entity: Entity, rule: SyncRule, mappings: Mapping[str, ObjectMapping], state: BatchState
) -> None:
    """Money is never deleted by us: a person takes it back where it still counts. A side that has a state
    is written; one that has none goes on counting."""
    if rule.delete != "void":
        return
    stateless = [name for name in rule.systems if not mappings[name].carries("state")]
    if not stateless:
        return
    rows = [row for name in stateless if (row := state.side_of(entity.id, name)) is not None]
    counting = sorted(row.key.text() for row in rows if row.status == "active")
    subject = f"entity:{entity.id}"
    if counting and entity.fields.get("state") == VOID:
        evidence = {"entity": str(entity.id), "still_counted": counting}
        state.reviews.append(Review(state.workspace, "void", subject, evidence))
    else:
        state.withdraw("void", subject)
