"""Enrich: one observation through the steps, against the state of its batch. Pure: it changes memory only.

In: Observed, BatchState    Out: Ok, Skip (seen, stale, unchanged, in review) or Retry (a parent is missing)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from twinledger.enrich.definitions import SyncDefinitions
from twinledger.enrich.observed import ROLE, BatchState, Observed
from twinledger.enrich.steps.bury_record import Burial
from twinledger.enrich.steps.doubt_link import doubt_link
from twinledger.enrich.steps.first_look import first_look, still_mangled
from twinledger.enrich.steps.follow_merge import as_known_here, note_moves
from twinledger.enrich.steps.load_state import inbox_key
from twinledger.enrich.steps.merge_fields import Change, Merge, is_stale, merge
from twinledger.enrich.steps.note_agreement import note_agreement
from twinledger.enrich.steps.resolve_identity import resolve_identity
from twinledger.enrich.steps.resolve_references import resolve_references
from twinledger.enrich.steps.settle_echo import is_mid_flight, settle_echo
from twinledger.mapping.links import LINKED, mark_of
from twinledger.mapping.matching.match_keys import identifying, match_keys
from twinledger.road.outcome import Ok, Outcome, Retry, Skip
from twinledger.state.history import AuditRow
from twinledger.state.records import NO_MARKS, Entity, Review, Shadow, Target

__all__ = ["NOT_CONNECTED", "STALE", "Observer"]

STALE = Skip(reason="stale")
NOT_CONNECTED = Skip(reason="not_connected")
"""Read before its system was taken out of the workspace."""
UNSETTLED_WAIT_S = 1.0


@dataclass(frozen=True, slots=True)
class Observer:
    """Applies observations to a batch."""

    definitions: SyncDefinitions

    def observe(self, observed: Observed, state: BatchState) -> Outcome[None]:
        """What this observation changes; `state.touched` collects the entities to plan for."""
        if observed.key.object not in self.definitions.rules[observed.entity_type].systems:
            return NOT_CONNECTED
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
            if _raced(observed, shadow):
                state.wanted.add(observed.key)
            return STALE
        if shadow is not None and shadow.content_hash == observed.content_hash:
            shadow.read_started_at = max(shadow.read_started_at, observed.read_started_at)
            # Touched in what no mapping reads: conditional writes name this version from now on.
            shadow.vendor_updated_at = observed.vendor_updated_at or shadow.vendor_updated_at
            shadow.changed = True
            return Skip(reason="unchanged")
        carries = observed.key.object in self.definitions.with_reference
        linked = {mark_of(name): LINKED for name in observed.links}
        shown = replace(observed, fields={**observed.fields, **linked}) if linked else observed
        models = self.definitions.models[observed.entity_type].fields
        repeats = settle_echo(shown, target, state, models, carries_reference=carries)
        repeats = repeats or (shadow is not None and shadow.content_hash is None)
        entity = state.entities[entity_id]
        if is_mid_flight(observed, target, state, self.definitions.rules[entity.type].policy, models):
            return Retry(reason="write_unsettled", waits_for=None, delay_s=UNSETTLED_WAIT_S)
        self._first_look(observed, target, state)
        shadow = state.shadows.get(target)
        rule = self.definitions.rules[entity.type]
        known_by = identifying(entity.fields, rule)
        parents = self.definitions.parents(entity.type)
        note_moves(observed, shadow.fields if shadow is not None else {}, parents, state)
        observed = as_known_here(observed, entity, rule, parents, state)
        was_buried = burial.is_buried(entity, state)
        result = self._merge(observed, entity, shadow)
        note_agreement(entity, result.accepted, target, rule, state)
        now_known_by = identifying(entity.fields, rule) if result.accepted or result.agreed else known_by
        if known_by != now_known_by:
            state.known_anew.add(entity.id)
            state.rename(entity.id, match_keys(known_by, rule), match_keys(now_known_by, rule))
        doubt_link(observed, entity.id, shadow, state)
        shown = replace(observed, fields={**observed.fields, **linked}) if linked else observed
        self._keep(shown, entity, target, result, state)
        self._tell(observed, entity, result, state)
        burial.after_merge(observed, entity, result.accepted, state, was_buried=was_buried)
        if repeats and not result.accepted and not result.conflicts:
            state.counted["echo", observed.system, observed.entity_type] += 1
        state.touched[entity_id] = observed
        return Ok(None)

    def _first_look(self, observed: Observed, target: Target, state: BatchState) -> None:
        shadow = state.shadows.get(target)
        if shadow is None or not shadow.marks.unseen:
            return
        model = self.definitions.models[observed.entity_type]
        for path in first_look(observed, shadow, model.fields):
            state.counted["oscillation", observed.system, observed.entity_type] += 1
            evidence = {
                "entity": str(target.entity_id),
                "object": target.object,
                "role": target.role,
                "field": path,
                "sent": shadow.fields.get(path),
                "shown": observed.fields.get(path),
            }
            subject = f"{observed.key.text()}/{path}"
            state.reviews.append(Review(state.workspace, "oscillation", subject, evidence))

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
        """The side is now known to hold what was observed; of what it did not state, what it held before."""
        before = state.shadows.get(target)
        fields, marks = observed.fields, NO_MARKS
        if before is not None:
            fields = observed.fields if before.fields.keys() <= fields.keys() else {**before.fields, **fields}
            marks = still_mangled(before.marks, before.fields, fields)
        changed = before is None or before.fields != fields
        state.shadows[target] = Shadow(
            target,
            observed.key.external_id,
            fields,
            {**before.bases, **result.agreed} if before is not None else result.agreed,
            observed.content_hash,
            observed.vendor_updated_at,
            observed.read_started_at,
            (before.revision if before is not None else 0) + int(changed),
            marks,
            changed=True,
        )
        entity.definition = observed.definition
        entity.changed = entity.changed or bool(result.agreed)

    def _tell(self, observed: Observed, entity: Entity, result: Merge, state: BatchState) -> None:
        """What people may ask about later: values, conflicts, what only they can decide."""
        state.conflicts.extend(result.conflicts)
        cause = f"observation {observed.key.text()}"
        state.audit.extend(
            AuditRow(state.workspace, entity.id, path, old, new, cause, observed.definition)
            for path, (old, new) in result.accepted.items()
        )
        for path, sides in result.parked.items():
            evidence = {"entity": str(entity.id), "field": path, "values": sides}
            state.reviews.append(Review(state.workspace, "conflict", f"entity:{entity.id}/{path}", evidence))
        for path in result.unparked:
            state.withdraw("conflict", f"entity:{entity.id}/{path}")


def _raced(observed: Observed, shadow: Shadow) -> bool:
    """Read before what we know, under the same stamp or a newer one, and other than that: it may show an edit
    that whoever reads this version again would call known. So it is looked at once more."""
    if shadow.content_hash == observed.content_hash or observed.read_started_at >= shadow.read_started_at:
        return False
    stamps = (observed.vendor_updated_at, shadow.vendor_updated_at)
    return None in stamps or stamps[0] >= stamps[1]  # type: ignore[operator] # neither is None here
