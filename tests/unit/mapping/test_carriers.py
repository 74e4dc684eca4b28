"""Carriers of our reference: taken out of the value, put back when the field is written."""

from __future__ import annotations

from typing import Any

import pytest

from twinledger.mapping.carriers import (
    CustomFieldCarrier,
    InsteadCarrier,
    NoCarrier,
    OwnFieldCarrier,
    TrailingCarrier,
    strip_references,
)

ONE = "TL-" + "A" * 20
TWO = "TL-" + "B" * 20


@pytest.mark.parametrize(
    ("text", "rest", "reference"),
    [
        (f"tea\n{ONE}", "tea", ONE),
        (f"tea {ONE}\n ", "tea", ONE),
        (ONE, "", ONE),
        (f"tea\n{TWO}\n{ONE}", "tea", ONE),
        (f"{ONE} tea", f"{ONE} tea", None),
        (f"x{ONE}", f"x{ONE}", None),
        ("tea  ", "tea  ", None),
        ("TL-short", "TL-short", None),
        (None, None, None),
        (5, 5, None),
    ],
)
def test_a_trailing_reference_is_no_part_of_the_text(text: Any, rest: Any, reference: str | None) -> None:
    assert strip_references(text) == rest
    assert TrailingCarrier("note").take({"note": text}) == reference


def test_white_space_without_end_takes_no_time() -> None:
    text = "TL-" + " " * 500_000 + "x"
    assert strip_references(text) == text


@pytest.mark.parametrize(
    ("body", "creating", "written"),
    [
        ({"note": "tea"}, False, {"note": f"tea\n{ONE}"}),
        ({"note": ""}, False, {"note": ONE}),
        ({"email": "a@b.example"}, False, {"email": "a@b.example"}),
        ({}, True, {"note": ONE}),
    ],
)
def test_a_text_carries_it_whenever_it_is_written(
    body: dict[str, Any], creating: bool, written: dict[str, Any]
) -> None:
    TrailingCarrier("note").place(body, ONE, creating=creating)
    assert body == written


def test_a_code_carries_it_only_while_empty() -> None:
    carrier = InsteadCarrier("sku")
    empty: dict[str, Any] = {"sku": ""}
    taken: dict[str, Any] = {"sku": "ZB-1"}
    carrier.place(empty, ONE, creating=False)
    carrier.place(taken, ONE, creating=True)
    assert (empty, taken) == ({"sku": ONE}, {"sku": "ZB-1"})
    assert carrier.take(empty) == ONE
    assert carrier.take(taken) is None


def test_a_field_of_its_own_is_set_once() -> None:
    carrier = OwnFieldCarrier(("Twinledger_Ref",))
    created: dict[str, Any] = {}
    updated: dict[str, Any] = {"Email": "a@b.example"}
    carrier.place(created, ONE, creating=True)
    carrier.place(updated, ONE, creating=False)
    assert (created, updated) == ({"Twinledger_Ref": ONE}, {"Email": "a@b.example"})
    assert carrier.take({"Twinledger_Ref": f" {ONE}"}) is None


@pytest.mark.parametrize(
    "junk", [{"custom_fields": 5}, {"custom_fields": [5, {}]}, {"custom_field_hash": []}, {}]
)
def test_odd_custom_fields_carry_nothing(junk: dict[str, Any]) -> None:
    assert CustomFieldCarrier("cf_twinledger_ref").take(junk) is None


def test_nothing_carries_nothing() -> None:
    body: dict[str, Any] = {}
    NoCarrier().place(body, ONE, creating=True)
    assert body == {}
    assert NoCarrier().take({"note": ONE}) is None
