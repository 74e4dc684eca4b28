"""Matching: the verdict among candidates: one to one, and a question where two would fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from twinledger.mapping.matching.compare import Comparison, Level
from twinledger.mapping.matching.portrait import Portrait
from twinledger.mapping.matching.verdict import Candidate, Verdict, judge

MARGIN = 2
NOBODY = Portrait("", False, (), frozenset(), (), (), "", "", "")


def candidate(
    number: int, score: float, level: Level, *, taken: bool = False, waits: Any = "", **said: Any
) -> Candidate:
    answers: Any = said
    return Candidate(UUID(int=number), Comparison(answers, score, level), taken, NOBODY, waits)


def verdict_on(candidates: Sequence[Candidate], *, agree: bool = False) -> Verdict:
    return judge(candidates, MARGIN, lambda one, other: agree)


def test_the_only_sure_one_is_linked() -> None:
    assert verdict_on([candidate(1, 15, "link"), candidate(2, 5, "review")]).entity_id == UUID(int=1)


def test_two_that_fit_as_well_are_a_question_with_both() -> None:
    verdict = verdict_on([candidate(1, 15, "link"), candidate(2, 14, "link")])
    assert verdict.why == "several_candidates" and len(verdict.candidates) == 2


def test_a_doubtful_one_with_as_many_points_is_a_rival_too() -> None:
    verdict = verdict_on([candidate(1, 15, "link"), candidate(2, 16, "review")])
    assert verdict.why == "several_candidates"


def test_another_customer_of_a_company_is_a_rival_where_nobody_is_named() -> None:
    best = candidate(1, 20, "link", organization="same", phone="same")
    other = candidate(2, 11, "review", organization="same", phone="same")
    assert verdict_on([best, other]).why == "several_candidates"


def test_father_and_son_are_a_question_however_much_nearer_one_of_them_is() -> None:
    best = candidate(1, 25, "link", person="same", email="same")
    kin = candidate(2, 10, "review", taken=True, person="same", phone="same")
    assert verdict_on([best, kin]).why == "several_candidates"
    stranger = candidate(2, 5, "review", person="same")
    assert verdict_on([best, stranger]).entity_id == UUID(int=1)


def test_a_sure_one_whose_place_is_taken_is_a_duplicate() -> None:
    assert verdict_on([candidate(1, 15, "link", taken=True)]).why == "duplicate_in_one_system"


def test_a_resemblance_to_somebody_with_a_record_here_is_nobody_known() -> None:
    verdict = verdict_on([candidate(1, 5, "review", taken=True)])
    assert (verdict.entity_id, verdict.why) == (None, None)


def test_somebody_elses_own_mailbox_in_one_system_is_a_question() -> None:
    double = candidate(1, 6, "review", taken=True, email="same", person="other")
    assert verdict_on([double]).why == "perhaps_the_same"


def test_a_sure_one_that_waits_for_its_own_answer_is_waited_for() -> None:
    assert verdict_on([candidate(1, 15, "link", waits="surely")]).why == "its_match_is_in_review"


def test_a_sure_one_that_only_resembles_somebody_will_join_this_one() -> None:
    verdict = verdict_on([candidate(1, 15, "link", waits="perhaps"), candidate(2, 5, "review")])
    assert (verdict.entity_id, verdict.why) == (None, None)


def test_a_record_in_review_that_is_surely_the_best_one_too_is_no_rival() -> None:
    """It resembles somebody else, and is judged again: the two would wait for each other for ever."""
    both = [candidate(1, 15, "link"), candidate(2, 16, "link", waits="perhaps")]
    assert verdict_on(both, agree=True).entity_id == UUID(int=1)
    assert verdict_on(both).why == "several_candidates"


def test_the_son_who_waits_for_a_word_is_not_passed_over_for_the_father() -> None:
    """His own question is whether he is the father: what fits him better is not linked without a word."""
    father, son = candidate(1, 26, "link"), candidate(1, 31, "link", waits="perhaps")
    assert verdict_on([father, son]).why == "several_candidates"


def test_two_in_review_that_agree_are_joined_by_the_one_they_both_wait_for() -> None:
    both = [candidate(1, 15, "link", waits="perhaps"), candidate(2, 14, "link", waits="perhaps")]
    assert verdict_on(both, agree=True) == Verdict()
    assert verdict_on(both).why == "several_candidates"
