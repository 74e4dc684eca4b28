"""Enrich, step 2 of 6: says which entity an observed record is.

In: Observed    Out: Ok(entity id), Retry while that cannot be known yet, Skip when a person must say

Order: the crosswalk, our own reference in the record, a parent that carries the identity (the
account of a contact), the record as it resembles known ones (`mapping/matching/`), then a new entity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from twinledger.enrich.observed import ROLE, BatchState, Observed
from twinledger.enrich.steps.recognise import compared_with, matched_by_score, matched_exactly
from twinledger.kernel.ids import derived_id
from twinledger.mapping.matching.match_keys import identifying, match_keys
from twinledger.mapping.matching.portrait import portrait_of
from twinledger.mapping.matching.verdict import Candidate
from twinledger.mapping.sync_rule import SyncRule
from twinledger.road.outcome import Ok, Retry, Skip
from twinledger.state.records import Entity, ExternalKey, Review, Target
from twinledger.state.unresolved import Unresolved

__all__ = ["as_said", "link_keys", "related_keys", "resolve_identity"]

CREATE_UNSETTLED_WAIT_S = 1.0
_PERHAPS = frozenset({"perhaps_the_same", "its_contact_is_in_review", "another_person_of_its_account"})


@dataclass(frozen=True, slots=True)
class _Question:
    """Why a person is asked, about whom, the likeliest first; `compared` where a score was taken."""

    why: str
    entities: tuple[UUID, ...]
    compared: tuple[Candidate, ...] = ()
    waits_for: ExternalKey | None = None


def resolve_identity(observed: Observed, rule: SyncRule, state: BatchState) -> Ok[UUID] | Retry | Skip:
    """The entity of the record, created in memory when nothing known is it; a deleted record came back."""
    known = state.crosswalk.get(observed.key)
    if known is not None and known.status == "ignored":
        return Skip(reason="ignored")
    if known is not None and known.status != "orphan":
        if known.status == "deleted":
            question = _if_taken(known.entity_id, "its_place_was_taken", observed, state)
            if question is not None:
                return _ask(observed, rule, state, question)
            state.bind(observed.key, known.entity_id)
        _bind_links(observed, known.entity_id, state)
        return Ok(known.entity_id)
    waiting = _waits(observed, state)
    if waiting is not None:
        return waiting
    found = _recognise(observed, rule, state) or _if_taken(
        _own_id(observed, state), "its_place_was_taken", observed, state
    )
    bucket = "review" if isinstance(found, _Question) else "link" if found is not None else "new"
    state.matched[bucket, observed.entity_type] += 1
    if isinstance(found, _Question):
        return _ask(observed, rule, state, found)
    if known is not None:
        _withdraw(observed, state)
    entity_id = found or _new_entity(observed, state)
    state.bind(observed.key, entity_id)
    # Whoever else may have been this entity's record of the object is judged again.
    state.wanted.update(state.questions.about(entity_id, observed.key.object))
    _bind_links(observed, entity_id, state)
    return Ok(entity_id)


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
    return [ExternalKey.parse(name) for names in observed.related.values() for name in names]


def link_keys(observed: Observed) -> list[ExternalKey]:
    """Records the document names as sharing its identity: the account of a contact."""
    return [ExternalKey.parse(name) for name in observed.links.values()]


def _recognise(observed: Observed, rule: SyncRule, state: BatchState) -> UUID | _Question | None:
    """The entity, None for one that nobody knows, or what a person must say."""
    target = state.references.get(observed.reference or "")
    if target is not None and target.object == observed.key.object:
        return (
            _if_taken(target.entity_id, "two_records_for_one_reference", observed, state) or target.entity_id
        )
    related = [state.entity_of(key) for key in related_keys(observed) + link_keys(observed)]
    parents = {entity_id for entity_id in related if entity_id is not None}
    held = [key for key in related_keys(observed) if key in state.crosswalk]
    if held and not parents:
        return _Question("its_contact_is_in_review", (state.crosswalk[held[0]].entity_id,), waits_for=held[0])
    if rule.scored is None:
        return _one_of(parents | matched_exactly(observed, rule, state), observed, state)
    if parents:
        return _as_parents_say(parents, observed, rule, state)
    verdict = matched_by_score(observed, rule.scored, state)
    if verdict.why is not None:
        entities = tuple(dict.fromkeys(candidate.entity_id for candidate in verdict.candidates))
        return _Question(verdict.why, entities, verdict.candidates)
    return verdict.entity_id


def _one_of(found: set[UUID], observed: Observed, state: BatchState) -> UUID | _Question | None:
    if len(found) > 1:
        return _Question("several_candidates", tuple(sorted(found)))
    for entity_id in found:
        return _if_taken(entity_id, "duplicate_in_one_system", observed, state) or entity_id
    return None


def _as_parents_say(
    parents: set[UUID], observed: Observed, rule: SyncRule, state: BatchState
) -> UUID | _Question | None:
    """An account is its contact's customer, and a contact its account's, but not if it is another person,
    nor if the record is surely somebody else's."""
    assert rule.scored is not None
    verdict = matched_by_score(observed, rule.scored, state)
    sure = {verdict.entity_id} if verdict.entity_id is not None else set()
    if len(parents | sure) > 1:
        return _Question("several_candidates", tuple(sorted(parents | sure)), verdict.candidates)
    (parent,) = parents
    comparison = compared_with(parent, observed, rule.scored, state)
    taken = _if_taken(parent, "duplicate_in_one_system", observed, state)
    if comparison.answers.get("person") == "other":
        portrait = portrait_of(state.entities[parent].fields, rule.scored)
        side = Candidate(parent, comparison, taken is not None, portrait)
        return _Question("another_person_of_its_account", (parent,), (side,))
    return taken or parent


def _if_taken(entity_id: UUID, why: str, observed: Observed, state: BatchState) -> _Question | None:
    side = state.side_of(entity_id, observed.key.object)
    if side is not None and side.status == "active" and side.key != observed.key:
        return _Question(why, (entity_id,))
    return None


def _bind_links(observed: Observed, entity_id: UUID, state: BatchState) -> None:
    """The account a contact names is this customer's account, even before it was read itself."""
    for key in link_keys(observed):
        if key not in state.crosswalk and state.side_of(entity_id, key.object) is None:
            state.bind(key, entity_id)
            state.wanted.add(key)


def _new_entity(observed: Observed, state: BatchState) -> UUID:
    """Its id follows from where it was first seen, so a replay makes the same one."""
    entity_id = _own_id(observed, state)
    if entity_id not in state.entities:
        state.entities[entity_id] = Entity(
            entity_id, state.workspace, observed.entity_type, 0, observed.key.text(), {}, {}, is_new=True
        )
    return entity_id


def _own_id(observed: Observed, state: BatchState) -> UUID:
    return derived_id(state.workspace, observed.key.object, observed.key.external_id)


def _ask(observed: Observed, rule: SyncRule, state: BatchState, question: _Question) -> Skip:
    """The record waits; what was planned for its candidates in its object is planned no more."""
    state.bind(observed.key, question.entities[0], status="orphan")
    said = as_said(observed, rule, question.entities, surely=question.why not in _PERHAPS)
    state.questions.ask(said)
    for entity_id in question.entities:
        if entity_id in state.entities:
            state.touched.setdefault(entity_id, observed)
        if (left := _deleted_there(entity_id, observed.key.object, state)) is not None:
            state.wanted.add(left)
    evidence = {
        "why": question.why,
        "entity": str(question.entities[0]),
        "linked": _linked(question.entities[0], observed, state),
        "record": said.fields,
        "candidates": [_shown(entity_id, observed, rule, state, question) for entity_id in question.entities],
        **({"waits_for": question.waits_for.text()} if question.waits_for is not None else {}),
    }
    state.reviews.append(Review(state.workspace, "match", observed.key.text(), evidence))
    return Skip(reason=f"review: {question.why}")


def as_said(
    observed: Observed, rule: SyncRule, candidates: tuple[UUID, ...], *, surely: bool = True
) -> Unresolved:
    """What a record says of who it is, for as long as a person must say it."""
    keys = tuple(match_keys(observed.fields, rule))
    return Unresolved(observed.key, surely, identifying(observed.fields, rule), keys, candidates)


def _deleted_there(entity_id: UUID, object_name: str, state: BatchState) -> ExternalKey | None:
    """A vendor keeps what it calls deleted: read once more that makes room for its double."""
    side = state.side_of(entity_id, object_name)
    shadow = state.shadows.get(Target(entity_id, object_name, ROLE))
    is_deleted = shadow is not None and shadow.fields.get("state") == "deleted"
    return side.key if side is not None and is_deleted else None


def _withdraw(observed: Observed, state: BatchState) -> None:
    """It can be said now without a person."""
    state.questions.settle(observed.key)
    state.withdraw("match", observed.key.text())


def _linked(entity_id: UUID, observed: Observed, state: BatchState) -> str | None:
    """The record that stands in this one's place."""
    side = state.sides.get(Target(entity_id, observed.key.object, ROLE))
    return side.key.text() if side is not None and side.key != observed.key else None


def _shown(
    entity_id: UUID, observed: Observed, rule: SyncRule, state: BatchState, question: _Question
) -> dict[str, Any]:
    """A candidate beside the record: its records, its values, what each feature says."""
    entity = state.entities.get(entity_id)
    compared = next((c.comparison for c in question.compared if c.entity_id == entity_id), None)
    rows = (row for target, row in state.sides.items() if target.entity_id == entity_id)
    return {
        "entity": str(entity_id),
        "records": sorted(row.key.text() for row in rows if row.status == "active"),
        "fields": identifying(entity.fields, rule) if entity is not None else {},
        "score": compared.score if compared is not None else None,
        "answers": dict(compared.answers) if compared is not None else {},
    }
