"""Enrich, step 6 of 6: plans the writes that bring every side to the entity's state.

In: Entity, its shadows and open intents    Out: planned and superseded intents in the batch state

A side is written only where the mapping of the entity differs from its shadow, so a round trip
plans nothing and the sync cannot loop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Literal

import orjson

from twinledger.enrich.observed import ROLE, BatchState
from twinledger.kernel.ids import derived_id, reference
from twinledger.mapping.flow import Flow
from twinledger.mapping.lens import ObjectMapping
from twinledger.mapping.sync_rule import SyncRule
from twinledger.state.records import Entity, Fields, Intent, Lane, Shadow, Target, system_of

__all__ = ["Planner"]


@dataclass(frozen=True, slots=True)
class Planner:
    """What planning needs besides the batch: definitions, budget groups, the reference key."""

    mappings: Mapping[str, ObjectMapping]
    budget_groups: Mapping[str, str]
    reference_key: bytes
    flows: Sequence[Flow]

    def plan(
        self, entity: Entity, rule: SyncRule, state: BatchState, lane: Lane, received_at: datetime | None
    ) -> None:
        """Plan for each side that should hold the entity; older plans are superseded."""
        if rule.is_before(entity.fields, state.settings.get("since")):
            for target, intents in state.intents.items():
                if target.entity_id == entity.id:
                    _supersede(intents, newer=None)
            return
        targets = rule.targets(entity.fields)
        for object_name in rule.systems:
            if object_name not in targets:
                creates = state.intents.get(Target(entity.id, object_name, ROLE), [])
                _supersede([one for one in creates if one.op == "create"], newer=None)
        for object_name in targets:
            target = Target(entity.id, object_name, ROLE)
            wanted = self._wanted(entity, rule, target, state)
            open_here = state.intents.get(target, [])
            if wanted is None:
                _supersede(open_here, newer=None)
                continue
            intent = self._intent(entity, target, *wanted, state, lane, received_at)
            _supersede(open_here, newer=intent)
            if all(other.id != intent.id for other in open_here):
                state.planned.append(intent)
                state.intents.setdefault(target, []).append(intent)

    def _wanted(
        self, entity: Entity, rule: SyncRule, target: Target, state: BatchState
    ) -> tuple[Literal["create", "update"], Fields] | None:
        side = state.sides.get(target)
        shadow = state.shadows.get(target)
        mapping = self.mappings[target.object]
        if side is None:
            if state.questions.about(target.entity_id, target.object):
                return None  # a record there waits for a person's word, and may be this one
            unsettled = any(i.state in ("sending", "unknown") for i in state.intents.get(target, []))
            if unsettled or not self._may_create(entity, rule, target.object, state):
                return None
            patch = _patch(entity, mapping, None, rule)
            return ("create", patch | self._links(entity, mapping, None, state)) if patch else None
        if side.status != "active" or shadow is None or not shadow.fields:  # never read: what would be lost?
            return None
        patch = _patch(entity, mapping, shadow, rule) | self._links(entity, mapping, shadow, state)
        if not patch:
            state.counted["noop", system_of(target.object), entity.type] += 1
        return ("update", patch) if patch else None

    def _links(
        self, entity: Entity, mapping: ObjectMapping, shadow: Shadow | None, state: BatchState
    ) -> Fields:
        """The account of a contact; not one that a person deleted."""
        wanted = mapping.links_wanted(entity.fields, shadow.fields if shadow is not None else {})
        sides = {mark: state.side_of(entity.id, mapping.links()[mark]) for mark in wanted}
        dead = {mark for mark, side in sides.items() if side is not None and side.status == "deleted"}
        return {mark: value for mark, value in wanted.items() if value is None or mark not in dead}

    def _may_create(self, entity: Entity, rule: SyncRule, object_name: str, state: BatchState) -> bool:
        """By the rule, or because a flow made the entity for this object; then the others follow what this
        one took: a document that its own side refuses has no mirror. Never what has ended or was merged."""
        sides = (state.side_of(entity.id, name) for name in rule.systems)
        merged = any(side is not None and side.status == "merged_into" for side in sides)
        if merged or entity.fields.get("state") in ("deleted", "void"):
            return False
        home = next(
            (flow.target for flow in self.flows if entity.origin.startswith(f"flow:{flow.name}/")), None
        )
        if home is None or home == object_name:
            return rule.systems[object_name].create or home is not None
        return rule.systems[object_name].create and Target(entity.id, home, ROLE) in state.sides

    def _intent(
        self,
        entity: Entity,
        target: Target,
        op: Literal["create", "update"],
        patch: Fields,
        state: BatchState,
        lane: Lane,
        received_at: datetime | None,
    ) -> Intent:
        shadow = state.shadows.get(target)
        fingerprint = blake2b(orjson.dumps(patch, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()
        intent_id = derived_id(
            state.workspace,
            str(entity.id),
            f"{target.object}/{target.role}",
            str(entity.version),
            str(shadow.revision if shadow is not None else 0),
            fingerprint,
        )
        mark = reference(self.reference_key, entity.origin, target.object, target.role)
        if op == "create":
            state.new_references.append((mark, target))
        return Intent(
            intent_id,
            state.workspace,
            self.budget_groups[system_of(target.object)],
            target,
            op,
            patch,
            {path: _set_at(entity, path) for path in patch},
            "planned",
            entity.version,
            lane=lane,
            reference=mark,
            received_at=received_at,
        )


def _set_at(entity: Entity, path: str) -> int:
    """The version that set a field; a default of the mapping counts from now."""
    return entity.clocks[path].version if path in entity.clocks else entity.version


def _patch(entity: Entity, mapping: ObjectMapping, shadow: Shadow | None, rule: SyncRule) -> Fields:
    """Fields that this side should hold and does not; a create leaves out what is empty."""
    known = shadow.fields if shadow is not None else {}
    said = mapping.expected(entity.fields, creating=shadow is None, known=known)
    patch = {path: value for path, value in said.items() if value != known.get(path)}
    if not patch or (shadow is None and not entity.parked):
        return patch
    return {path: value for path, value in patch.items() if not _is_left(entity, path, value, shadow, rule)}


def _is_left(entity: Entity, path: str, value: object, shadow: Shadow | None, rule: SyncRule) -> bool:
    """Is this difference left as it is? A person must decide; the side makes this of the very value; the
    field went back and forth there; or the rule tolerates what was changed there since both agreed."""
    if path in entity.parked:
        return True
    if shadow is None:
        return False
    if path in shadow.marks.held or shadow.holds(path, value):
        return True
    return rule.policy[path].tolerate and shadow.bases.get(path, 0) >= _set_at(entity, path)


def _supersede(intents: list[Intent], newer: Intent | None) -> None:
    """A newer plan replaces those that were not sent; rejected ones end with it too."""
    for intent in intents:
        if newer is not None and (intent.id == newer.id or _stands(intent, newer)):
            continue
        if intent.state in ("planned", "rejected"):
            intent.state = "superseded"
            intent.changed = True


def _stands(accepted: Intent, newer: Intent) -> bool:
    """What a person accepted is written as accepted while the newer plan only adds to it."""
    if accepted.released_by is None or accepted.state != "planned" or accepted.op != newer.op:
        return False
    return all(path in newer.patch and newer.patch[path] == value for path, value in accepted.patch.items())
