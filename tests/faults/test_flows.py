"""Flows over the whole road: an order and a deal are billed once, and learn what became of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio
from tests.faults.business import TODAY, having
from tests.faults.conftest import Live

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUESTIONS = "select kind, evidence from review_item where state = 'open' and evidence->>'trigger' = $1"


@pytest_asyncio.fixture(loop_scope="session")
async def deals_are_billed(live: Live) -> AsyncIterator[None]:
    """The workspace turns the flow on for the while."""
    pool = live.session.pool
    await pool.execute(
        """update workspace set settings = '{"flows": {"deal-won-to-invoice": true}}'::jsonb"""
    )
    yield
    await pool.execute("update workspace set settings = '{}'")


async def order(live: Live, name: str, quantity: int) -> str:
    """A confirmed order of a buyer in Books."""
    person = {"first_name": "Bo", "last_name": name, "email": f"{name}@f.example", "is_primary_contact": True}
    contact = {"contact_name": f"Bo {name}", "contact_type": "customer", "contact_persons": [person]}
    buyer = await live.people.create("zoho_books.contact", contact)
    made = await live.people.create(
        "zoho_books.sales_order",
        {
            "customer_id": buyer,
            "date": TODAY,
            "reference_number": name,
            "line_items": [{"name": "Work", "rate": 40.0, "quantity": quantity}],
        },
    )
    await live.people.act("zoho_books.sales_order", "confirm", made)
    return made


async def pay(live: Live, invoice: dict[str, Any], amount: str) -> None:
    fields = {
        "invoiceid": invoice["id"],
        "amount": {"amount": amount, "code": "USD"},
        "date": TODAY,
        "type": "Check",
    }
    await live.people.create("freshbooks.payment", fields)


async def of_order(live: Live, reference: str) -> tuple[Any, Any]:
    """What Books shows in our fields of the order."""
    row = await live.one("zoho_books.sales_order", having("reference_number", reference))
    fields = row["custom_field_hash"]
    return fields.get("cf_twinledger_invoice"), fields.get("cf_twinledger_payment_state")


async def test_an_order_learns_its_invoice_and_what_is_paid(live: Live) -> None:
    await order(live, "flow1", 3)
    await live.rest()
    invoice = await live.one("freshbooks.invoice", having("po_number", "flow1"))
    assert await of_order(live, "flow1") == (invoice["invoice_number"], "unpaid")
    await live.people.act("freshbooks.invoice", "send", str(invoice["id"]))
    await pay(live, invoice, "20.00")
    await live.rest()
    assert await of_order(live, "flow1") == (invoice["invoice_number"], "partial")
    await pay(live, invoice, "100.00")
    await live.rest()
    assert await of_order(live, "flow1") == (invoice["invoice_number"], "paid")
    assert len([r for r in await live.people.records("freshbooks.invoice") if r["po_number"] == "flow1"]) == 1


async def test_what_a_person_types_into_our_fields_is_put_back(live: Live) -> None:
    made = await order(live, "flow2", 1)
    await live.rest()
    number = (await live.one("freshbooks.invoice", having("po_number", "flow2")))["invoice_number"]
    typed = [{"api_name": "cf_twinledger_payment_state", "value": "paid, I say"}]
    await live.people.update("zoho_books.sales_order", made, {"custom_fields": typed})
    await live.rest()
    assert await of_order(live, "flow2") == (number, "unpaid")


async def test_an_invoiced_order_that_changes_is_a_question_and_no_second_invoice(live: Live) -> None:
    made = await order(live, "flow3", 2)
    await live.rest()
    invoice = await live.one("freshbooks.invoice", having("po_number", "flow3"))
    lines = [{"name": "Work", "rate": 40.0, "quantity": 5}]
    await live.people.update("zoho_books.sales_order", made, {"line_items": lines})
    await live.rest()
    after = await live.one("freshbooks.invoice", having("po_number", "flow3"))
    assert Decimal(after["amount"]["amount"]) == Decimal(invoice["amount"]["amount"]) == 80
    number = invoice["invoice_number"]
    (question,) = await live.session.pool.fetch(QUESTIONS, number)
    assert question["kind"] == "order_changed"
    differs = question["evidence"]["differs"]["lines"]
    assert [differs[when][0]["quantity"] for when in ("made_from", "now")] == ["2", "5"]
    await live.people.act("zoho_books.sales_order", "void", made)
    await live.rest()
    (question,) = await live.session.pool.fetch(QUESTIONS, number)
    assert question["kind"] == "flow_undone"
    await live.one("freshbooks.invoice", having("po_number", "flow3"))


async def test_a_won_deal_is_billed_and_learns_that_it_is_paid(live: Live, deals_are_billed: None) -> None:
    people = live.people
    account = await people.create("zoho_crm.account", {"Account_Name": "Flow Four Ltd"})
    await people.create(
        "zoho_crm.contact", {"Last_Name": "Four", "Email": "four@f.example", "Account_Name": account}
    )
    fields = {"Deal_Name": "Menu four", "Account_Name": account, "Amount": 286.5, "Currency": "USD"}
    opened = {**fields, "Closing_Date": TODAY, "Stage": "Qualification"}
    deal = await people.create("zoho_crm.deal", opened)
    await live.rest()
    billed = having("po_number", "Menu four")
    assert not [row for row in await people.records("freshbooks.invoice") if billed(row)]
    await people.update("zoho_crm.deal", deal, {"Stage": "Closed Won"})
    await live.rest()
    await people.update("zoho_crm.deal", deal, {"Description": "seen again"})
    await live.rest()
    invoice = await live.one("freshbooks.invoice", billed)
    assert Decimal(invoice["amount"]["amount"]) == Decimal("286.5")
    assert invoice["lines"][0]["name"] == "Menu four"
    row = await live.one("zoho_crm.deal", having("Deal_Name", "Menu four"))
    assert (row["Twinledger_Invoice"], row["Twinledger_Payment_State"]) == (
        invoice["invoice_number"],
        "unpaid",
    )
    await people.act("freshbooks.invoice", "send", str(invoice["id"]))
    await pay(live, invoice, "286.50")
    await live.rest()
    row = await live.one("zoho_crm.deal", having("Deal_Name", "Menu four"))
    assert row["Twinledger_Payment_State"] == "paid"
    theirs = await live.one("zoho_books.invoice", having("reference_number", "Menu four"))
    assert (Decimal(str(theirs["total"])), theirs["balance"]) == (Decimal("286.5"), 0)
