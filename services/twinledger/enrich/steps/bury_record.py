"""Enrich, step 2b: a record that came to its end on one side: held, followed into a merge, or passed on.

In: Observed that says so, BatchState with its graves    Out: a verdict, or None: the merge of fields
goes on with what the record says (a vendor that keeps deleted records shows them with a state)

Policy of the rule: archive and propagate set the entity's state, void too where the owner says so,
detach ends the crosswalk row alone. An end that meets a later change of another side loses against it,
but for money, where a person is asked.
"""

from __future__ import annotations

from dataclasses import dataclass

from twinledger.enrich.definitions import SyncDefinitions
from twinledger.enrich.observed import ROLE, BatchState, Observed
from twinledger.enrich.steps.changed_since import changed_since
from twinledger.enrich.steps.follow_merge import follow, merge_into
from twinledger.enrich.steps.load_graves import PASSED_ON, says_end, who_ends
from twinledger.enrich.steps.merge_fields import is_stale
from twinledger.enrich.steps.resolve_identity import as_said
from twinledger.mapping.sync_rule import SyncRule
from twinledger.road.outcome import Ok, Outcome, Retry, Skip
from twinledger.state.history import AuditRow
from twinledger.state.records import Clock, CrosswalkRow, Entity, Fields, Review, Shadow, Target, clock_text
from twinledger.state.tombstones import Tombstone

__all__ = ["HELD", "Burial"]

CHILDREN_WAIT_S = 1.0
HELD = Skip(reason="held: too many deletions at once")


@dataclass(frozen=True, slots=True)
class Burial:
    """Judges ends before the merge of fields, and sets them against other changes after it."""

    definitions: SyncDefinitions

    def judge(self, observed: Observed, state: BatchState) -> Outcome[None] | None:
        """None for a record that lives, or whose end is a state like any other."""
        rule = self.definitions.rules[observed.entity_type]
        row = state.crosswalk.get(observed.key)
        ends = says_end(observed, rule)
        if row is not None and row.status in ("merged_into", "deleted") and not ends:
            shadow = state.shadows.get(Target(row.entity_id, observed.key.object, row.role))
            if shadow is not None and _is_old(observed, shadow):
                return Skip(reason="stale")
        if row is not None and row.status == "merged_into":
            return follow(row, state, said=None if ends else as_said(observed, rule, (row.entity_id,)))
        if not ends:
            return None
        if row is None:  # with our reference it is a write of ours, deleted before we heard its answer
            ours = observed.reference and not observed.gone
            return None if ours else Skip(reason="deleted before it was known")
        if row.status == "orphan":
            return _end_of_double(row, state)
        return self._end(observed, row, rule, state)

    def _end(
        self, observed: Observed, row: CrosswalkRow, rule: SyncRule, state: BatchState
    ) -> Outcome[None] | None:
        target = Target(row.entity_id, observed.key.object, row.role)
        entity, shadow = state.entities[row.entity_id], state.shadows.get(target)
        if shadow is not None and _is_old(observed, shadow):
            return Skip(reason="stale")
        if row.status == "ignored" or _is_taken(row, state):
            return Skip(reason="gone")
        survivor = state.graves.survivors.get(observed.key)
        if survivor is not None:
            if survivor.row.entity_id != entity.id:
                state.touched.setdefault(entity.id, observed)  # nothing is made for it any more
            self._rise(observed, entity, state)
            _note_end(shadow, observed)
            return merge_into(row, survivor, state)
        if row.status != "active":
            return Skip(reason="gone")
        if observed.gone and _is_void(entity, rule):  # as a person was asked to: now it counts nowhere
            _end_row(row, shadow, observed, state)
            state.touched[entity.id] = observed
            return Ok(None)
        told = shadow.fields.get("state") if shadow is not None else None
        if not observed.gone and observed.fields["state"] in (entity.fields.get("state"), told):
            return None  # known, our own doing, or told already and perhaps being undone
        if (unheard := state.graves.unheard.get(observed.key)) is not None:
            state.wanted.update(unheard)
            return Retry(reason="children_unread", waits_for=None, delay_s=CHILDREN_WAIT_S)
        word = state.graves.words.get(observed.key)
        if word == "held":
            return HELD
        if word is None and rule.entity in state.graves.stopped:
            state.graves.found.append(Tombstone(observed.key, rule.entity, "held"))
            return HELD
        policy = "detach" if word == "discarded" else rule.delete
        return self._pass_on(observed, row, entity, shadow, policy, rule, state)

    def _pass_on(
        self,
        observed: Observed,
        row: CrosswalkRow,
        entity: Entity,
        shadow: Shadow | None,
        policy: str,
        rule: SyncRule,
        state: BatchState,
    ) -> Outcome[None] | None:
        state.graves.found.append(Tombstone(observed.key, rule.entity, "buried"))
        changed = changed_since(entity, shadow, rule) if shadow is not None else {}
        why = self._cannot(observed, entity, policy, rule, state)
        if policy == "void" and (changed := changed | self._strayed(observed, entity, rule, state)):
            why = why or "another side changed since"
        if policy == "detach" or why:
            _end_row(row, shadow, observed, state)
            if why:
                state.reviews.append(_question("deleted", observed, entity, {"why": why, "changed": changed}))
            return Ok(None)
        state.graves.resting.add(entity.id)
        if not observed.gone:
            if changed:
                state.graves.changed_elsewhere[observed.key] = changed
            return None
        _end_row(row, shadow, observed, state)
        if changed:
            self._wins(entity, changed, observed, state)
        else:
            _set_state(entity, PASSED_ON[policy], observed, state)
        state.touched[entity.id] = observed
        return Ok(None)

    def _cannot(
        self, observed: Observed, entity: Entity, policy: str, rule: SyncRule, state: BatchState
    ) -> str | None:
        """Why this end says nothing about the others."""
        if policy == "detach":
            return None
        if "state" not in rule.policy:
            return "its kind knows no state to pass on"
        if who_ends(rule) not in (None, observed.system):
            return f"only {who_ends(rule)} may end it"
        here = (name for name in rule.systems if name.partition(".")[0] == observed.system)
        rows = (state.side_of(entity.id, name) for name in here)
        kin = next((row for row in rows if row and row.status == "active" and row.key != observed.key), None)
        return f"its other record lives: {kin.key.text()}" if kin is not None else None

    def _strayed(self, observed: Observed, entity: Entity, rule: SyncRule, state: BatchState) -> Fields:
        """What other sides hold against the entity although they had agreed: their changes did not count."""
        found: Fields = {}
        for name in rule.systems:
            shadow = state.shadows.get(Target(entity.id, name, ROLE))
            if name == observed.key.object or shadow is None or shadow.content_hash is None:
                continue
            mapping = self.definitions.mappings[name]
            said = mapping.expected(entity.fields, creating=False, known=shadow.fields)
            for path, value in said.items():
                clock, held = entity.clocks.get(path), shadow.fields.get(path)
                if clock is not None and value != held and shadow.bases.get(path, 0) >= clock.version:
                    found[f"{name} {path}"] = held
        return found

    def is_buried(self, entity: Entity, state: BatchState) -> bool:
        """Did a deletion put it to rest?"""
        return _end_of(entity, self.definitions.rules[entity.type], state) is not None

    def after_merge(
        self, observed: Observed, entity: Entity, accepted: Fields, state: BatchState, *, was_buried: bool
    ) -> None:
        """An end beside a change of another side, whichever of them was heard of first: the change wins. So
        does who restores what an end had put to rest."""
        rule = self.definitions.rules[entity.type]
        if rule.delete == "void" and accepted.get("state", ("",))[0] == PASSED_ON["void"]:
            _count_again(entity, rule, state)
        changed = state.graves.changed_elsewhere.pop(observed.key, None)
        if changed is not None:
            self._wins(entity, changed, observed, state)
        elif was_buried and "state" in accepted and entity.fields.get("state") == "active":
            self._wins(entity, {"state": "active"}, observed, state)
        elif accepted.keys() - {"state"} and self._was_unaware(observed, entity, state):
            self._wins(entity, {path: entity.fields[path] for path in accepted}, observed, state)

    def rise(self, observed: Observed, was: CrosswalkRow | None, entity: Entity, state: BatchState) -> None:
        """A record is there, again or in the place of one that ended: what that end did is taken back."""
        shadow = state.shadows.get(Target(entity.id, observed.key.object, ROLE))
        is_another = shadow is not None and shadow.external_id != observed.key.external_id
        if was is not None and was.status == "active" and not is_another:
            return
        if shadow is not None and is_another:
            shadow.forget()
        self._rise(observed, entity, state)

    def _rise(self, observed: Observed, entity: Entity, state: BatchState) -> None:
        clock = entity.clocks.get("state")
        ours = clock is not None and clock.writer == observed.key.object
        if ours and entity.fields.get("state") in ("archived", "deleted"):
            _set_state(entity, "active", observed, state)
            state.touched[entity.id] = observed

    def _was_unaware(self, observed: Observed, entity: Entity, state: BatchState) -> bool:
        """Edited on a side that had not heard of the end yet."""
        end = _end_of(entity, self.definitions.rules[entity.type], state)
        if end is None or end.writer == observed.key.object:
            return False
        shadow = state.shadows.get(Target(entity.id, observed.key.object, ROLE))
        if self.definitions.mappings[observed.key.object].carries("state"):
            return shadow is not None and shadow.bases.get("state", 0) < end.version
        edited_at = observed.vendor_updated_at or observed.read_started_at
        return clock_text(edited_at) <= (end.at or "")

    def _wins(self, entity: Entity, changed: Fields, observed: Observed, state: BatchState) -> None:
        """Kept, restored or made again where it ended; a person is told."""
        ended = _ended(entity, self.definitions.rules[entity.type], state)
        if entity.fields.get("state") != "active":
            _set_state(entity, "active", observed, state)
        for row in ended:
            state.make_again(row)
        evidence = {"changed": changed, "made_again": [row.key.object for row in ended]}
        state.reviews.append(_question("deleted_and_changed", observed, entity, evidence))
        state.touched[entity.id] = observed


def _is_void(entity: Entity, rule: SyncRule) -> bool:
    return rule.delete == "void" and entity.fields.get("state") == PASSED_ON["void"]


def _count_again(entity: Entity, rule: SyncRule, state: BatchState) -> None:
    """Money was restored: where its record was deleted meanwhile it has to be made once more."""
    for row in _ended(entity, rule, state):
        state.make_again(row)


def _ended(entity: Entity, rule: SyncRule, state: BatchState) -> list[CrosswalkRow]:
    rows = (state.side_of(entity.id, name) for name in rule.systems)
    return [row for row in rows if row is not None and row.status == "deleted"]


def _end_of(entity: Entity, rule: SyncRule, state: BatchState) -> Clock | None:
    """Who put this entity to rest, if a deletion did."""
    clock = entity.clocks.get("state")
    if clock is None or rule.delete not in ("archive", "propagate"):
        return None
    if entity.fields.get("state") == "deleted":
        return clock
    row = state.side_of(entity.id, clock.writer) if entity.fields.get("state") == "archived" else None
    return clock if row is not None and row.status == "deleted" else None


def _end_of_double(row: CrosswalkRow, state: BatchState) -> Outcome[None]:
    """The question whether it is a duplicate has answered itself. Where its place is free it was nobody's:
    whoever it might have been is made there."""
    if _is_taken(row, state):
        state.end(row, "merged_into", into=state.side_of(row.entity_id, row.key.object))
    state.withdraw("match", row.key.text())
    state.questions.settle(row.key)
    return Ok(None)


def _is_taken(row: CrosswalkRow, state: BatchState) -> bool:
    """Another record stands in its place."""
    place = state.side_of(row.entity_id, row.key.object)
    return place is not None and place.status == "active" and place.key != row.key


def _end_row(row: CrosswalkRow, shadow: Shadow | None, observed: Observed, state: BatchState) -> None:
    """The side has no record any more; what it last held stays as the base, should it come back."""
    state.end(row, "deleted")
    _note_end(shadow, observed)


def _note_end(shadow: Shadow | None, observed: Observed) -> None:
    """What was read before it says nothing of the record any more."""
    if shadow is not None:
        shadow.content_hash = None
        shadow.read_started_at = max(shadow.read_started_at, observed.read_started_at)
        shadow.changed = True


def _is_old(observed: Observed, shadow: Shadow) -> bool:
    if observed.gone:  # its stamp is that of the deletion, on a list of its own
        return observed.read_started_at < shadow.read_started_at
    return is_stale(shadow, observed.vendor_updated_at, observed.read_started_at)


def _set_state(entity: Entity, value: str, observed: Observed, state: BatchState) -> None:
    at = min(observed.vendor_updated_at or observed.read_started_at, observed.read_started_at)
    before = entity.fields.get("state")
    entity.version += 1
    entity.set("state", value, Clock(entity.version, observed.key.object, clock_text(at)))
    cause, definition = f"observation {observed.key.text()}", observed.definition
    state.audit.append(AuditRow(state.workspace, entity.id, "state", before, value, cause, definition))


def _question(kind: str, observed: Observed, entity: Entity, evidence: Fields) -> Review:
    about = {"entity": str(entity.id), "object": observed.key.object, **evidence}
    return Review(entity.workspace, kind, observed.key.text(), about)
