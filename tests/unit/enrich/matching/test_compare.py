"""Matching: what two records say of each other, feature by feature, and the level they reach."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from twinledger.enrich.matching.compare import Comparison, compare
from twinledger.enrich.matching.portrait import keys_of, portrait_of
from twinledger.mapping.definitions import load_shipped
from twinledger.mapping.match_rule import MatchRule


def rule() -> MatchRule:
    found = load_shipped().sync_rules["customer"].scored
    assert found is not None
    return found


def person(name: str, **more: Any) -> dict[str, Any]:
    given, _, family = name.partition(" ")
    return {"name.given": given, "name.family": family, **more}


def side_by_side(one: dict[str, Any], other: dict[str, Any]) -> Comparison:
    there = compare(portrait_of(one, rule()), portrait_of(other, rule()), rule())
    back = compare(portrait_of(other, rule()), portrait_of(one, rule()), rule())
    assert there == back
    return there


@pytest.mark.parametrize(
    ("one", "other", "answer"),
    [
        ("Ana Ruiz", "RUIZ Ana", "same"),
        ("Jürgen Müller", "Juergen Mueller", "same"),
        ("José García", "Jose Garcia", "same"),
        ("Анна Иванова", "Anna Ivanova", "same"),
        ("محمد حسن", "Mohammed Hassan", "alike"),
        ("Xiu Ying", "Xiuying", "same"),
        ("Ana M. Ruiz", "Ana Ruiz", "same"),
        ("A. Ruiz", "Ana Ruiz", "alike"),
        ("Ana Ruzi", "Ana Ruiz", "alike"),
        ("Ana Ruiz", "Tom Ruiz", "other"),
        ("Ana ", "Ana Ruiz", "part"),
        ("Dr. Ana Ruiz", "Ana Ruiz", "same"),
    ],
)
def test_names_meet_across_hands_and_scripts(one: str, other: str, answer: str) -> None:
    assert side_by_side(person(one), person(other)).answers["person"] == answer


def test_characters_without_a_sound_say_neither_yes_nor_no() -> None:
    assert "person" not in side_by_side(person("美咲 山田"), person("Misaki Yamada")).answers


@pytest.mark.parametrize(
    ("one", "other", "answer"),
    [
        ("Harbor Bakery GmbH", "HARBOR BAKERY", "same"),
        ("Oak Events Management", "Oak Events Mgmt", "alike"),
        ("Harbor Bakery", "Harbor Dental", "other"),
        ("The Harbor Bakery, Ltd.", "Harbor Bakery", "same"),
    ],
)
def test_companies_meet_without_their_legal_forms(one: str, other: str, answer: str) -> None:
    found = side_by_side({"organization": one}, {"organization": other})
    assert found.answers["organization"] == answer


def test_a_phone_is_the_same_in_any_form() -> None:
    one, other = {"phones.business": "+12075550142"}, {"phones.mobile": "(207) 555-0142"}
    assert side_by_side(one, other).answers["phone"] == "same"
    assert side_by_side(one, {"phones.mobile": "(207) 555-0143"}).answers["phone"] == "different"


MAIL = {"email": "ana@harbor.example"}
OFFICE = {"email": "info@harbor.example"}
PHONE = {"phones.business": "+12075550142"}


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        (person("Ana Ruiz", **MAIL), person("Ana Ruiz", **MAIL), "link"),
        (person("Ana Ruiz"), person("Ana Ruiz"), "review"),  # a name alone
        ({"organization": "Harbor"}, {"organization": "Harbor"}, "review"),
        (person("Ana Ruiz", **MAIL), person("Tom Ruiz", **MAIL), "review"),  # one mailbox, two people
        (person("Ana Ruiz", **PHONE, **MAIL), person("Ana Ruiz", **PHONE, email="a@b.example"), "review"),
        (MAIL, MAIL, "link"),
        (OFFICE, OFFICE, "review"),
        ({"organization": "Harbor", **OFFICE}, person("Ana Ruiz", **OFFICE), "review"),
        (
            {"organization": "Harbor", **OFFICE, **PHONE},
            {"organization": "Harbor Ltd", **OFFICE, **PHONE},
            "link",
        ),
        (
            {"organization": "Harbor", **OFFICE, **PHONE},
            {"organization": "Pier", **OFFICE, **PHONE},
            "review",
        ),
    ],
)
def test_levels(one: dict[str, Any], other: dict[str, Any], level: str) -> None:
    assert side_by_side(one, other).level == level


def test_points_of_any_size_link_nobody_by_name() -> None:
    high = dict.fromkeys(("same", "alike", "part", "other"), 1000.0)
    boosted = replace(rule(), points={**rule().points, "person": high, "organization": high})
    one = portrait_of(person("Ana Ruiz", organization="Harbor"), boosted)
    assert compare(one, one, boosted).level == "review"


def test_one_mistyped_word_does_not_hide_a_name() -> None:
    one = set(keys_of(portrait_of(person("Jessica Foster"), rule()), rule()))
    other = set(keys_of(portrait_of(person("Jessica Fozter"), rule()), rule()))
    assert one & other
