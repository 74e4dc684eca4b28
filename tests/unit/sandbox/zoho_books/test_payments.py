"""Payments move balances and statuses, and never more than there is."""

from typing import Any

from tests.unit.sandbox.zoho_desk import Answer, Desk


async def _pay(desk: Desk, customer_id: str, amount: float, **applied: float) -> Answer:
    body = {
        "customer_id": customer_id,
        "payment_mode": "cash",
        "amount": amount,
        "date": "2026-03-18",
        "invoices": [{"invoice_id": each[1:], "amount_applied": part} for each, part in applied.items()],
    }
    return await desk.call("POST", "/customerpayments", body)


async def _state(desk: Desk, invoice_id: str) -> tuple[Any, ...]:
    invoice = await desk.read(f"/invoices/{invoice_id}", "invoice")
    return invoice["status"], invoice["payment_made"], invoice["balance"]


async def test_part_then_rest_then_taken_back(desk: Desk) -> None:
    customer_id = await desk.customer()
    invoice_id = await desk.invoice(customer_id, 100)
    await _pay(desk, customer_id, 30, **{f"i{invoice_id}": 30})
    assert await _state(desk, invoice_id) == ("partially_paid", 30.0, 70.0)
    _, answer = await _pay(desk, customer_id, 100, **{f"i{invoice_id}": 70})
    assert await _state(desk, invoice_id) == ("paid", 100.0, 0.0)
    assert answer["payment"]["unused_amount"] == 30.0
    contact = await desk.read(f"/contacts/{customer_id}", "contact")
    assert contact["outstanding_receivable_amount"] == 0.0
    assert contact["unused_credits_receivable_amount"] == 30.0
    await desk.ok("DELETE", f"/customerpayments/{answer['payment']['payment_id']}")
    assert await _state(desk, invoice_id) == ("partially_paid", 30.0, 70.0)


async def test_more_than_the_balance_or_the_amount_changes_nothing(desk: Desk) -> None:
    customer_id = await desk.customer()
    invoice_id = await desk.invoice(customer_id, 100)
    for amount, applied in ((200, 100.01), (50, 60)):
        status, answer = await _pay(desk, customer_id, amount, **{f"i{invoice_id}": applied})
        assert (status, answer["code"]) == (400, 24016)
    assert await _state(desk, invoice_id) == ("sent", 0.0, 100.0)


async def test_a_draft_with_a_full_payment_is_paid(desk: Desk) -> None:
    customer_id = await desk.customer()
    body = {"customer_id": customer_id, "line_items": [{"name": "Work", "rate": 10}]}
    invoice_id = (await desk.ok("POST", "/invoices", body))["invoice"]["invoice_id"]
    await _pay(desk, customer_id, 10, **{f"i{invoice_id}": 10})
    assert (await _state(desk, invoice_id))[0] == "paid"


async def test_an_update_moves_only_the_difference(desk: Desk) -> None:
    customer_id = await desk.customer()
    first, second = await desk.invoice(customer_id, 100), await desk.invoice(customer_id, 100)
    _, answer = await _pay(desk, customer_id, 100, **{f"i{first}": 100})
    change = {
        "customer_id": customer_id,
        "payment_mode": "check",
        "amount": 100,
        "invoices": [
            {"invoice_id": first, "amount_applied": 40},
            {"invoice_id": second, "amount_applied": 60},
        ],
    }
    await desk.ok("PUT", f"/customerpayments/{answer['payment']['payment_id']}", change)
    assert (await _state(desk, first), await _state(desk, second)) == (
        ("partially_paid", 40.0, 60.0),
        ("partially_paid", 60.0, 40.0),
    )


async def test_another_customers_invoice_is_refused(desk: Desk) -> None:
    customer_id, other = await desk.customer(), await desk.customer("Other")
    invoice_id = await desk.invoice(other, 10)
    assert (await _pay(desk, customer_id, 10, **{f"i{invoice_id}": 10}))[1]["code"] == 4


async def test_credit_notes_settle_invoices(desk: Desk) -> None:
    customer_id = await desk.customer()
    invoice_id = await desk.invoice(customer_id, 100)
    note = {"customer_id": customer_id, "date": "2026-03-01", "line_items": [{"name": "Back", "rate": 30}]}
    note_id = (await desk.ok("POST", "/creditnotes", note))["creditnote"]["creditnote_id"]
    wanted = {"invoices": [{"invoice_id": invoice_id, "amount_applied": 40}]}
    assert (await desk.call("POST", f"/creditnotes/{note_id}/invoices", wanted))[0] == 400
    wanted["invoices"][0]["amount_applied"] = 30
    await desk.ok("POST", f"/creditnotes/{note_id}/invoices", wanted)
    assert (await _state(desk, invoice_id))[2] == 70.0
    assert (await desk.read(f"/creditnotes/{note_id}", "creditnote"))["status"] == "closed"


async def test_vendor_payments_settle_bills(desk: Desk) -> None:
    vendor_id, account_id = await desk.vendor(), await desk.account("Office Supplies")
    bill = {
        "vendor_id": vendor_id,
        "bill_number": "RC-1",
        "line_items": [{"account_id": account_id, "rate": 50, "description": "Paper"}],
        "due_date": "2099-01-01",
    }
    bill_id = (await desk.ok("POST", "/bills", bill))["bill"]["bill_id"]
    applied = {"amount": 20, "bills": [{"bill_id": bill_id, "amount_applied": 20}]}
    await desk.ok("POST", "/vendorpayments", applied)
    paid = await desk.read(f"/bills/{bill_id}", "bill")
    assert (paid["status"], paid["balance"]) == ("partially_paid", 30.0)
