"""Demo: puts the business into the vendors before anybody connects them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from twinledger.cli.demo.acts import People
from twinledger.cli.demo.business import Good, Order, Person, Plan

__all__ = ["Seeded", "freshbooks_client", "seed"]

_TAX = "GST"


@dataclass(slots=True)
class Seeded:
    """Vendor ids by the numbers of the plan."""

    clients: dict[int, str] = field(default_factory=dict)
    books_contacts: dict[int, str] = field(default_factory=dict)
    crm_contacts: dict[int, str] = field(default_factory=dict)
    crm_accounts: dict[int, str] = field(default_factory=dict)
    freshbooks_items: dict[int, str] = field(default_factory=dict)
    books_items: dict[int, str] = field(default_factory=dict)
    orders: dict[int, str] = field(default_factory=dict)


async def seed(people: People, plan: Plan, today: date) -> Seeded:
    """Customers, items, then the orders that name them."""
    done = Seeded()
    for person in plan.persons:
        await _customer(people, person, done)
    for good in plan.goods:
        await _item(people, good, done)
    tax_id = await _tax(people)
    for order in plan.orders:
        await _order(people, order, tax_id, today, done)
    return done


async def _customer(people: People, person: Person, done: Seeded) -> None:
    if person.freshbooks:
        done.clients[person.number] = await people.create("freshbooks.client", freshbooks_client(person))
    if person.books:
        done.books_contacts[person.number] = await people.create("zoho_books.contact", _books_contact(person))
    if person.crm:
        account: Mapping[str, Any] = {}
        if person.organization:
            made = await people.create("zoho_crm.account", _crm_account(person))
            done.crm_accounts[person.number] = made
            account = {"Account_Name": {"id": made}}
        contact = {**_crm_contact(person), **account}
        done.crm_contacts[person.number] = await people.create("zoho_crm.contact", contact)


def freshbooks_client(person: Person) -> dict[str, Any]:
    """The fields of FreshBooks' client form."""
    return {
        "fname": person.given,
        "lname": person.family,
        "organization": person.organization,
        "email": person.email,
        "bus_phone": person.phone,
        "p_street": person.street,
        "p_city": person.city,
        "p_province": person.region,
        "p_code": person.code,
        "p_country": person.country,
        "currency_code": "USD",
    }


def _books_contact(person: Person) -> dict[str, Any]:
    return {
        "contact_name": person.organization or f"{person.given} {person.family}",
        "company_name": person.organization,
        "contact_type": "customer",
        "contact_persons": [
            {
                "first_name": person.given,
                "last_name": person.family,
                "email": person.email,
                "phone": person.phone,
                "is_primary_contact": True,
            }
        ],
        "billing_address": {
            "address": person.street,
            "city": person.city,
            "state": person.region,
            "zip": person.code,
            "country": person.country,
        },
    }


def _crm_account(person: Person) -> dict[str, Any]:
    return {
        "Account_Name": person.organization,
        "Phone": person.phone,
        **_crm_address(person, "Billing_", "Code"),
    }


def _crm_contact(person: Person) -> dict[str, Any]:
    name = {"First_Name": person.given, "Last_Name": person.family, "Email": person.email}
    if person.organization:
        return name
    return {**name, "Phone": person.phone, **_crm_address(person, "Mailing_", "Zip")}


def _crm_address(person: Person, prefix: str, code: str) -> dict[str, str]:
    values = {
        "Street": person.street,
        "City": person.city,
        "State": person.region,
        code: person.code,
        "Country": person.country,
    }
    return {prefix + name: value for name, value in values.items()}


async def _item(people: People, good: Good, done: Seeded) -> None:
    if good.freshbooks:
        fields: dict[str, Any] = {
            "name": good.name,
            "unit_cost": {"amount": str(good.price), "code": "USD"},
            "sku": good.sku,
        }
        done.freshbooks_items[good.number] = await people.create("freshbooks.item", fields)
    if good.books:
        fields = {"name": good.name, "rate": float(good.price), "sku": good.sku, "product_type": "service"}
        done.books_items[good.number] = await people.create("zoho_books.item", fields)


async def _tax(people: People) -> str:
    """The id of a tax that both sides have had from the start."""
    rows = await people.records("zoho_books.tax")
    return next(str(row["tax_id"]) for row in rows if row["tax_name"] == _TAX)


async def _order(people: People, order: Order, tax_id: str, today: date, done: Seeded) -> None:
    lines = [
        {
            "item_id": done.books_items[good.number],
            "quantity": quantity,
            "rate": float(good.price),
            **({"tax_id": tax_id} if taxed else {}),
        }
        for good, quantity, taxed in order.lines
    ]
    fields = {
        "customer_id": done.books_contacts[order.customer.number],
        "date": today.isoformat(),
        "reference_number": f"WEB-{order.number:03d}",
        "line_items": lines,
    }
    done.orders[order.number] = await people.create("zoho_books.sales_order", fields)
    if order.confirmed:
        await people.act("zoho_books.sales_order", "confirm", done.orders[order.number])
