"""Fault row 12: the vendor commits and the answer never comes. No second record of any object we create."""

from __future__ import annotations

import random

import pytest
from tests.faults.business import Business
from tests.faults.conftest import Live

pytestmark = pytest.mark.asyncio(loop_scope="session")

CREATES = [
    ("freshbooks", "POST", "users/clients"),
    ("freshbooks", "POST", "items/items"),
    ("freshbooks", "POST", "taxes/taxes"),
    ("freshbooks", "POST", "invoices/invoices"),
    ("zoho_crm", "POST", "Contacts/upsert"),
    ("zoho_crm", "POST", "Accounts/upsert"),
    ("zoho_books", "PUT", "contacts"),
    ("zoho_books", "PUT", "items"),
    ("zoho_books", "POST", "settings/taxes"),
    ("zoho_books", "PUT", "invoices"),
    ("zoho_books", "PUT", "customerpayments"),
]


@pytest.mark.parametrize("fault", ["timeout_after", "reset_mid_body", "status_after:500"])
@pytest.mark.parametrize(("system", "method", "path"), CREATES, ids=[f"{s}-{p}" for s, _, p in CREATES])
async def test_a_lost_answer_makes_no_second_record(
    live: Live, system: str, method: str, path: str, fault: str
) -> None:
    mark = f"{system}{path}{fault}".replace("/", "").replace("_", "").replace(":", "").lower()
    began = await live.ledger_end()
    await live.fault(system, method, f"*{path}*", fault)
    business = Business(live, mark, random.Random(mark))
    people = live.people
    tax = await people.create("freshbooks.tax", {"name": f"Tax {mark}"[:40], "amount": "7"})
    books_tax = await people.create("zoho_books.tax", {"tax_name": f"Duty {mark}"[:40], "tax_percentage": 3})
    company = {"organization": f"Firm {mark}", "fname": "Cy", "lname": mark, "email": f"cy@{mark}.example"}
    await people.create("freshbooks.client", company)
    await people.create(
        "freshbooks.item", {"name": f"Gear {mark}", "unit_cost": {"amount": "5.00", "code": "USD"}}
    )
    await business.open()
    await live.rest()
    await business.pay_one()
    await live.rest()
    await business.check()
    await live.one("zoho_crm.account", lambda row: row["Account_Name"] == f"Firm {mark}")
    await live.one("zoho_books.item", lambda row: row["name"] == f"Gear {mark}")
    await live.one("freshbooks.item", lambda row: row["sku"] == f"SKU-{mark}")
    await live.one("zoho_books.tax", lambda row: row["tax_name"] == f"Tax {mark}"[:40])
    await live.one("freshbooks.tax", lambda row: row["name"] == f"Duty {mark}"[:40])
    assert tax and books_tax
    assert any(row.get("fault") for row in await live.ledger(began)), "the fault never struck"
