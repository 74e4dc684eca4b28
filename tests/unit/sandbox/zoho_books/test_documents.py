"""Numbers, statuses and the way from order to invoice."""

from typing import Any

from tests.unit.sandbox.zoho_desk import Desk

LINE = {"name": "Work", "rate": 10, "quantity": 4}


async def test_numbers_are_automatic_unless_asked(desk: Desk) -> None:
    body = {"customer_id": await desk.customer(), "line_items": [LINE]}
    assert (await desk.ok("POST", "/invoices", body))["invoice"]["invoice_number"] == "INV-00001"
    own = body | {"invoice_number": "FB-7"}
    assert (await desk.call("POST", "/invoices", own))[1]["code"] == 4097
    asked: dict[str, Any] = {"ignore_auto_number_generation": "true"}
    assert (await desk.ok("POST", "/invoices", own, **asked))["invoice"]["invoice_number"] == "FB-7"
    assert (await desk.call("POST", "/invoices", own, **asked))[1]["code"] == 1001
    assert (await desk.call("POST", "/invoices", body, **asked))[1]["code"] == 4


async def test_bill_numbers_are_unique_per_vendor_but_for_punctuation(desk: Desk) -> None:
    vendor_id, account_id = await desk.vendor(), await desk.account("Office Supplies")
    lines = [{"account_id": account_id, "rate": 1, "description": "x"}]
    statuses = []
    for number in ("INV-001", " inv-001", "INV001"):
        bill = {"vendor_id": vendor_id, "bill_number": number, "line_items": lines}
        status, answer = await desk.call("POST", "/bills", bill)
        statuses.append((status, answer["code"]))
    assert statuses == [(201, 0), (400, 13011), (201, 0)]


async def test_void_and_draft_follow_their_rules(desk: Desk) -> None:
    invoice_id = await desk.invoice(await desk.customer())
    path = f"/invoices/{invoice_id}"
    assert (await desk.call("POST", path + "/status/draft"))[0] == 400
    voided = await desk.ok("POST", path + "/status/void")
    assert voided["message"] == "Invoice status has been changed to Void."
    assert (await desk.call("PUT", path, {"customer_id": "1", "line_items": [LINE]}))[0] == 400
    drafted = await desk.ok("POST", path + "/status/draft")
    assert drafted["message"] == "Status of invoice changed from void to draft"
    assert (await desk.read(path, "invoice"))["status"] == "draft"


async def test_overdue_is_derived_in_the_organizations_zone(desk: Desk) -> None:
    invoice_id = await desk.invoice(await desk.customer(), due_date="2099-01-01", date="2020-01-01")
    late = {"customer_id": (await desk.read(f"/invoices/{invoice_id}", "invoice"))["customer_id"]}
    late |= {"line_items": [LINE], "due_date": "2020-02-01"}
    await desk.ok("PUT", f"/invoices/{invoice_id}", late)
    assert (await desk.read(f"/invoices/{invoice_id}", "invoice"))["status"] == "overdue"
    found = await desk.ok("GET", "/invoices", filter_by="Status.OverDue")
    assert [each["invoice_id"] for each in found["invoices"]] == [invoice_id]
    assert (await desk.ok("GET", "/invoices", filter_by="Status.Sent"))["invoices"] == []


async def test_an_order_is_invoiced_once_and_in_parts(desk: Desk) -> None:
    customer_id = await desk.customer()
    order = (await desk.ok("POST", "/salesorders", {"customer_id": customer_id, "line_items": [LINE]}))[
        "salesorder"
    ]
    order_id, line_id = order["salesorder_id"], order["line_items"][0]["line_item_id"]
    opened = await desk.ok("POST", f"/salesorders/{order_id}/status/open")
    assert opened["message"] == "Sales order status has been changed to Open."
    part = {"name": "Work", "rate": 10, "quantity": 1, "salesorder_item_id": line_id}
    await desk.ok("POST", "/invoices", {"customer_id": customer_id, "line_items": [part]})
    assert (await desk.read(f"/salesorders/{order_id}", "salesorder"))["status"] == "partially_invoiced"
    rest = await desk.ok("POST", "/invoices/fromsalesorder", salesorder_id=order_id)
    assert rest["invoice"]["line_items"][0]["quantity"] == 3.0
    assert (await desk.read(f"/salesorders/{order_id}", "salesorder"))["status"] == "invoiced"
    assert (await desk.call("POST", "/invoices/fromsalesorder", salesorder_id=order_id))[0] == 400
    await desk.ok("DELETE", f"/invoices/{rest['invoice']['invoice_id']}")
    assert (await desk.read(f"/salesorders/{order_id}", "salesorder"))["status"] == "partially_invoiced"


async def test_put_replaces_the_lines_it_leaves_out(desk: Desk) -> None:
    customer_id = await desk.customer()
    body = {"customer_id": customer_id, "line_items": [LINE, {"name": "More", "rate": 1}]}
    invoice = (await desk.ok("POST", "/invoices", body))["invoice"]
    kept = invoice["line_items"][0]["line_item_id"]
    change = {"customer_id": customer_id, "line_items": [{"line_item_id": kept, "quantity": 5}]}
    lines = (await desk.ok("PUT", f"/invoices/{invoice['invoice_id']}", change))["invoice"]["line_items"]
    assert [(line["line_item_id"], line["name"], line["item_total"]) for line in lines] == [
        (kept, "Work", 50.0)
    ]


async def test_a_journal_must_balance_and_carries_no_tax(desk: Desk) -> None:
    debit, credit = await desk.account("Office Supplies"), await desk.account("Petty Cash")

    def journal(amount: float, **extra: str) -> dict[str, object]:
        lines = [
            {"account_id": debit, "debit_or_credit": "debit", "amount": 42, **extra},
            {"account_id": credit, "debit_or_credit": "credit", "amount": amount},
        ]
        return {"journal_date": "2026-03-31", "line_items": lines}

    assert (await desk.call("POST", "/journals", journal(41)))[0] == 400
    assert (await desk.call("POST", "/journals", journal(42, tax_id="1")))[1]["code"] == 110942
    assert (await desk.ok("POST", "/journals", journal(42)))["journal"]["status"] == "published"


async def test_time_entries_are_billed_by_an_invoice(desk: Desk) -> None:
    customer_id = await desk.customer()
    user_id = (await desk.ok("GET", "/users/me"))["user"]["user_id"]
    project = {
        "project_name": "Site",
        "customer_id": customer_id,
        "billing_type": "based_on_project_hours",
        "user_id": user_id,
        "tasks": [{"task_name": "Visit"}],
    }
    made = (await desk.ok("POST", "/projects", project))["project"]
    entry = {
        "project_id": made["project_id"],
        "task_id": made["tasks"][0]["task_id"],
        "user_id": user_id,
        "log_date": "2026-03-04",
        "log_time": "2:30",
    }
    entry_id = (await desk.ok("POST", "/projects/timeentries", entry))["time_entry"]["time_entry_id"]
    await desk.invoice(customer_id, line_items=[{"name": "Visit", "rate": 50, "time_entry_ids": [entry_id]}])
    billed = await desk.read(f"/projects/timeentries/{entry_id}", "time_entry")
    assert (billed["log_time"], billed["billed_status"]) == ("02:30", "invoiced")
    assert (await desk.call("DELETE", f"/projects/timeentries/{entry_id}"))[0] == 400
