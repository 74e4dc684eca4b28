"""Enrich, with the merge: doubts a record that people put under another customer's: a person in CRM whom they
put into the account of somebody else.

In: Observed, its shadow before    Out: a review item, once for each time that it is put there

What such a record shows of its own is no longer read where the account has it; only people know whether the
two are one customer.
"""

from __future__ import annotations

from uuid import UUID

from twinledger.enrich.observed import BatchState, Observed
from twinledger.mapping.links import LINKED, mark_of
from twinledger.state.records import ExternalKey, Review, Shadow

__all__ = ["doubt_link"]


def doubt_link(observed: Observed, entity_id: UUID, shadow: Shadow | None, state: BatchState) -> None:
    """Links that are new, and name a record of another entity."""
    for name, linked in observed.links.items():
        row = state.crosswalk.get(ExternalKey.parse(linked))
        is_new = shadow is None or shadow.fields.get(mark_of(name)) != LINKED
        if is_new and row is not None and row.status == "active" and row.entity_id != entity_id:
            evidence = {
                "entity": str(entity_id),
                "linked": linked,
                "of": str(row.entity_id),
                "try": f"take it out of {linked} there, or merge the two customers",
            }
            state.reviews.append(Review(state.workspace, "linked_to_another", observed.key.text(), evidence))
