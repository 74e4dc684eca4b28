"""Enrich, before planning: a record that no longer belongs on a side, such as the account of a person.

In: Entity that took part in the batch    Out: links to that side are to be cleared, a person is told

It stays where it is and stays ours: no vendor has an account in waiting, and the customer may become an
organization again. Nothing is deleted, and none is made twice.
"""

from __future__ import annotations

from collections.abc import Mapping

from twinledger.enrich.observed import ROLE, BatchState
from twinledger.mapping.lens import ObjectMapping
from twinledger.mapping.links import LEFT, LINKED
from twinledger.mapping.sync_rule import SyncRule
from twinledger.state.records import Entity, Review, Target

__all__ = ["retype"]


def retype(entity: Entity, rule: SyncRule, mappings: Mapping[str, ObjectMapping], state: BatchState) -> None:
    """Sides whose condition held and holds no more; one that was never read says nothing yet."""
    targets = rule.targets(entity.fields)
    for name in rule.systems:
        side, known = state.side_of(entity.id, name), state.shadows.get(Target(entity.id, name, ROLE))
        if name in targets or side is None or side.status != "active" or known is None:
            continue
        left = [other for other in targets if _leaves(entity, other, name, mappings[other], state)]
        if left:
            evidence = {"entity": str(entity.id), "left_by": left}
            state.reviews.append(Review(state.workspace, "retyped", side.key.text(), evidence))


def _leaves(entity: Entity, object_name: str, left: str, mapping: ObjectMapping, state: BatchState) -> bool:
    shadow = state.shadows.get(Target(entity.id, object_name, ROLE))
    if shadow is None:
        return False
    marks = [
        mark for mark, named in mapping.links().items() if named == left and shadow.fields.get(mark) == LINKED
    ]
    shadow.fields.update(dict.fromkeys(marks, LEFT))
    shadow.changed = shadow.changed or bool(marks)
    return bool(marks)
