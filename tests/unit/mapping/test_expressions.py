"""Conditions: CEL over canonical fields and the vendor's document."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from twinledger.mapping.errors import ValueFault
from twinledger.mapping.expressions import compile_condition

FIELDS = ("organization", "name.given", "name.family", "total", "lines")


@pytest.mark.parametrize(
    ("source", "fields", "holds"),
    [
        ("organization != ''", {"organization": "Harbor"}, True),
        ("organization != ''", {"organization": None}, False),
        ("organization != ''", {}, False),
        ("name.given == 'Ana' && name.family == ''", {"name.given": "Ana"}, True),
        ("name.given.startsWith('A')", {"name.given": "Ana"}, True),
        ("organization in ['name.given', 'x']", {"organization": "name.given"}, True),
        ("total == '12.5'", {"total": "12.5"}, True),
        ("lines.exists(line, line.name == 'x')", {"lines": [{"name": "x"}]}, True),
        ("true", {}, True),
    ],
)
def test_a_condition_looks_at_canonical_fields(source: str, fields: dict[str, Any], holds: bool) -> None:
    assert compile_condition(source, FIELDS)(fields) is holds


@pytest.mark.parametrize(
    ("source", "document", "holds"),
    [
        ("document.vis_state == 1", {"vis_state": 1}, True),
        ("document.vis_state == 1", {}, False),
        ("document.Account_Name.id != ''", {"Account_Name": {"id": "7"}}, True),
        ("document.Account_Name.id != ''", {"Account_Name": None}, False),
        ("document.rate == '1.50'", {"rate": Decimal("1.50")}, True),
        ("document.id == '9223372036854775808'", {"id": 2**63}, True),
        ("document.name.startsWith('a')", {"name": "ab"}, True),
    ],
)
def test_a_condition_looks_at_the_document(source: str, document: dict[str, Any], holds: bool) -> None:
    assert compile_condition(source, FIELDS, document=True)({}, document) is holds


@pytest.mark.parametrize(
    "source", ["organisation != ''", "document.x == 1", "organization &&& x", "", "name.other == ''"]
)
def test_a_wrong_condition_does_not_compile(source: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        compile_condition(source, FIELDS)


@pytest.mark.parametrize("source", ["organization", "organization > 1", "total + 'x'"])
def test_a_condition_that_gives_no_truth_is_a_fault(source: str) -> None:
    with pytest.raises(ValueFault):
        compile_condition(source, FIELDS)({"organization": "x", "total": "1"})


def test_a_condition_names_the_fields_it_needs() -> None:
    condition = compile_condition("organization == '' || document.x == 'name.given'", FIELDS, document=True)
    assert condition.fields == {"organization"}


@pytest.mark.parametrize("comparison", ["== ''", "!= ''", "== 'Harbor'", "!= 'Harbor'"])
@pytest.mark.parametrize("value", ["", "Harbor", "Häfen", None, 7, 2**70, True, Decimal("12.50"), ["Harbor"]])
def test_a_mere_comparison_says_what_cel_says(comparison: str, value: Any) -> None:
    """In brackets it is left to CEL."""

    def said(source: str) -> object:
        try:
            return compile_condition(source, FIELDS)({"organization": value})
        except ValueFault as fault:
            return type(fault)

    assert said(f"organization {comparison}") == said(f"(organization {comparison})")
