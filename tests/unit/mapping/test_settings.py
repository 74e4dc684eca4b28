"""A workspace chooses by name; what is no choice says what there is."""

from __future__ import annotations

from typing import Any

import pytest

from twinledger.mapping.errors import ValueFault
from twinledger.mapping.settings import chosen

FLOWS = ("deal-won-to-invoice", "sales-order-to-invoice")
TABLES = ("payment_mode",)


@pytest.mark.parametrize(
    ("name", "text", "after"),
    [
        ("since", "2026-01-01", {"since": "2026-01-01"}),
        ("invoice_state", "sent", {"invoice_state": "sent"}),
        ("base_currency", "eur", {"base_currency": "EUR"}),
        ("flows.deal-won-to-invoice", "on", {"flows": {"deal-won-to-invoice": True}}),
        (
            "accounts.payment_mode.Bank Transfer",
            "bank",
            {"accounts": {"payment_mode": {"Bank Transfer": "bank"}}},
        ),
    ],
)
def test_a_choice_is_kept_and_taken_back(name: str, text: str, after: dict[str, Any]) -> None:
    assert chosen({}, name, text, FLOWS, TABLES) == after
    assert chosen({"x": 1} | after, name, "", FLOWS, TABLES) in (
        {"x": 1},
        {"x": 1, "flows": {}},
        {"x": 1, "accounts": {"payment_mode": {}}},
    )


@pytest.mark.parametrize(
    ("name", "text", "cause"),
    [
        ("since", "yesterday", "write it as 2026-01-01"),
        ("invoice_state", "void", "none of draft, sent"),
        ("base_currency", "XYZ", "not an ISO 4217 currency"),
        ("flows.deal-lost", "on", "there are: deal-won-to-invoice"),
        ("flows.deal-won-to-invoice", "maybe", "none of on, off"),
        ("colour", "red", "there are: since"),
        ("accounts.ledger.PayPal", "x", "there are: accounts.payment_mode.<value>"),
        ("accounts.payment_mode", "x", "there are: accounts.payment_mode.<value>"),
    ],
)
def test_what_is_no_choice_says_what_there_is(name: str, text: str, cause: str) -> None:
    with pytest.raises(ValueFault, match=cause):
        chosen({}, name, text, FLOWS, TABLES)
