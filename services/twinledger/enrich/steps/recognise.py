"""Enrich, part of step 2: the candidates of a record nobody knows, and the verdict among them.

In: Observed, rule, BatchState    Out: Verdict of the scored rules, entities of the exact ones
"""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from twinledger.enrich.observed import BatchState, Observed
from twinledger.mapping.match_rule import MatchRule
from twinledger.mapping.matching.compare import Comparison, are_one, compare
from twinledger.mapping.matching.match_keys import exact_keys
from twinledger.mapping.matching.portrait import match_keys_of, portrait_of
from twinledger.mapping.matching.verdict import Candidate, Verdict, judge
from twinledger.mapping.sync_rule import SyncRule

__all__ = ["compared_with", "matched_by_score", "matched_exactly"]


def matched_exactly(observed: Observed, rule: SyncRule, state: BatchState) -> set[UUID]:
    """Entities under the best key that says anything."""
    for key in exact_keys(observed.fields, rule):
        found = state.matches.get(key)
        if found:
            return set(found)
    return set()


def compared_with(entity_id: UUID, observed: Observed, rule: MatchRule, state: BatchState) -> Comparison:
    """The record beside one entity."""
    entity = state.entities[entity_id]
    return compare(portrait_of(observed.fields, rule), portrait_of(entity.fields, rule), rule)


def matched_by_score(observed: Observed, rule: MatchRule, state: BatchState) -> Verdict:
    """Among entities and records in review that share a key; a key that many hold finds nobody."""
    portrait = portrait_of(observed.fields, rule)
    keys = match_keys_of(observed.fields, rule)
    sharing = (state.matches.get(key, set()) for key in keys)
    ids = set().union(*(found for found in sharing if len(found) <= rule.common)) & state.entities.keys()
    candidates = []
    for entity_id in ids:
        known = portrait_of(state.entities[entity_id].fields, rule)
        comparison = compare(portrait, known, rule)
        side = state.side_of(entity_id, observed.key.object)
        taken = side is not None and side.status == "active" and side.key != observed.key
        candidates.append(Candidate(entity_id, comparison, taken, known))
    for one in state.questions.found_under(keys, rule.common):
        if one.key == observed.key or not one.candidates:
            continue
        asked = portrait_of(one.fields, rule)
        comparison = compare(portrait, asked, rule)
        here = one.key.object == observed.key.object
        waits: Literal["surely", "perhaps"] = "surely" if one.surely else "perhaps"
        candidates.append(Candidate(one.candidates[0], comparison, here, asked, waits))
    return judge(candidates, rule.margin, are_one(rule))
