"""What a payment is called in the books: the workspace's row, the shipped one, the default, or a question."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinledger.mapping.account_table import ASK, AccountTable
from twinledger.mapping.definitions import load_shipped, load_sync_rule, shipped_files
from twinledger.mapping.errors import DefinitionError

MODES, ACCOUNTS = load_shipped().sync_rules["payment"].accounts
PAYPAL = {"method_name": "PayPal", "method": "other"}


@pytest.mark.parametrize(
    ("fields", "rows", "word"),
    [
        ({"method_name": "VISA", "method": "card"}, {}, "creditcard"),
        ({"method_name": "VISA", "method": "card"}, {"card": "Stripe"}, "Stripe"),
        ({"method_name": "VISA", "method": "card"}, {"card": "Stripe", "VISA": "Visa"}, "Visa"),
        (PAYPAL, {}, "others"),
        (PAYPAL, {"PayPal": "Paypal"}, "Paypal"),
        (PAYPAL, {"default": ASK}, ASK),
        ({"method_name": "VISA", "method": "card"}, {"default": ASK}, "creditcard"),
        ({"method": "cash"}, {}, "cash"),
        ({"method": None}, {"default": ASK}, None),
        ({}, {"default": "others"}, None),
    ],
)
def test_the_nearest_row_tells(fields: dict[str, str | None], rows: dict[str, str], word: str | None) -> None:
    assert MODES.told(fields, rows) == word


def test_without_a_row_the_books_take_their_own_account() -> None:
    assert ACCOUNTS.told(PAYPAL, {}) is None
    assert ACCOUNTS.told(PAYPAL, {"other": "361"}) == "361"
    assert isinstance(ACCOUNTS, AccountTable)
    assert ACCOUNTS.once


@pytest.mark.parametrize(
    ("wrong", "right", "field", "words"),
    [
        ("of: [amount]", "of: [method_name, method]\n    rows", "accounts.payment_mode", "amount is no text"),
        ("payment_mode: lww", "payment_mode: owner(twinledger)", "policy.payment_mode", "told by the table"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(
    tmp_path: Path, wrong: str, right: str, field: str, words: str
) -> None:
    shipped = next(path for path in shipped_files("definitions/sync") if path.name == "payment.yaml")
    text = shipped.read_text()
    assert right in text
    path = tmp_path / "payment.yaml"
    path.write_text(text.replace(right, wrong + ("\n    rows" if "rows" in right else ""), 1))
    with pytest.raises(DefinitionError, match=words) as caught:
        load_sync_rule(path, load_shipped().mappings)
    assert caught.value.field == field
