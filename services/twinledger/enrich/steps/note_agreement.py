"""Enrich, step 4c: another side that holds already what was just accepted agrees with it from now on.

In: Entity, the fields accepted from one side    Out: raised bases of the other sides

A value that came and went before it was written leaves the other side as it was. Without this what a person
types there later would count as concurrent with the value that went, and might lose to it.
"""

from __future__ import annotations

from collections.abc import Collection

from twinledger.enrich.observed import ROLE, BatchState
from twinledger.mapping.sync_rule import SyncRule
from twinledger.state.records import Entity, Shadow, Target

__all__ = ["note_agreement"]


def note_agreement(
    entity: Entity, accepted: Collection[str], said_by: Target, rule: SyncRule, state: BatchState
) -> None:
    """Not where a write is on its way: what that side holds is not known until it is settled."""
    if not accepted:
        return
    for object_name in rule.systems:
        target = Target(entity.id, object_name, ROLE)
        shadow = state.shadows.get(target)
        if shadow is None or target == said_by or _is_written(target, state):
            continue
        held = [path for path in accepted if _holds(shadow, entity, path)]
        shadow.bases.update({path: entity.clocks[path].version for path in held})
        shadow.changed = shadow.changed or bool(held)


def _is_written(target: Target, state: BatchState) -> bool:
    return any(intent.state in ("sending", "unknown") for intent in state.intents.get(target, ()))


def _holds(shadow: Shadow, entity: Entity, path: str) -> bool:
    return path in shadow.fields and shadow.fields[path] == entity.fields[path]
