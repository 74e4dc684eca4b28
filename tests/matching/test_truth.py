"""Match: two address books of 5,000 records with known truth, through the matcher of the road.

`parties.py` and `entries.py` were written before any scorer. Other seeds: `python -m tests.matching 21 22`.
"""

from __future__ import annotations

import pytest
from tests.matching.desk import Desk, Marks, marks_of
from tests.matching.entries import draw_books

from twinledger.mapping.definitions import load_shipped

SEED = 1


@pytest.fixture(scope="module")
def marks() -> Marks:
    rule = load_shipped().sync_rules["customer"].scored
    assert rule is not None
    book, desk = draw_books(SEED, 5_000), Desk(rule)
    desk.take_in([("left", e) for e in book.left] + [("right", e) for e in book.right])
    return marks_of(desk, book)


def test_automatic_links_are_right(marks: Marks) -> None:
    print(marks)  # noqa: T201 - the figures of the proof
    assert marks.links > 1_800
    assert marks.precision >= 0.999


def test_customers_of_both_sides_are_found_or_asked_about(marks: Marks) -> None:
    assert marks.recall >= 0.97


def test_nobody_is_linked_on_a_name_alone(marks: Marks) -> None:
    assert marks.on_a_name_alone == 0


@pytest.mark.parametrize("order", ["right first", "in turn"])
def test_no_order_of_arrival_links_a_record_to_somebody_else(order: str) -> None:
    """It may turn a link into a question: whoever is linked before his namesake was seen stays linked."""
    rule = load_shipped().sync_rules["customer"].scored
    assert rule is not None
    book = draw_books(SEED, 600)
    left, right = [("left", e) for e in book.left], [("right", e) for e in book.right]
    turns = [one for pair in zip(left, right, strict=True) for one in pair]
    base, other = Desk(rule), Desk(rule)
    base.take_in(left + right)
    other.take_in(turns if order == "in turn" else right + left)
    linked = [name for pair in base.pairs() | other.pairs() for name in pair]
    assert len(linked) == len(set(linked))
    assert len(base.pairs() ^ other.pairs()) <= 0.1 * len(base.pairs())
