"""Two ledgers that would not agree ask a person, and name what makes them differ."""

from __future__ import annotations

from typing import Any

from tests.fakes.feeding import ANA, Enrich
from tests.integration.enrich.flow_kit import (
    ORDER,
    customer,
    invoice,
    order,
    patch,
    questions,
    with_flow,
)
from tests.integration.enrich.money_kit import bill, copy_of_bill, mirrored

TAX = {"name": "GST", "percent": "5", "compound": False}
LINE: dict[str, Any] = dict.fromkeys(("item", "description", "second_tax"))
WORK = LINE | {"name": "Work", "quantity": "1", "unit_price": "10.1"}
INVOICE = {
    "number": "INV-1",
    "date": "2026-11-20",
    "currency": "USD",
    "state": "sent",
    "discount_percent": "0",
}


async def _both(
    enrich: Enrich, ours: str, theirs: str, *, price: str = "10.1", percent: str = "0"
) -> list[dict[str, Any]]:
    """The same invoice on both sides, and what it comes to on each."""
    await enrich.feed(enrich.record("freshbooks.tax", "3", TAX), enrich.record("zoho_books.tax", "13", TAX))
    await enrich.feed(
        enrich.record("freshbooks.client", "1", ANA), enrich.record("zoho_books.contact", "7", ANA)
    )
    line = WORK | {"unit_price": price}
    invoice = INVOICE | {"discount_percent": percent}
    named = {"customer": "freshbooks.client/1", "lines": [line | {"tax": "tax?name=GST&percent=5"}]}
    mirrored = {"customer": "zoho_books.contact/7", "lines": [line | {"tax": "zoho_books.tax/13"}]}
    await enrich.feed(enrich.record("freshbooks.invoice", "8", invoice | named | {"total": ours}))
    await enrich.feed(enrich.record("zoho_books.invoice", "80", invoice | mirrored | {"total": theirs}))
    return [dict(row) for row in await enrich.rows("select kind, evidence from review_item")]


async def test_totals_that_agree_ask_nobody(enrich: Enrich) -> None:
    assert await _both(enrich, "10.61", "10.61") == []


async def test_the_tax_that_is_rounded_otherwise_is_named_with_its_line(enrich: Enrich) -> None:
    (review,) = await _both(enrich, "10.18", "10.19", price="10.21", percent="5")
    assert review["kind"] == "totals_differ"
    assert review["evidence"]["totals"] == {"freshbooks.invoice": "10.18", "zoho_books.invoice": "10.19"}
    (difference,) = review["evidence"]["differences"]
    assert difference.startswith("freshbooks | zoho_books: tax GST 5%: 0.48 | 0.49")
    assert "lines[0] Work: 0.484975 | 0.485" in difference


async def test_totals_that_agree_again_are_no_question(enrich: Enrich) -> None:
    await mirrored(enrich)
    await copy_of_bill(enrich, total="100.01")
    assert [kind for kind, _ in await questions(enrich)] == ["totals_differ"]
    await copy_of_bill(enrich)
    assert await questions(enrich) == []
    assert [kind for kind, _ in await questions(enrich, "withdrawn")] == ["totals_differ"]


async def test_totals_stay_a_question_while_a_write_is_on_its_way(enrich: Enrich) -> None:
    await mirrored(enrich)
    await copy_of_bill(enrich, total="100.01")
    await bill(enrich, reference_number="PO-1")
    assert await patch(enrich, "zoho_books.invoice") == {"reference_number": "PO-1"}
    assert [kind for kind, _ in await questions(enrich)] == ["totals_differ"]


async def test_what_no_line_explains_is_said_to_be_so(enrich: Enrich) -> None:
    (review,) = await _both(enrich, "10.61", "10.99")
    (difference,) = review["evidence"]["differences"]
    assert difference.startswith("freshbooks | zoho_books: unexplained: 0 | 0.38")


async def test_a_draft_that_changes_its_currency_is_told(enrich: Enrich) -> None:
    await mirrored(enrich, state="draft")
    await bill(enrich, state="draft", currency="EUR")
    assert await patch(enrich, "zoho_books.invoice") == {"currency": "EUR"}


async def test_the_same_amount_in_another_currency_is_another_total(enrich: Enrich) -> None:
    """FreshBooks is told a currency once: a draft that follows its order into another keeps it there."""
    with_flow(enrich, "sales-order-to-invoice", follows_drafts=True)
    await customer(enrich)
    await order(enrich, ORDER)
    await invoice(enrich)
    await order(enrich, ORDER | {"currency": "EUR"})
    await copy_of_bill(
        enrich, number="SO-001", state="draft", lines=ORDER["lines"], total="300", currency="EUR"
    )
    ((kind, evidence),) = await questions(enrich)
    assert kind == "totals_differ"
    assert evidence["currencies"] == {"freshbooks.invoice": "USD", "zoho_books.invoice": "EUR"}


async def test_a_payment_deleted_on_one_side_and_counted_on_the_other_asks_a_person(enrich: Enrich) -> None:
    await _both(enrich, "10.61", "10.61")
    paid = {"amount": "5", "currency": "USD", "date": "2026-11-21", "method": "cash", "notes": None}
    ours = paid | {"invoice": "freshbooks.invoice/8", "customer": "freshbooks.client/1", "state": "active"}
    await enrich.feed(enrich.record("freshbooks.payment", "5", ours))
    (intent,) = [row for row in await enrich.planned() if row["object"] == "zoho_books.customer_payment"]
    theirs = paid | {"invoice": "zoho_books.invoice/80", "customer": "zoho_books.contact/7"}
    await enrich.feed(
        enrich.record("zoho_books.customer_payment", "50", theirs, reference=intent["reference"])
    )
    await enrich.feed(
        enrich.record(
            "freshbooks.payment",
            "5",
            ours | {"state": "void"},
        )
    )
    (review,) = await enrich.rows("select kind, evidence from review_item")
    assert review["kind"] == "void"
    assert review["evidence"]["still_counted"] == ["zoho_books.customer_payment/50"]


async def test_a_deleted_payment_is_never_made_elsewhere(enrich: Enrich) -> None:
    await _both(enrich, "10.61", "10.61")
    deleted = {"amount": "5", "currency": "USD", "date": "2026-11-21", "method": "cash", "state": "void"}
    named = {"invoice": "freshbooks.invoice/8", "customer": "freshbooks.client/1"}
    await enrich.feed(enrich.record("freshbooks.payment", "5", deleted | named))
    assert not [row for row in await enrich.planned() if row["object"] == "zoho_books.customer_payment"]


async def test_the_mirror_of_a_derived_invoice_waits_for_what_its_own_side_took(enrich: Enrich) -> None:
    await enrich.feed(
        enrich.record("zoho_books.contact", "7", ANA), enrich.record("freshbooks.client", "1", ANA)
    )
    lines = [WORK | {"tax": None}]
    order = {**INVOICE, "number": "SO-1", "state": "confirmed", "lines": lines, "charged": "10.1"}
    await enrich.feed(
        enrich.record("zoho_books.sales_order", "77", order | {"customer": "zoho_books.contact/7"})
    )
    assert {row["object"] for row in await _invoices(enrich)} == {"freshbooks.invoice"}
    made = {**INVOICE, "number": "SO-1", "state": "draft", "lines": lines, "charged": "10.1", "total": "10.1"}
    await enrich.feed(enrich.record("freshbooks.invoice", "8", made | {"customer": "freshbooks.client/1"}))
    assert {row["object"] for row in await _invoices(enrich)} >= {"zoho_books.invoice"}


async def _invoices(enrich: Enrich) -> list[Any]:
    return [row for row in await enrich.planned() if row["object"].endswith(".invoice")]
