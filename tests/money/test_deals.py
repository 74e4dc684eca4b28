"""Money: a deal is billed at its very amount, or a person is asked."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.money.ledgers import FreshBooks, TaxTable

from twinledger.mapping.definitions import load_shipped
from twinledger.mapping.errors import MappingError

DEFINITIONS = load_shipped()
FLOW = next(flow for flow in DEFINITIONS.flows if flow.name == "deal-won-to-invoice")
INVOICE = DEFINITIONS.mappings["freshbooks.invoice"]


def billed(amount: str, currency: str) -> Decimal:
    """What FreshBooks makes of the deal's invoice."""
    deal = {"name": "Menu", "customer": "entity:1", "amount": amount, "currency": currency, "state": "won"}
    (document,) = FLOW.derive(deal, {}, "7K3QX2ZD4B")
    fields = document.fields
    taxes = TaxTable()
    body = INVOICE.write(
        fields, fields, creating=True, reference=None, resolve=taxes.resolve, lookup=taxes.lookup
    )
    return Decimal(FreshBooks().keep(body)["amount"]["amount"])


@pytest.mark.parametrize(("amount", "currency"), [("286.5", "USD"), ("0", "USD"), ("286", "JPY")])
def test_a_deal_is_billed_at_its_amount(amount: str, currency: str) -> None:
    assert billed(amount, currency) == Decimal(amount)


@pytest.mark.parametrize(("amount", "currency"), [("286.555", "USD"), ("10.125", "BHD")])
def test_an_amount_that_freshbooks_cannot_hold_is_not_rounded(amount: str, currency: str) -> None:
    with pytest.raises(MappingError):
        billed(amount, currency)
