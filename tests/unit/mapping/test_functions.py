"""Value functions: total, canonical, and stable when applied again."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from tests.unit.mapping.canonical import json_values

from twinledger.mapping.errors import ValueFault
from twinledger.mapping.functions import FUNCTIONS, canonical_decimal
from twinledger.mapping.functions.amounts import with_minor_units
from twinledger.mapping.functions.places import country_name, read_country

CANONICAL = {
    "decimal": r"-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?",
    "date": r"\d{4}-\d\d-\d\d",
    "currency": r"[A-Z]{3}",
}


@pytest.mark.parametrize("name", FUNCTIONS)
@settings(max_examples=40, deadline=None)
@given(value=json_values())
def test_a_function_gives_a_canonical_value_or_a_fault(name: str, value: Any) -> None:
    function = FUNCTIONS[name]
    try:
        canonical = function.read(value)
    except ValueFault:
        return
    assert canonical is None or (canonical != "" and function.read(function.write(canonical)) == canonical)
    if isinstance(canonical, str) and function.gives in CANONICAL:
        assert re.fullmatch(CANONICAL[function.gives], canonical)


def test_a_number_that_could_not_be_read_back_is_refused() -> None:
    with pytest.raises(ValueFault):
        FUNCTIONS["decimal"].read(
            Decimal("0.0000000000000000000000000000000999869108123582981308149214723001")
        )


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("12.50", "12.5"),
        ("100", "100"),
        ("1E+2", "100"),
        ("-0.00", "0"),
        ("0.1250", "0.125"),
        ("-3.10", "-3.1"),
        ("1234567890123456789012345678901234.5", "1234567890123456789012345678901234.5"),
    ],
)
def test_equal_numbers_are_equal_texts(number: str, text: str) -> None:
    assert canonical_decimal(Decimal(number)) == text


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1E+999999", "1E-999999"])
def test_a_number_of_no_sensible_size_is_refused(number: str) -> None:
    with pytest.raises(ValueFault):
        canonical_decimal(Decimal(number))


@pytest.mark.parametrize("value", [1.5, True, "1,5", "0x10", "1_000", "٣", "1e5", "--1", [], "9" * 65])
def test_what_is_no_exact_number_is_refused(value: Any) -> None:
    with pytest.raises(ValueFault):
        FUNCTIONS["decimal"].read(value)


@pytest.mark.parametrize(
    ("value", "read"), [(" 5.50 ", "5.5"), ("+7", "7"), ("", None), (" ", None), (3, "3"), ("5.", "5")]
)
def test_numbers_are_read_from_texts(value: Any, read: str | None) -> None:
    assert FUNCTIONS["decimal"].read(value) == read


@pytest.mark.parametrize(
    ("text", "money"), [("5", "5.00"), ("5.5", "5.50"), ("0.125", "0.125"), ("-1", "-1.00")]
)
def test_money_has_at_least_two_decimals(text: str, money: str) -> None:
    assert with_minor_units(text) == money


@pytest.mark.parametrize("value", ["2026-13-01", "2026-02-30", "20260305", "05.03.2026", 20260305])
def test_what_is_no_day_is_refused(value: Any) -> None:
    with pytest.raises(ValueFault):
        FUNCTIONS["date"].read(value)


@pytest.mark.parametrize(
    ("value", "phone"),
    [
        ("+1 (207) 555-0142", "+12075550142"),
        ("+34 910 123 456 ext. 5", "+34910123456 x5"),
        ("555 0100", "555 0100"),
        ("+1 2", "+1 2"),
        (" ", None),
    ],
)
def test_whole_phone_numbers_lose_their_form_only(value: str, phone: str | None) -> None:
    assert FUNCTIONS["e164"].read(value) == phone


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("United States", "US"),
        ("U.S.A", "US"),
        ("USA", "US"),
        ("us", "US"),
        ("united kingdom", "GB"),
        ("Great Britain", "GB"),
        ("Korea, Republic of", "KR"),
        ("Côte d'Ivoire", "CI"),
        ("Narnia", "Narnia"),
    ],
)
def test_countries_are_known_by_any_name(name: str, code: str) -> None:
    assert read_country(name) == code


def test_every_country_survives_its_printed_name() -> None:
    codes = [
        read_country(code) for code in ("DE", "TW", "VE", "BO", "CD", "CG", "KP", "KR", "VA", "GB", "TR")
    ]
    assert [read_country(country_name(str(code))) for code in codes] == codes


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("text", "a\r\nb\x00", "a\nb"),
        ("text", "A\u030a", "Å"),
        ("trim", " \t", None),
        ("one_line", "a \n\n b", "a, b"),
        ("email", " Ana@B.Example ", "ana@b.example"),
        ("language", "EN ", "en"),
        ("iso_4217", " eur", "EUR"),
        ("flag", False, False),
    ],
)
def test_texts_become_canonical(name: str, value: Any, read: Any) -> None:
    assert FUNCTIONS[name].read(value) == read


@pytest.mark.parametrize(
    ("name", "value"), [("text", 5), ("trim", []), ("flag", "true"), ("iso_4217", "XQQ")]
)
def test_what_makes_no_sense_is_refused(name: str, value: Any) -> None:
    with pytest.raises(ValueFault):
        FUNCTIONS[name].read(value)
