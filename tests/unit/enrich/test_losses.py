"""What storing a value can lose, and what was somebody's edit."""

from __future__ import annotations

from typing import Any

import pytest

from twinledger.enrich.losses import is_loss
from twinledger.mapping.entity_model import CanonicalField, entity_models

CUSTOMER, ITEM = entity_models()["customer"].fields, entity_models()["item"].fields
NOTES, PHONE, STATE, PRICE = (
    CUSTOMER["notes"],
    CUSTOMER["phones.business"],
    CUSTOMER["state"],
    ITEM["unit_price"],
)


@pytest.mark.parametrize(
    ("field", "sent", "stored"),
    [
        (NOTES, "two  words ", "two words"),
        (NOTES, "Harbor", "HARBOR"),
        (NOTES, "Straße", "STRASSE"),
        (NOTES, "x" * 80, "x" * 50),
        (NOTES, "a long text of words", "A LONG TEXT"),
        (PHONE, "+12075550142", "2075550142"),
        (PHONE, "+12075550142", "+1 (207) 555-0142"),
        (PRICE, "12.345", "12.35"),
        (PRICE, "12.345", "12.34"),
        (PRICE, "12.996", "13"),
    ],
)
def test_what_storing_loses_is_a_loss(field: CanonicalField, sent: str, stored: str) -> None:
    assert is_loss(sent, stored, field)


@pytest.mark.parametrize(
    ("field", "sent", "stored"),
    [
        (NOTES, "Harbor", "Harbor Bakery"),
        (NOTES, "Harbor", "Bakery"),
        (NOTES, "Harbor", None),
        (NOTES, None, "Harbor"),
        (PHONE, "+12075550142", "+12075550143"),
        (PHONE, "+12075550142", "0142"),
        (PHONE, "+12075550142", "2075550142 Ann"),
        (STATE, "archived", "ARCHIVED"),
        (PRICE, "12.345", "12.4"),
        (PRICE, "12.345", "13"),
        (PRICE, "12", "12.5"),
        (PRICE, "12", "words"),
        (CUSTOMER["addresses.billing.country"], "US", "us"),
    ],
)
def test_any_other_difference_is_an_edit(field: CanonicalField, sent: Any, stored: Any) -> None:
    assert not is_loss(sent, stored, field)
