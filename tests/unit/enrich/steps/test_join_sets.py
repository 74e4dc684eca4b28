"""Three-way join of sets: what each side added and took away, whoever is read first."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from twinledger.enrich.steps.join_sets import Joined, join_sets

ANN, BEN = {"email": "ann@x.example", "phone": "1"}, {"email": "ben@x.example", "phone": "1"}


def joined(base: Any, current: Any, observed: Any, key: str | None = None, *, later: bool = True) -> Joined:
    return join_sets(base, current, observed, key, later=later)


def test_members_come_out_sorted_and_an_empty_set_is_nothing() -> None:
    assert joined(["a"], ["a", "c"], ["b", "a"]).value == ["a", "b", "c"]
    assert joined(["a"], ["a"], None).value is None


def test_without_a_base_nothing_is_taken_away() -> None:
    assert joined(None, ["a"], ["b"]).value == ["a", "b"]


def test_the_later_of_two_edits_of_one_member_stays_and_clashes() -> None:
    ours, theirs = ANN | {"phone": "2"}, ANN | {"phone": "3"}
    assert joined([ANN], [ours], [theirs], "email") == Joined([theirs], clashed=True)
    assert joined([ANN], [ours], [theirs], "email", later=False) == Joined([ours], clashed=True)


def test_an_edit_outlives_a_removal_on_either_side() -> None:
    edited = ANN | {"phone": "2"}
    assert joined([ANN, BEN], [edited, BEN], [BEN], "email") == Joined([edited, BEN], clashed=True)
    assert joined([ANN, BEN], [BEN], [edited, BEN], "email") == Joined([edited, BEN], clashed=True)


def test_a_record_without_its_key_part_is_itself() -> None:
    nameless = {"email": None, "phone": "5"}
    assert joined([], [nameless], [nameless, ANN], "email") == Joined([ANN, nameless], clashed=False)


MEMBERS = st.lists(st.sampled_from("abcde"), unique=True)


@given(MEMBERS, MEMBERS, MEMBERS)
def test_texts_commute_and_lose_no_addition(base: list[str], one: list[str], two: list[str]) -> None:
    there, back = joined(base, one, two), joined(base, two, one)
    assert there == back and not there.clashed
    members = set(there.value or ())
    assert members >= (set(one) | set(two)) - set(base)
    assert members.isdisjoint(set(base) - (set(one) & set(two)))
