"""Sandbox, Zoho CRM: the seeded business: organizations as account and contact, persons as contact.

All of it lies in the first data centre; the second one has an organization of its own, still empty.
"""

from typing import Any

from ..business import Business, Customer, Document, Supplier
from ..indexes import Record
from .field_tables import PIPELINE, STAGES
from .organization import Org

__all__ = ["seed"]

SITE = "us"
LEADS, DEALS = 200, 2_000


def seed(org: Org, business: Business) -> None:
    if org.site != SITE:
        return
    customers = sorted(business.customers_of("zoho"), key=lambda each: (each.created_at, each.number))
    accounts, contacts = [], []
    by_number: dict[int, tuple[str | None, str]] = {}
    for customer in customers:
        account = _account(org, customer) if customer.kind == "organization" else None
        contact = _contact(org, customer, account["id"] if account is not None else None)
        if account is not None:
            accounts.append(account)
        contacts.append(contact)
        by_number[customer.number] = (account["id"] if account is not None else None, contact["id"])
    org.modules["Accounts"].table.fill(accounts)
    org.modules["Contacts"].table.fill(contacts)
    org.modules["Leads"].table.fill(_lead(org, each) for each in business.suppliers[:LEADS])
    deals = [_deal(org, order, *by_number[order.customer.number]) for order in business.orders[:DEALS:2]]
    org.modules["Deals"].table.fill(deals)


def _record(org: Org, created_at: float, values: dict[str, Any]) -> Record:
    person, moment = org.owner_id, int(created_at)
    return {
        "id": org.next_id(),
        "Owner": person,
        **{name: value for name, value in values.items() if value not in (None, "")},
        "Created_By": person,
        "Modified_By": person,
        "Created_Time": moment,
        "Modified_Time": moment,
    }


def _street(customer: Customer) -> str:
    """Zoho has no second street line."""
    return "\n".join(each for each in (customer.street, customer.street2) if each)


def _place(customer: Customer, prefix: str, code: str) -> dict[str, Any]:
    place = customer.place
    return {
        f"{prefix}Street": _street(customer),
        f"{prefix}City": place.city,
        f"{prefix}State": place.region,
        f"{prefix}{code}": place.postal_code,
        f"{prefix}Country": place.country,
    }


def _account(org: Org, customer: Customer) -> Record:
    values = {
        "Account_Name": customer.organization,
        "Phone": customer.phone,
        "Website": customer.website,
        "Account_Type": "Customer",
        "Description": customer.notes,
        **_place(customer, "Billing_", "Code"),
    }
    return _record(org, customer.created_at, values)


def _contact(org: Org, customer: Customer, account_id: str | None) -> Record:
    values = {
        "First_Name": customer.given,
        "Last_Name": customer.family,
        "Email": customer.email,
        "Phone": customer.phone,
        "Mobile": customer.mobile,
        "Account_Name": account_id,
        "Description": customer.notes,
        **_place(customer, "Mailing_", "Zip"),
    }
    return _record(org, customer.created_at, values)


def _lead(org: Org, supplier: Supplier) -> Record:
    values = {
        "First_Name": supplier.given,
        "Last_Name": supplier.family,
        "Company": supplier.name,
        "Email": supplier.email,
        "Lead_Source": "Trade Show",
        "City": supplier.place.city,
        "Country": supplier.place.country,
    }
    return _record(org, supplier.created_at, values)


def _deal(org: Org, order: Document, account_id: str | None, contact_id: str) -> Record:
    stage = "Closed Won" if order.paid else "Negotiation/Review"
    amount = round(float(sum(line.good.price * line.quantity for line in order.lines)), 2)
    values = {
        "Deal_Name": f"Order {order.number}",
        "Stage": stage,
        "Pipeline": PIPELINE,
        "Probability": STAGES[stage][0],
        "Amount": amount,
        "Expected_Revenue": round(amount * STAGES[stage][0] / 100, 2),
        "Closing_Date": order.day.isoformat(),
        "Account_Name": account_id,
        "Contact_Name": contact_id,
    }
    return _record(org, order.customer.created_at, values)
