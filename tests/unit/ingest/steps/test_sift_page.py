"""Of a page of changes only news goes on, and news that were not published come again."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.fakes.clock import START

from twinledger.connectors.base.contract import Page, SourceDocument
from twinledger.ingest.steps.sift_page import Sifted, Versions, sift_page

LATER = START + timedelta(minutes=11)


def document(external_id: str, body: bytes = b"{}", at: datetime | None = START) -> SourceDocument:
    return SourceDocument("freshbooks.client", external_id, body, START, updated_at=at)


def ids_of(sifted: Sifted) -> list[str]:
    return [one.external_id for one in sifted.documents] + [one for one, _ in sifted.ids]


def test_the_first_pass_brings_everything() -> None:
    page = Page([document("1"), document("2", at=None)], ids_to_read=[("3", START), ("4", None)])
    assert ids_of(sift_page(page, Versions(), None)) == ["1", "2", "3", "4"]


def test_an_unchanged_row_is_no_news_the_next_time() -> None:
    versions = Versions()
    page = Page([document("1")], ids_to_read=[("3", START)])
    versions.remember(page, LATER)
    versions.next_pass()
    assert ids_of(sift_page(page, versions, START)) == []


def test_a_changed_row_is_news_even_with_the_same_stamp() -> None:
    versions = Versions()
    versions.remember(Page([document("1", b'{"a":1}')]), LATER)
    assert ids_of(sift_page(Page([document("1", b'{"a":2}')]), versions, START)) == ["1"]


def test_a_listed_id_is_news_again_when_its_stamp_moved() -> None:
    versions = Versions()
    versions.remember(Page([], ids_to_read=[("3", START)]), LATER)
    later = Page([], ids_to_read=[("3", START + timedelta(seconds=1))])
    assert ids_of(sift_page(later, versions, START)) == ["3"]


def test_what_was_not_remembered_comes_again() -> None:
    versions = Versions()
    page = Page([document("1")])
    assert ids_of(sift_page(page, versions, None)) == ["1"]
    assert ids_of(sift_page(page, versions, None)) == ["1"]


def test_rows_well_before_the_true_cursor_are_dropped() -> None:
    old, late = START - timedelta(minutes=11), START - timedelta(minutes=9)
    page = Page([document("1", at=old), document("2", at=late)], ids_to_read=[("3", old), ("4", late)])
    assert ids_of(sift_page(page, Versions(), START)) == ["2", "4"]


def test_what_a_pass_no_longer_lists_is_forgotten() -> None:
    versions = Versions()
    versions.remember(Page([document("1")]), LATER)
    versions.next_pass()
    versions.next_pass()
    assert versions.before == {}


def test_changes_are_those_with_a_stamp() -> None:
    page = Page([document("1"), document("2", at=None)], ids_to_read=[("3", START), ("4", None)])
    assert sift_page(page, Versions(), None).changes() == [("1", START), ("3", START)]


@pytest.mark.parametrize("page_s", [0.01, 0.7, 1.1])
def test_young_stamps_on_several_pages_cause_no_further_passes(page_s: float) -> None:
    """Each page is listed at another moment: their stamps settle in different passes."""
    versions, seconds = Versions(), 5.0
    pages = [Page([], ids_to_read=[(f"{number}", START)]) for number in range(3)]
    told = []
    for _ in range(8):
        told.append(0)
        for page in pages:
            told[-1] += versions.first_told(sift_page(page, versions, None))
            versions.remember(page, START + timedelta(seconds=seconds))
            seconds += page_s
        versions.next_pass()
    assert told == [3, 0, 0, 0, 0, 0, 0, 0]
    if page_s > 0.5:
        assert [ids_of(sift_page(page, versions, START)) for page in pages] == [[], [], []]


@pytest.mark.parametrize(
    ("listed_after_s", "is_news"),
    [
        pytest.param([0.4], True, id="listed once"),
        pytest.param([0.4, 1.9], True, id="twice within its second"),
        pytest.param([90.0, 91.0], True, id="stamped by a clock that may be behind"),
        pytest.param([0.4, 2.4], False, id="listed again when it is over"),
        pytest.param([602.0], False, id="older than any clock is behind"),
    ],
)
def test_a_stamp_of_an_id_is_known_at_the_second_look(listed_after_s: list[float], is_news: bool) -> None:
    versions = Versions()
    page = Page([], ids_to_read=[("3", START)])
    for seconds in listed_after_s:
        versions.remember(page, START + timedelta(seconds=seconds))
        versions.next_pass()
    assert (ids_of(sift_page(page, versions, START)) == ["3"]) is is_news
