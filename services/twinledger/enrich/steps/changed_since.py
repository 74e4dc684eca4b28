"""Enrich, for ends of records: what others set of an entity that the side which ends has not agreed to."""

from __future__ import annotations

from twinledger.mapping.sync_rule import SyncRule
from twinledger.state.records import Entity, Fields, Shadow

__all__ = ["changed_since"]


def changed_since(entity: Entity, shadow: Shadow, rule: SyncRule) -> Fields:
    """What others set after the side whose record ended last agreed. What we wrote there and nobody has
    seen since is no agreement: the record may have ended before that write."""
    return {
        path: entity.fields.get(path)
        for path, value in shadow.fields.items()
        if path != "state"
        and path in rule.policy
        and rule.policy[path].kind != "computed"
        and path in entity.clocks
        and (
            (entity.clocks[path].version > shadow.bases.get(path, 0) and entity.fields.get(path) != value)
            or (path in shadow.marks.unseen and entity.clocks[path].writer != shadow.target.object)
        )
    }
