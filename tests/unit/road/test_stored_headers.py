from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from twinledger.road.envelope import Headers
from twinledger.road.stored_headers import from_text, to_text


@given(st.lists(st.tuples(st.text(), st.binary() | st.text().map(str.encode))).map(tuple))
def test_exactly_the_same_bytes_come_back(headers: Headers) -> None:
    assert from_text(to_text(headers)) == headers


def test_text_is_readable_in_the_table() -> None:
    assert to_text([("ce_id", b"e1"), ("raw", b"\xff")]) == '[["ce_id","e1"],["raw",{"base64":"/w=="}]]'


@given(st.binary() | st.text().map(str.encode))
def test_no_stored_text_holds_a_zero_character(value: bytes) -> None:
    assert "\0" not in to_text([("x", value)])


def test_a_null_header_stays_null() -> None:
    ((name, value),) = from_text(to_text([("x", None)]))
    assert name == "x"
    assert value is None
