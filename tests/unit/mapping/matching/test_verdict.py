"""Matching: the verdict among candidates: one to one, and a question where two would fit."""

from __future__ import annotations

from uuid import UUID

from twinledger.mapping.matching.compare import Comparison, Level
from twinledger.mapping.matching.verdict import Candidate, judge

MARGIN = 2


def candidate(number: int, score: float, level: Level, *, taken: bool = False, waits: str = "") -> Candidate:
    return Candidate(UUID(int=number), Comparison({}, score, level), taken, waits)  # type: ignore[arg-type]


def test_the_only_sure_one_is_linked() -> None:
    assert judge([candidate(1, 15, "link"), candidate(2, 5, "review")], MARGIN).entity_id == UUID(int=1)


def test_two_that_fit_as_well_are_a_question_with_both() -> None:
    verdict = judge([candidate(1, 15, "link"), candidate(2, 14, "link")], MARGIN)
    assert verdict.why == "several_candidates" and len(verdict.candidates) == 2


def test_a_doubtful_one_with_as_many_points_is_a_rival_too() -> None:
    verdict = judge([candidate(1, 15, "link"), candidate(2, 16, "review")], MARGIN)
    assert verdict.why == "several_candidates"


def test_another_customer_of_a_company_is_a_rival_where_nobody_is_named() -> None:
    office = {"organization": "same", "phone": "same"}
    best = Candidate(UUID(int=1), Comparison(office, 20, "link"), False)  # type: ignore[arg-type]
    other = Candidate(UUID(int=2), Comparison(office, 11, "review"), False)  # type: ignore[arg-type]
    assert judge([best, other], MARGIN).why == "several_candidates"


def test_father_and_son_are_a_question_however_much_nearer_one_of_them_is() -> None:
    best = Candidate(UUID(int=1), Comparison({"person": "same", "email": "same"}, 25, "link"), False)
    kin = Candidate(UUID(int=2), Comparison({"person": "same", "phone": "same"}, 10, "review"), True)
    assert judge([best, kin], MARGIN).why == "several_candidates"
    stranger = Candidate(UUID(int=2), Comparison({"person": "same"}, 5, "review"), False)
    assert judge([best, stranger], MARGIN).entity_id == UUID(int=1)


def test_a_sure_one_whose_place_is_taken_is_a_duplicate() -> None:
    assert judge([candidate(1, 15, "link", taken=True)], MARGIN).why == "duplicate_in_one_system"


def test_a_resemblance_to_somebody_with_a_record_here_is_nobody_known() -> None:
    verdict = judge([candidate(1, 5, "review", taken=True)], MARGIN)
    assert (verdict.entity_id, verdict.why) == (None, None)


def test_somebody_elses_own_mailbox_in_one_system_is_a_question() -> None:
    double = Candidate(UUID(int=1), Comparison({"email": "same", "person": "other"}, 6, "review"), True)
    assert judge([double], MARGIN).why == "perhaps_the_same"


def test_a_sure_one_that_waits_for_its_own_answer_is_waited_for() -> None:
    assert judge([candidate(1, 15, "link", waits="surely")], MARGIN).why == "its_match_is_in_review"


def test_a_sure_one_that_only_resembles_somebody_will_join_this_one() -> None:
    verdict = judge([candidate(1, 15, "link", waits="perhaps"), candidate(2, 5, "review")], MARGIN)
    assert (verdict.entity_id, verdict.why) == (None, None)


def test_a_record_in_review_that_resembles_somebody_else_is_no_rival() -> None:
    verdict = judge([candidate(1, 15, "link"), candidate(2, 14, "link", waits="perhaps")], MARGIN)
    assert (verdict.entity_id, verdict.why) == (UUID(int=1), None)
