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
    Safeguard(
        "who is nobody's holds no place",
        [f"{ENRICH}test_answers_about_places.py"],
        "twinledger.enrich.observed",
        '        if row.status == "ignored":\n            return\n',
        "",
    ),
    Safeguard(
        "a place that was somebody's is new",
        [f"{ENRICH}test_answers_about_places.py"],
        "twinledger.enrich.steps.bury_record",
        "is_another = shadow is not None and shadow.external_id != observed.key.external_id",
        "is_another = False",
    ),
    Safeguard(
        "new is nobody known",
        [f"{ENRICH}test_answers_about_places.py"],
        "twinledger.state.match_answers",
        "if entity_id in await lock_entities(connection, [entity_id]):",
        "if False:",
    ),
    Safeguard(
        "what waits for a word is asked about",
        [f"{ENRICH}test_mass_deletes.py"],
        "twinledger.enrich.steps.bury_record",
        'if word == "held":',
        "if False:",
    ),
    Safeguard(
        "a word on an end is over when it was none",
        [f"{ENRICH}test_mass_deletes.py"],
        "twinledger.state.tombstones",
        "and s.read_started_at > t.found_at))",
        "and false))",
    ),
    Safeguard(
        "a second word drops no record",
        [f"{ENRICH}test_second_words.py"],
        "twinledger.enrich.steps.bury_record",
        '    if _is_taken(row, state):\n        state.end(row, "merged_into"',
        '    if not _is_taken(row, state):\n        state.end(row, "deleted")\n    else:\n'
        '        state.end(row, "merged_into"',
    ),
    Safeguard(
        "only a sure double takes a place",
        [f"{ENRICH}test_second_words.py"],
        "twinledger.state.crosswalk",
        "and u.surely and cardinality(u.candidates) = 1",
        "",
    ),
    Safeguard(
        "a merge undone holds the place",
        [f"{ENRICH}test_merges_undone.py"],
        "twinledger.enrich.steps.follow_merge",
        "    state.questions.ask(said)\n",
        "",
    ),
    Safeguard(
        "nothing is made for the merged",
        [f"{ENRICH}test_merges_undone.py"],
        "twinledger.enrich.steps.plan_writes",
        'if merged or entity.fields.get("state")',
        'if entity.fields.get("state")',
    ),
    Safeguard(
        "a chain leads to the living",
        [f"{ENRICH}test_merge_chains.py"],
        "twinledger.enrich.steps.load_graves",
        "            found[key] = found[last]\n",
        "            pass\n",
    ),
    Safeguard(
        "an answer is about what was shown",
        ["tests/integration/cli/test_match_questions.py"],
        "twinledger.state.match_answers",
        "if answer.shown not in (None, await _candidates(connection, number)):",
        "if False:",
    ),
)
