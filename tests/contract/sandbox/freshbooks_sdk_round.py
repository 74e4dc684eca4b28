# mypy: ignore-errors
# It runs where our types and tools are not: in the environment of the client it tries.
"""Runs in the environment of PyPI freshbooks-sdk, never in ours: one whole round, unpatched. Prints JSON.

Called by `test_freshbooks_sdk.py` with the urls file as argument.
"""

import json
import os
import sys
from datetime import UTC, date, datetime
from pathlib import Path

urls = json.loads(Path(sys.argv[1]).read_text())["freshbooks"]
os.environ["FRESHBOOKS_API_URL"] = urls["api"]
os.environ["FRESHBOOKS_AUTH_URL"] = urls["auth"]

from freshbooks import (  # noqa: E402 - the addresses are read when a client is built
    Client,
    FilterBuilder,
    FreshBooksError,
    IncludesBuilder,
    PaginateBuilder,
    SortBuilder,
)

seen: dict = {}
account, business = urls["account_id"], urls["business_id"]


def client(**more):
    return Client(
        client_id=urls["client_id"],
        client_secret=urls["client_secret"],
        redirect_uri=urls["redirect_uri"],
        auto_retry=False,
        **more,
    )


def refused(call):
    try:
        call()
    except FreshBooksError as error:
        return [error.status_code, error.error_code, str(error)]
    return None


def tokens() -> Client:
    fb = client()
    first = fb.refresh_access_token(urls["refresh_token"])
    seen["rotated"] = first.refresh_token != urls["refresh_token"]
    seen["spent_token"] = refused(lambda: client().refresh_access_token(urls["refresh_token"]))
    me = fb.current_user()
    seen["account"] = me.business_memberships[0].business.account_id == account
    seen["bad_token"] = refused(lambda: client(access_token="nothing").clients.list(account))
    return fb


def clients(fb: Client) -> int:
    made = [
        fb.clients.create(account, {"organization": f"Round {n}", "email": f"r{n}@x.example"})
        for n in range(3)
    ]
    page = fb.clients.list(
        account, [PaginateBuilder(1, 2), FilterBuilder().like("organization_like", "Round")]
    )
    seen["clients_page"] = [len(page), page.pages.total, page.pages.pages]
    found = fb.clients.list(account, [FilterBuilder().equals("email", "r1@x.example")])
    seen["client_by_email"] = found[0].organization
    both = fb.clients.list(account, [FilterBuilder().in_list("userid", [made[0].userid, made[2].userid])])
    seen["clients_by_id"] = len(both)
    sorted_ = fb.clients.list(
        account, [SortBuilder().ascending("organization_name"), PaginateBuilder(1, 100)]
    )
    names = [each.organization.casefold() for each in sorted_]
    seen["clients_sorted"] = names == sorted(names)
    ignored = fb.clients.list(account, [FilterBuilder().equals("no_such_filter", "x")])
    seen["unknown_filter_ignored"] = ignored.pages.total >= 3
    updated = fb.clients.update(account, made[0].userid, {"note": "seen"})
    seen["client_note"] = updated.note
    seen["client_deleted"] = fb.clients.delete(account, made[2].userid).vis_state
    seen["client_unknown"] = refused(lambda: fb.clients.get(account, 1))
    day = date(2020, 1, 1)
    seen["updated_min"] = (
        fb.clients.list(account, [FilterBuilder().between("updated_min", day)]).pages.total >= 2
    )
    return made[0].userid


def money(fb: Client, client_id: int) -> int:
    tax = fb.taxes.create(account, {"name": "Round tax", "amount": 13})
    item = fb.items.create(
        account, {"name": "Round item", "sku": "R-1", "unit_cost": {"amount": "5.00", "code": "USD"}}
    )
    seen["item_by_sku"] = fb.items.list(account, [FilterBuilder().equals("sku", "R-1")])[0].id == item.id
    lines = [
        {
            "name": "a",
            "qty": 4,
            "unit_cost": {"amount": "5.00", "code": "USD"},
            "taxName1": tax.name,
            "taxAmount1": 13,
        },
        {"name": "b", "qty": 1, "unit_cost": {"amount": "24.00", "code": "USD"}},
    ]
    body = {"customerid": client_id, "create_date": "2099-03-05", "lines": lines, "discount_value": 10}
    invoice = fb.invoices.create(account, body, includes=IncludesBuilder().include("lines"))
    seen["invoice"] = [
        str(invoice.amount.amount),
        str(invoice.discount_total.amount),
        invoice.v3_status,
        len(invoice.lines),
    ]
    fb.invoices.update(account, invoice.id, {"action_mark_as_sent": True})
    seen["invoice_sent"] = fb.invoices.get(account, invoice.id).v3_status
    paid = {"invoiceid": invoice.id, "amount": {"amount": "20.00"}, "date": "2026-03-05", "type": "Cash"}
    payment = fb.payments.create(account, paid)
    seen["invoice_partial"] = fb.invoices.get(account, invoice.id).payment_status
    fb.payments.update(account, payment.id, {"amount": {"amount": "41.94"}})
    seen["invoice_paid"] = str(fb.invoices.get(account, invoice.id).outstanding.amount)
    fb.payments.delete(account, payment.id)
    seen["invoice_unpaid"] = fb.invoices.get(account, invoice.id).payment_status
    seen["invoice_refused"] = refused(lambda: fb.invoices.create(account, {"create_date": "2026-03-05"}))
    seen["due_date_refused"] = refused(
        lambda: fb.invoices.update(account, invoice.id, {"due_date": "2026-04-04"})
    )
    seen["invoice_deleted"] = fb.invoices.delete(account, invoice.id) is not None
    fb.taxes.delete(account, tax.id)
    seen["tax_gone"] = refused(lambda: fb.taxes.get(account, tax.id))
    return invoice.id


def staff_rows(fb: Client) -> int:
    """What the SDK finds under the key it expects."""
    return len(fb.staff.list(account).data.get("staffs", []))


def purchases(fb: Client) -> None:
    category = fb.expenses_categories.list(account)[0]
    body = {"amount": {"amount": "84.20"}, "categoryid": category.id, "staffid": 1, "date": "2026-03-11"}
    expense = fb.expenses.create(account, body | {"vendor": "Casco"})
    seen["expense"] = [str(expense.amount.amount), expense.vendor]
    seen["expense_deleted"] = fb.expenses.delete(account, expense.id).vis_state
    vendor = fb.bill_vendors.create(
        account, {"vendor_name": "Casco", "currency_code": "USD", "language": "en"}
    )
    line = {
        "categoryid": category.id,
        "description": "Paper",
        "quantity": 4,
        "unit_cost": {"amount": "42.50"},
    }
    bill = {"vendorid": vendor.vendorid, "issue_date": "2026-03-02", "due_offset_days": 15}
    made = fb.bills.create(account, bill | {"currency_code": "USD", "language": "en", "lines": [line]})
    seen["bill"] = str(made.total_amount.amount)
    fb.bill_payments.create(
        account,
        {
            "billid": made.id,
            "amount": {"amount": "170.00"},
            "paid_date": "2026-03-03",
            "payment_type": "Check",
        },
    )
    seen["bill_paid"] = fb.bills.get(account, made.id).status
    seen["staff_rows"] = staff_rows(fb)


def work(fb: Client, client_id: int) -> None:
    project = fb.projects.create(
        business, {"title": "Round", "client_id": client_id, "project_type": "hourly_rate"}
    )
    seen["project_list"] = fb.projects.list(
        business, [FilterBuilder().equals("client_id", client_id)]
    ).pages.total
    seen["project_title"] = fb.projects.update(business, project.id, {"title": "Round two"}).title
    started = datetime(2026, 3, 9, 13, tzinfo=UTC)
    entry = {"is_logged": True, "duration": 5400, "started_at": started.isoformat(), "project_id": project.id}
    made = fb.time_entries.create(business, entry | {"note": "Photo pick"})
    seen["time_entry"] = made.duration
    seen["time_entry_refused"] = refused(lambda: fb.time_entries.create(business, {"is_logged": True}))
    fb.time_entries.delete(business, made.id)
    fb.projects.delete(business, project.id)
    seen["project_gone"] = refused(lambda: fb.projects.get(business, project.id))
    service = fb.services.create(business, {"name": "Round service"})
    seen["service_task"] = fb.tasks.get(account, service.id).name


def callbacks(fb: Client) -> None:
    made = fb.callbacks.create(account, {"event": "invoice", "uri": "http://127.0.0.1:9/hook"})
    seen["callback"] = [made.event, made.verified]
    seen["callback_wrong_event"] = refused(
        lambda: fb.callbacks.create(account, {"event": "moon", "uri": "http://127.0.0.1:9/hook"})
    )
    seen["callback_wrong_code"] = refused(lambda: fb.callbacks.verify(account, made.callbackid, "wrong"))
    fb.callbacks.delete(account, made.callbackid)
    seen["callbacks_left"] = fb.callbacks.list(account).pages.total


fb = tokens()
client_id = clients(fb)
money(fb, client_id)
purchases(fb)
work(fb, client_id)
callbacks(fb)
sys.stdout.write(json.dumps(seen))
