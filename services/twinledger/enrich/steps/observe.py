"""Enrich: one observation through the steps, against the state of its batch. Pure: it changes memory only.

In: Observed, BatchState    Out: Ok, Skip (seen, stale, unchanged, in review) or Retry (a parent is missing)
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from twinledger.enrich.definitions import SyncDefinitions
from twinledger.enrich.observed import ROLE, BatchState, Observed
from twinledger.enrich.steps.bury_record import Burial
from twinledger.enrich.steps.follow_merge import as_known_here, note_moves
from twinledger.enrich.steps.load_state import inbox_key
from twinledger.enrich.steps.merge_fields import Change, Merge, is_stale, merge
from twinledger.enrich.steps.resolve_identity import match_keys, resolve_identity
from twinledger.enrich.steps.resolve_references import resolve_references
from twinledger.enrich.steps.settle_echo import settle_echo
from twinledger.road.outcome import Ok, Outcome, Skip
from twinledger.state.history import AuditRow
from twinledger.state.records import Entity, Shadow, Target

__all__ = ["Observer"]


@dataclass(frozen=True, slots=True)
class Observer:
    """Applies observations to a batch."""

    definitions: SyncDefinitions

    def observe(self, observed: Observed, state: BatchState) -> Outcome[None]:
        """What this observation changes; `state.touched` collects the entities to plan for."""
        burial, before = Burial(self.definitions), state.crosswalk.get(observed.key)
        verdict = burial.judge(observed, state)  # may hear twice of an end: what a merge moved came later
        if verdict is not None:
            return verdict
        if inbox_key(observed) in state.seen:
            return Skip(reason="seen")
        resolved = resolve_references(observed, self.definitions.refs(observed.entity_type), state)
        if not isinstance(resolved, Ok):
            return resolved
        identity = resolve_identity(resolved.value, self.definitions.rules[observed.entity_type], state)
        if not isinstance(identity, Ok):
            return identity
        burial.rise(observed, before, state.entities[identity.value], state)
        return self._apply(resolved.value, identity.value, burial, state)

    def _apply(self, observed: Observed, entity_id: UUID, burial: Burial, state: BatchState) -> Outcome[None]:
        target = Target(entity_id, observed.key.object, ROLE)
        shadow = state.shadows.get(target)
        if shadow is not None and is_stale(shadow, observed.vendor_updated_at, observed.read_started_at):
            return Skip(reason="stale")
        if shadow is not None and shadow.content_hash == observed.content_hash:
            shadow.read_started_at = max(shadow.read_started_at, observed.read_started_at)
            # Touched in what no mapping reads: conditional writes name this version from now on.
            shadow.vendor_updated_at = observed.vendor_updated_at or shadow.vendor_updated_at
            shadow.changed = True
            return Skip(reason="unchanged")
        carries = observed.key.object in self.definitions.with_reference
        settle_echo(observed, target, state, carries_reference=carries)
        entity, shadow = state.entities[entity_id], state.shadows.get(target)
        known_by = self._keys(entity)
        parents = self.definitions.parents(entity.type)
        note_moves(observed, shadow.fields if shadow is not None else {}, parents, state)
        rule = self.definitions.rules[entity.type]
        observed = as_known_here(observed, entity, rule, parents, state)
        result = self._merge(observed, entity, shadow)
        state.rename(entity.id, known_by, self._keys(entity))
        self._keep(observed, entity, target, result, state)
        burial.after_merge(observed, entity, result.accepted, state)
        state.touched[entity_id] = observed
        return Ok(None)

    def _keys(self, entity: Entity) -> list[str]:
        return match_keys(entity.fields, self.definitions.rules[entity.type])

    def _merge(self, observed: Observed, entity: Entity, shadow: Shadow | None) -> Merge:
        change = Change(
            observed.key.object,
            observed.system,
            observed.fields,
            observed.vendor_updated_at,
            observed.read_started_at,
        )
        return merge(entity, shadow, change, self.definitions.rules[observed.entity_type].policy)

    def _keep(
        self, observed: Observed, entity: Entity, target: Target, result: Merge, state: BatchState
    ) -> None:
        """The side is now known to hold what was observed."""
        before = state.shadows.get(target)
        bases = {**(before.bases if before is not None else {}), **result.agreed}
        changed = before is None or before.fields != observed.fields
        state.shadows[target] = Shadow(
            target,
            observed.key.external_id,
            observed.fields,
            bases,
            observed.content_hash,
            observed.vendor_updated_at,
            observed.read_started_at,
            (before.revision if before is not None else 0) + int(changed),
            changed=True,
        )
        entity.definition = observed.definition
        entity.changed = entity.changed or bool(result.agreed)
        state.conflicts.extend(result.conflicts)
        cause = f"observation {observed.key.text()}"
        state.audit.extend(
            AuditRow(state.workspace, entity.id, path, old, new, cause, observed.definition)
            for path, (old, new) in result.accepted.items()
        )
