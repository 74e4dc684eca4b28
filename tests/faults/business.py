"""One run's own business: customers of both sides, an item, orders, a payment; what must hold at the end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.faults.conftest import Live

TODAY = "2026-11-20"


@dataclass
class Business:
    """Everything is named after the run, so that runs never touch each other's records."""

    live: Live
    name: str
    rng: random.Random
    clients: dict[str, str] = field(default_factory=dict)
    buyers: dict[str, str] = field(default_factory=dict)
    orders: dict[str, Decimal] = field(default_factory=dict)
    wanted: dict[str, dict[str, str]] = field(default_factory=dict)

    async def open(self) -> None:
        """Customers on both sides, an item, confirmed orders, edits of both sides."""
        people = self.live.people
        for number in range(3):
            email = self._email(f"fb{number}")
            fields = {"fname": "Fay", "lname": f"Blue{number} {self.name}", "email": email}
            self.clients[email] = await people.create("freshbooks.client", fields)
            self.wanted[email] = {"given": "Fay"}
            await self._breathe()
        item = await people.create(
            "zoho_books.item",
            {"name": f"Item {self.name}", "rate": 40.0, "sku": f"SKU-{self.name}", "product_type": "service"},
        )
        for number in range(2):
            await self._buyer(number, item)
        for email, client in self.clients.items():
            await people.update("freshbooks.client", client, {"fname": "Fiona"})
            self.wanted[email]["given"] = "Fiona"
            await self._breathe()

    async def _buyer(self, number: int, item: str) -> None:
        people = self.live.people
        email = self._email(f"bk{number}")
        family = f"Buyer{number} {self.name}"
        person = {"first_name": "Bea", "last_name": family, "email": email, "is_primary_contact": True}
        buyer = await people.create(
            "zoho_books.contact",
            {"contact_name": f"Bea {family}", "contact_type": "customer", "contact_persons": [person]},
        )
        self.buyers[email] = buyer
        self.wanted[email] = {"given": "Bea"}
        for part in range(2):
            quantity = 1 + part
            order = await people.create(
                "zoho_books.sales_order",
                {
                    "customer_id": buyer,
                    "date": TODAY,
                    "reference_number": f"{self.name}-{number}{part}",
                    "line_items": [{"item_id": item, "rate": 40.0, "quantity": quantity}],
                },
            )
            await people.act("zoho_books.sales_order", "confirm", order)
            self.orders[f"{self.name}-{number}{part}"] = Decimal(40 * quantity)
            await self._breathe()

    async def pay_one(self) -> None:
        """The first order's invoice is sent and paid in part."""
        reference = next(iter(self.orders))
        invoice = await self.live.one("freshbooks.invoice", having("po_number", reference))
        await self.live.people.act("freshbooks.invoice", "send", str(invoice["id"]))
        money = {"amount": "15.00", "code": "USD"}
        fields = {"invoiceid": invoice["id"], "amount": money, "date": TODAY, "type": "Check"}
        await self.live.people.create("freshbooks.payment", fields)

    async def check(self) -> None:
        """O1 to O3, read from the sandbox: everything arrived, once, with the right values."""
        for email, wanted in self.wanted.items():
            client = await self.live.one("freshbooks.client", having("email", email))
            contact = await self.live.one("zoho_crm.contact", having("Email", email))
            books = await self.live.one("zoho_books.contact", reached_at(email))
            given = {client["fname"], contact["First_Name"], books["contact_persons"][0]["first_name"]}
            assert given == {wanted["given"]}, f"{email}: {given}"
        for reference, total in self.orders.items():
            ours = await self.live.one("freshbooks.invoice", having("po_number", reference))
            theirs = await self.live.one("zoho_books.invoice", having("reference_number", reference))
            assert Decimal(ours["amount"]["amount"]) == Decimal(str(theirs["total"])) == total
            outstanding = Decimal(ours["outstanding"]["amount"])
            assert outstanding == Decimal(str(theirs["balance"])), reference

    def _email(self, who: str) -> str:
        return f"{who}@{self.name}.example"

    async def _breathe(self) -> None:
        await asyncio.sleep(self.rng.uniform(0, 0.03))


def having(name: str, value: str) -> Callable[[dict[str, Any]], bool]:
    """Records whose field is this."""
    return lambda row: bool(row.get(name) == value)


def reached_at(email: str) -> Callable[[dict[str, Any]], bool]:
    """Books contacts with a person of this address."""
    return lambda row: any(person["email"] == email for person in row["contact_persons"])
