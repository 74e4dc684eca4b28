"""An invoice in both ledgers and its payments, which the tests of money feed."""

from __future__ import annotations

from typing import Any

from tests.fakes.feeding import ANA, Enrich
from tests.integration.enrich.flow_kit import INVOICE, LINE

BILL: dict[str, Any] = INVOICE | {
    "number": "INV-1",
    "state": "sent",
    "total": "100",
    "balance": "100",
    "lines": [LINE | {"quantity": "1", "unit_price": "100"}],
}
PAID: dict[str, Any] = {
    "amount": "100",
    "currency": "USD",
    "date": "2026-11-21",
    "method": "cash",
    "notes": None,
}


async def mirrored(enrich: Enrich, state: str = "sent") -> None:
    """The invoice stands in both ledgers."""
    await enrich.feed(
        enrich.record("freshbooks.client", "1", ANA), enrich.record("zoho_books.contact", "7", ANA)
    )
    await bill(enrich, state=state)
    await copy_of_bill(enrich, state=state)


async def bill(enrich: Enrich, **changes: Any) -> None:
    await enrich.feed(enrich.record("freshbooks.invoice", "8", BILL | changes))


async def copy_of_bill(enrich: Enrich, **changes: Any) -> None:
    """Books shows the invoice."""
    theirs = BILL | {"customer": "zoho_books.contact/7"} | changes
    await enrich.feed(enrich.record("zoho_books.invoice", "80", theirs))


async def payment(enrich: Enrich, **changes: Any) -> None:
    ours = PAID | {"invoice": "freshbooks.invoice/8", "customer": "freshbooks.client/1", "state": "active"}
    await enrich.feed(enrich.record("freshbooks.payment", "5", ours | changes))


async def copy_of_payment(enrich: Enrich) -> None:
    """Books shows the payment that we planned to make there."""
    (intent,) = [row for row in await enrich.planned() if row["object"] == "zoho_books.customer_payment"]
    theirs = PAID | {"invoice": "zoho_books.invoice/80", "customer": "zoho_books.contact/7"}
    shown = theirs | {"payment_mode": "cash"}
    await enrich.feed(
        enrich.record("zoho_books.customer_payment", "50", shown, reference=intent["reference"])
    )


async def planned_for(enrich: Enrich, object_name: str) -> list[str]:
    """What shall be done to an object now."""
    return [row["op"] for row in await enrich.planned() if row["object"] == object_name]
