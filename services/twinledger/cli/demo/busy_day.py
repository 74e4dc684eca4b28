"""Demo: what people do on both sides while the road runs, deliveries doubled and out of order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from twinledger.cli.demo.acts import People
from twinledger.cli.demo.business import Order, Person
from twinledger.cli.demo.seeding import Seeded, freshbooks_client

__all__ = ["edit_both_sides", "newcomer", "pay"]

_FULL_PAYMENTS = 8
_PART_PAYMENTS = 5
_SENT_UNPAID = 5


async def edit_both_sides(
    people: People, persons: Sequence[Person], seeded: Seeded, orders: Sequence[Order], run: int
) -> None:
    """Different fields of one customer, the same field twice, a rename, prices, newcomers, late orders.

    A short delay lets both edits of a pair happen before either is heard of.
    """
    await people.webhooks(duplicate=1, reorder=10, delay_s=0.3, seed=run)
    shared = [person for person in persons if person.freshbooks and person.books]
    company = next(person for person in shared if person.organization)
    private = [person for person in shared if not person.organization]
    await _different_fields(people, seeded, private[0])
    await _the_same_field(people, seeded, private[1])
    await people.update(
        "freshbooks.client",
        seeded.clients[company.number],
        {"organization": f"{company.organization} and Partners"},
    )
    await _prices(people, seeded)
    await people.create("freshbooks.client", freshbooks_client(newcomer(persons[0], run)))
    for order in orders:
        if not order.confirmed and order.number % 2:
            await people.act("zoho_books.sales_order", "confirm", seeded.orders[order.number])


def newcomer(like: Person, run: int) -> Person:
    """A customer who turns up while the road runs."""
    return replace(
        like,
        number=99,
        given="Nora",
        family=f"Newcomer {run}",
        organization="",
        email=f"nora@run{run}.example",
    )


async def _different_fields(people: People, seeded: Seeded, person: Person) -> None:
    await people.update("freshbooks.client", seeded.clients[person.number], {"bus_phone": "+16085559999"})
    await people.update("zoho_crm.contact", seeded.crm_contacts[person.number], {"First_Name": "Maria"})


async def _the_same_field(people: People, seeded: Seeded, person: Person) -> None:
    await people.update("freshbooks.client", seeded.clients[person.number], {"fname": "Alexandra"})
    await people.update("zoho_crm.contact", seeded.crm_contacts[person.number], {"First_Name": "Alex"})


async def _prices(people: People, seeded: Seeded) -> None:
    unsold = {"unit_cost": {"amount": "44.00", "code": "USD"}}
    await people.update("freshbooks.item", seeded.freshbooks_items[6], unsold)
    await people.update("zoho_books.item", seeded.books_items[0], {"rate": 99.0})


async def pay(people: People, run_orders: Sequence[str], today: date) -> tuple[int, int]:
    """Sends invoices, pays some in full and some in part; how many of each."""
    invoices = [row for row in await people.records("freshbooks.invoice") if _of(row, run_orders)]
    chosen = sorted(invoices, key=lambda row: str(row["invoice_number"]))
    ends = (_FULL_PAYMENTS, _FULL_PAYMENTS + _PART_PAYMENTS, _FULL_PAYMENTS + _PART_PAYMENTS + _SENT_UNPAID)
    full, part, unpaid = chosen[: ends[0]], chosen[ends[0] : ends[1]], chosen[ends[1] : ends[2]]
    for row in (*full, *part, *unpaid):
        await people.act("freshbooks.invoice", "send", str(row["id"]))
    for row in full:
        await _pay_one(people, row, Decimal(row["outstanding"]["amount"]), "Check", today)
    for row in part:
        await _pay_one(people, row, Decimal(10), "Bank Transfer", today)
    return len(full), len(part)


async def _pay_one(people: People, invoice: dict[str, Any], amount: Decimal, kind: str, today: date) -> None:
    money = {"amount": str(amount), "code": invoice["currency_code"]}
    fields = {"invoiceid": invoice["id"], "amount": money, "date": today.isoformat(), "type": kind}
    await people.create("freshbooks.payment", fields)


def _of(invoice: dict[str, Any], numbers: Sequence[str]) -> bool:
    return invoice["invoice_number"] in numbers
