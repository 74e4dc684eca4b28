"""JSON on the wire keeps every number as it was written."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinledger.connectors.base.wire import broke_off, decode, encode, is_foreign, unreadable


@pytest.mark.parametrize(
    "text",
    [
        b'{"rate":95.50,"quantity":3.0}',
        b'{"amount":0.1,"total":1234567890123456.78}',
        b'{"id":7001000000012001234567}',
        b'{"small":0.0000001}',
        b'[1,-2,0.0,100.10,true,null,"12.50"]',
    ],
)
def test_a_record_leaves_as_it_came(text: bytes) -> None:
    assert encode(decode(text)) == text


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_decimal_is_written_digit_for_digit(number: Decimal) -> None:
    assert decode(encode({"n": number}))["n"] == number


@pytest.mark.parametrize("text", [b"<html>", b'{"a":', b"\xff", b'{"a":NaN}', b"", b"[" * 100_000])
def test_anything_but_json_is_a_value_error(text: bytes) -> None:
    with pytest.raises(ValueError):
        decode(text)


def test_half_a_surrogate_pair_stays_for_the_decoding_stage_to_refuse() -> None:
    assert encode(decode(b'{"a":"\\ud800","b":1.50}')) == b'{"a": "\\ud800", "b": "1.50"}'


def test_a_value_that_is_no_json_is_an_error() -> None:
    with pytest.raises(TypeError):
        encode({"a": object()})


@pytest.mark.parametrize(
    ("body", "content_type", "half", "foreign"),
    [
        (b'{"a":', "", True, False),
        (b"  [1,", "", True, False),
        (b"", "", False, True),
        (b"\n<html>", "", False, True),
        (b"Not here", "text/html; charset=utf-8", False, True),
        (b"Use the other domain.", "text/plain", False, False),
    ],
)
def test_what_is_no_json_began_as_one_or_is_somebody_elses(
    body: bytes, content_type: str, half: bool, foreign: bool
) -> None:
    assert (broke_off(body), is_foreign(body, {"content-type": content_type})) == (half, foreign)


def test_html_means_the_target_is_down_and_a_cut_body_a_broken_line() -> None:
    assert unreadable(b"<html>oops", {}).error_class == "target_down"
    assert unreadable(b'{"response":{', {}).error_class == "network"
    assert unreadable(b"", {"content-type": "text/html"}).error_class == "target_down"
