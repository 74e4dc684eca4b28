"""Books against the sandbox: a payment whose answer was lost is sent again, or found; an invoice in another
currency."""

from __future__ import annotations

from collections.abc import AsyncIterator

import orjson
import pytest
from tests.contract.connectors.sandbox import Party, Sandbox, open_party

from twinledger.connectors.base.contract import Applied, NotApplied, UnknownOutcome, WriteAnswer, WriteCall

PAYMENT, INVOICE = "zoho_books.customer_payment", "zoho_books.invoice"


@pytest.fixture
async def party(sandbox: Sandbox) -> AsyncIterator[Party]:
    async with open_party(sandbox, "zoho_books", timeout_s=1.5) as party:
        yield party


async def sent_invoice(party: Party, number: str) -> tuple[str, str]:
    """Customer and invoice; 60 are owed."""
    person = {"contact_name": f"Payer {number}", "contact_type": "customer"}
    customer = await party.admin.act("zoho_books", "contact", "create", person)
    line = {"name": "Work", "rate": 60.0, "quantity": 1}
    fields = {"customer_id": customer, "date": "2026-03-02", "line_items": [line]}
    invoice = await party.admin.act("zoho_books", "invoice", "create", fields)
    await party.admin.act("zoho_books", "invoice", "send", {}, invoice)
    return customer, invoice


async def write(party: Party, call: WriteCall) -> WriteAnswer:
    """As the loader does, each time anew: complete it, then one request."""
    (prepared,) = await party.connector.sink.prepare([call], party.permit)
    assert isinstance(prepared, WriteCall), prepared
    (answer,) = await party.connector.sink.write([prepared])
    return answer


async def balance_of(party: Party, invoice: str) -> float:
    read = await party.connector.source.read(INVOICE, [invoice], party.permit)
    return float(orjson.loads(read.documents[0].document)["balance"])


async def test_a_void_invoice_is_brought_back_by_way_of_a_draft(party: Party) -> None:
    _, invoice = await sent_invoice(party, "void and back")
    await party.admin.act("zoho_books", "invoice", "void", {}, invoice)

    async def brought_to(state: str) -> WriteAnswer:
        call = WriteCall("i", INVOICE, "update", invoice, None, {"status": state}, phase="state")
        return await write(party, call)

    assert isinstance(await brought_to("sent"), NotApplied)
    assert isinstance(await brought_to("draft"), Applied)
    assert isinstance(await brought_to("sent"), Applied)


@pytest.mark.parametrize(("paid", "owed"), [(20, 40), (45, 15), (60, 0), (75, 0)])
async def test_a_payment_sent_again_stays_with_its_invoice(party: Party, paid: int, owed: int) -> None:
    customer, invoice = await sent_invoice(party, str(paid))
    allocation = {"invoice_id": invoice, "amount_applied": paid}
    body = {"customer_id": customer, "amount": paid, "date": "2026-03-02", "payment_mode": "cash"}
    reference = f"TL-PAYMENT{paid:A>13}"
    call = WriteCall("i", PAYMENT, "create", None, reference, {**body, "invoices": [allocation]})
    await party.admin.fault("zoho_books", "status_after:502", "PUT", "*/customerpayments")
    assert isinstance(await write(party, call), UnknownOutcome)
    assert await balance_of(party, invoice) == owed
    assert isinstance(await write(party, call), Applied)
    assert await balance_of(party, invoice) == owed


async def test_a_payment_whose_answer_was_lost_is_found_though_a_person_changed_it(party: Party) -> None:
    customer, _ = await sent_invoice(party, "found")
    body = {"customer_id": customer, "amount": 30, "date": "2026-03-02", "payment_mode": "cash"}
    reference = "TL-LOSTPAYMENT234567ABC"
    call = WriteCall("i", PAYMENT, "create", None, reference, body)
    await party.admin.fault("zoho_books", "status_after:502", "PUT", "*/customerpayments")
    assert isinstance(await write(party, call), UnknownOutcome)
    other = WriteCall("j", PAYMENT, "create", None, "TL-ANOTHERPAYMENT23456A", {**body, "amount": 31})
    answer = await write(party, other)
    assert isinstance(answer, Applied)
    (lost,) = await party.connector.sink.probe(PAYMENT, reference, body, party.permit)
    assert lost.external_id != answer.external_id
    await party.admin.act("zoho_books", "customer_payment", "update", {"amount": 29}, lost.external_id)
    (found,) = await party.connector.sink.probe(PAYMENT, reference, body, party.permit)
    assert found.external_id == lost.external_id
    assert float(orjson.loads(found.document)["amount"]) == 29


async def test_an_invoice_takes_another_currency(party: Party) -> None:
    customer = await party.admin.act(
        "zoho_books", "contact", "create", {"contact_name": "Euro", "contact_type": "customer"}
    )
    line = {"name": "Work", "rate": 60.0, "quantity": 1}
    fields = {"customer_id": customer, "date": "2026-03-02", "line_items": [line]}
    invoice = await party.admin.act("zoho_books", "invoice", "create", fields)
    answer = await write(party, WriteCall("i", INVOICE, "update", invoice, None, {"currency_code": "EUR"}))
    assert isinstance(answer, Applied)
    assert orjson.loads(answer.document or b"{}")["currency_code"] == "EUR"
