"""Enrich, step 2 of 6: says which entity an observed record is.

In: Observed    Out: Ok(entity id), Retry while that cannot be known yet, Skip when a person must say

Order: the crosswalk, our own reference in the record, a parent that carries the identity (the
account of a contact), match keys such as the e-mail, and only then a new entity.
"""

from __future__ import annotations

from uuid import UUID

from twinledger.enrich.observed import ROLE, BatchState, Observed
from twinledger.enrich.steps.resolve_references import key_named
from twinledger.kernel.ids import derived_id
from twinledger.mapping.natural_keys import natural_key
from twinledger.mapping.sync_rule import SyncRule
from twinledger.road.outcome import Ok, Retry, Skip
from twinledger.state.records import Entity, ExternalKey, Fields, Review, Target

__all__ = ["link_keys", "match_keys", "related_keys", "resolve_identity"]

CREATE_UNSETTLED_WAIT_S = 1.0


def resolve_identity(observed: Observed, rule: SyncRule, state: BatchState) -> Ok[UUID] | Retry | Skip:
    """The entity of the record, created in memory when nothing known is it; a deleted record came back."""
    known = state.crosswalk.get(observed.key)
    if known is not None and known.status != "orphan":
        if known.status == "deleted":
            _, rival = _unless_taken(known.entity_id, "its_place_was_taken", observed, state)
            if rival is not None:
                return _ask(observed, state, rival)
            state.bind(observed.key, known.entity_id)
        _bind_links(observed, known.entity_id, state)
        return Ok(known.entity_id)
    waiting = _waits(observed, state)
    if waiting is not None:
        return waiting
    found, rival = _recognise(observed, rule, state)
    if rival is not None:
        return _ask(observed, state, rival)
    if found is None:
        found = _new_entity(observed, state)
    state.bind(observed.key, found)
    _bind_links(observed, found, state)
    return Ok(found)


def _waits(observed: Observed, state: BatchState) -> Retry | None:
    """An account is known through its contacts; a record without our reference may be our own create."""
    if observed.key.object in state.unsettled_objects and observed.reference is None:
        return Retry(reason="create_unsettled", waits_for=None, delay_s=CREATE_UNSETTLED_WAIT_S)
    keys = related_keys(observed)
    if keys and not any(key in state.crosswalk for key in keys):
        state.wanted.update(keys)
        return Retry(reason="parent_missing", waits_for=keys[0].text())
    return None


def related_keys(observed: Observed) -> list[ExternalKey]:
    """Records that share the identity but are not named in the document: contacts of an account."""
    return [key_named(name) for names in observed.related.values() for name in names]


def link_keys(observed: Observed) -> list[ExternalKey]:
    """Records the document names as sharing its identity: the account of a contact."""
    return [key_named(name) for name in observed.links.values()]


def _recognise(
    observed: Observed, rule: SyncRule, state: BatchState
) -> tuple[UUID | None, tuple[str, UUID] | None]:
    """(entity, None) when recognised, (None, (why, entity)) when another record stands in its place."""
    target = state.references.get(observed.reference or "")
    if target is not None and target.object == observed.key.object:
        return _unless_taken(target.entity_id, "two_records_for_one_reference", observed, state)
    related = [state.entity_of(key) for key in related_keys(observed) + link_keys(observed)]
    parents = {entity_id for entity_id in related if entity_id is not None}
    matched = _matched(observed, rule, state)
    candidates = parents | matched
    if len(candidates) > 1:
        return None, ("several_candidates", min(candidates))
    held = [state.crosswalk[key] for key in related_keys(observed) if key in state.crosswalk]
    if held and not parents:
        return None, ("its_contact_is_in_review", held[0].entity_id)
    if candidates:
        return _unless_taken(candidates.pop(), "duplicate_in_one_system", observed, state)
    return None, None


def _unless_taken(
    entity_id: UUID, why: str, observed: Observed, state: BatchState
) -> tuple[UUID | None, tuple[str, UUID] | None]:
    side = state.side_of(entity_id, observed.key.object)
    if side is not None and side.status == "active" and side.key != observed.key:
        return None, (why, entity_id)
    return entity_id, None


def _bind_links(observed: Observed, entity_id: UUID, state: BatchState) -> None:
    """The account a contact names is this customer's account, even before it was read itself."""
    for key in link_keys(observed):
        if key not in state.crosswalk and state.side_of(entity_id, key.object) is None:
            state.bind(key, entity_id)
            state.wanted.add(key)


def match_keys(fields: Fields, rule: SyncRule) -> list[str]:
    """What another system's record of the same thing is found by, the best first; none may be empty."""
    sets = ({name: fields.get(name) for name in sorted(names)} for names in rule.match)
    return [
        natural_key(rule.entity, {name: str(value) for name, value in values.items()})
        for values in sets
        if None not in values.values()
    ]


def _matched(observed: Observed, rule: SyncRule, state: BatchState) -> set[UUID]:
    for key in match_keys(observed.fields, rule):
        found = state.matches.get(key)
        if found:
            return set(found)
    return set()


def _new_entity(observed: Observed, state: BatchState) -> UUID:
    """Its id follows from where it was first seen, so a replay makes the same one."""
    entity_id = derived_id(state.workspace, observed.key.object, observed.key.external_id)
    if entity_id not in state.entities:
        state.entities[entity_id] = Entity(
            entity_id, state.workspace, observed.entity_type, 0, observed.key.text(), {}, {}, is_new=True
        )
    return entity_id


def _ask(observed: Observed, state: BatchState, rival: tuple[str, UUID]) -> Skip:
    why, entity_id = rival
    taken = state.sides.get(Target(entity_id, observed.key.object, ROLE))
    state.bind(observed.key, entity_id, status="orphan")
    state.reviews.append(
        Review(
            state.workspace,
            "match",
            observed.key.text(),
            {
                "why": why,
                "entity": str(entity_id),
                "linked": taken.key.text() if taken is not None else None,
            },
        )
    )
    return Skip(reason=f"review: {why}")
