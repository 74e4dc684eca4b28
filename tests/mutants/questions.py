"""Mutants: what makes a question about a record answer itself, and lets go of those it was about."""

from __future__ import annotations

from tests.mutants.safeguard import ENRICH, STATE, Safeguard

__all__ = ["QUESTIONS"]

MATCHING = "tests/unit/mapping/matching/"
_ARRIVAL = f"{ENRICH}test_orders_of_arrival.py"
QUESTIONS = (
    Safeguard(
        "a mere resemblance to another is nobody's rival",
        [_ARRIVAL],
        "twinledger.mapping.matching.verdict",
        'return other.waits == "perhaps" and agree(other.portrait, best.portrait)',
        "return False",
    ),
    Safeguard(
        "who is in review is passed over only where he agrees",
        [f"{MATCHING}test_verdict.py", _ARRIVAL],
        "twinledger.mapping.matching.verdict",
        'return other.waits == "perhaps" and agree(other.portrait, best.portrait)',
        'return other.waits == "perhaps"',
    ),
    Safeguard(
        "a question is looked at again when its candidate says who it is",
        [_ARRIVAL],
        "twinledger.enrich.steps.store_questions",
        "for entity_id in state.known_anew:",
        "for entity_id in ():",
    ),
    Safeguard(
        "whom a question is about no more is planned for",
        [_ARRIVAL],
        "twinledger.enrich.questions",
        "        if before is not None:\n",
        "        if False:\n",
    ),
    Safeguard(
        "every word to plan anew counts",
        [f"{STATE}test_words_to_plan_anew.py"],
        "twinledger.state.answers",
        '"insert into replan (workspace, entity_id) select $1, * from unnest($2::uuid[])"',
        '"insert into replan (workspace, entity_id) select $1, e from unnest($2::uuid[]) as t(e)'
        ' where e not in (select entity_id from replan)"',
    ),
)
