"""Demo: what people do on both sides while the road runs, deliveries doubled and out of order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from twinledger.cli.demo.acts import People
from twinledger.cli.demo.business import Person, Plan
from twinledger.cli.demo.seeding import Seeded, freshbooks_client

__all__ = ["edit_both_sides", "newcomer", "pay"]

_FULL_PAYMENTS = 8
_PART_PAYMENTS = 5
_SENT_UNPAID = 5


@dataclass(frozen=True, slots=True)
class Desk:
    """Ids by what a person would search for: an e-mail, an item's name."""

    clients: Mapping[str, str]
    crm_contacts: Mapping[str, str]
    freshbooks_items: Mapping[str, str]
    books_items: Mapping[str, str]

    @classmethod
    async def open(cls, people: People) -> Desk:
        clients = await people.records("freshbooks.client")
        contacts = await people.records("zoho_crm.contact")
        items = await people.records("freshbooks.item")
        wares = await people.records("zoho_books.item")
        return cls(
            {str(row["email"]).lower(): str(row["id"]) for row in clients},
            {str(row["Email"]).lower(): str(row["id"]) for row in contacts},
            {row["name"]: str(row["id"]) for row in items},
            {row["name"]: str(row["item_id"]) for row in wares},
        )


async def edit_both_sides(people: People, plan: Plan, seeded: Seeded) -> None:
    """Different fields of one customer, the same field twice, a rename, prices, a newcomer, late orders.

    The word of the first two pairs is held back, so that both edits are there before either is heard of.
    """
    desk = await Desk.open(people)
    shared = plan.persons[:20]
    company = next(person for person in shared if person.organization)
    private = [person for person in shared if not person.organization]
    await people.webhooks(duplicate=1, reorder=0, delay_s=0.5, seed=plan.run)
    await _different_fields(people, desk, private[0])
    await _the_same_field(people, desk, private[1])
    await people.webhooks(duplicate=1, reorder=10, delay_s=0.1, seed=plan.run)
    renamed = {"organization": f"{company.organization} and Partners"}
    await people.update("freshbooks.client", desk.clients[company.email], renamed)
    await _prices(people, desk, plan)
    await people.create("freshbooks.client", freshbooks_client(newcomer(plan.persons[0], plan.run)))
    for order in plan.orders:
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


async def _different_fields(people: People, desk: Desk, person: Person) -> None:
    await people.update("freshbooks.client", desk.clients[person.email], {"bus_phone": "+16085559999"})
    await people.update("zoho_crm.contact", desk.crm_contacts[person.email], {"First_Name": "Maria"})


async def _the_same_field(people: People, desk: Desk, person: Person) -> None:
    await people.update("freshbooks.client", desk.clients[person.email], {"fname": "Alexandra"})
    await people.update("zoho_crm.contact", desk.crm_contacts[person.email], {"First_Name": "Alex"})


async def _prices(people: People, desk: Desk, plan: Plan) -> None:
    cheaper = {"unit_cost": {"amount": "44.00", "code": "USD"}}
    await people.update("freshbooks.item", desk.freshbooks_items[plan.goods[6].name], cheaper)
    await people.update("zoho_books.item", desk.books_items[plan.goods[0].name], {"rate": 99.0})


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
