"""Simulation: orders are confirmed, their invoices sent and paid; both ledgers must agree to the cent.

An order is entered in Books, billed by FreshBooks through the flow, mirrored in Books. An invoice belongs to
FreshBooks: nobody else changes an amount, so what an order came to is what both ledgers say for ever.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.faults.simulation.stack import SimWorld
from tests.faults.simulation.things import Thing
from tests.faults.simulation.vendors import Refusal

__all__ = ["Money"]

_TODAY = "2026-03-02"
_CENT = Decimal("0.01")
Row = dict[str, Any]


@dataclass(slots=True)
class _Order:
    """What was ordered, and what was done since with the invoice of it."""

    buyer: Thing
    total: Decimal
    invoice_id: str = ""
    is_sent: bool = False
    paid: Decimal = Decimal(0)


class Money:
    """Its people know only orders whose invoice has arrived."""

    def __init__(self, world: SimWorld, rng: random.Random) -> None:
        self._world, self._rng = world, rng
        self._orders: dict[str, _Order] = {}
        self.acts = 0

    def trades(self, things: list[Thing], count: int) -> Iterator[float]:
        """Orders, invoices sent, payments in parts; yields how long to pause after each."""
        buyers = [one for one in things if not one.is_item and "zoho_books" in one.sides() and one.ids]
        goods = [one for one in things if "zoho_books.item" in one.ids]
        for _ in range(count):
            billed = [one for one in self._orders.values() if one.invoice_id]
            unsent = [one for one in billed if not one.is_sent]
            owing = [one for one in billed if one.is_sent and one.paid < one.total and not one.buyer.merged]
            act = self._rng.random()
            if owing and act < 0.4:
                self._pay(self._rng.choice(owing))
            elif unsent and act < 0.7:
                self._send(self._rng.choice(unsent))
            elif buyers and goods:
                self._order(self._rng.choice(buyers), goods)
            yield self._rng.choice((0.0, 0.05, 0.3))

    def _order(self, buyer: Thing, goods: list[Thing]) -> None:
        rng, reference = self._rng, f"R{self._world.seed}-{len(self._orders) + 1}"
        lines, total = [], Decimal(0)
        for _ in range(rng.choice((1, 1, 2, 3))):
            rate, quantity = Decimal(rng.randrange(1, 50_000)) * _CENT, rng.randrange(1, 9)
            lines.append(
                {
                    "item_id": rng.choice(goods).ids["zoho_books.item"],
                    "rate": float(rate),
                    "quantity": quantity,
                }
            )
            total += rate * quantity
        body = {
            "customer_id": buyer.ids["zoho_books.contact"],
            "date": _TODAY,
            "reference_number": reference,
            "line_items": lines,
        }
        try:
            order = self._act("zoho_books", "sales_order", "create", None, body)
        except Refusal:  # the buyer or an item is archived there
            return
        self._act("zoho_books", "sales_order", "confirm", order, {})
        self._orders[reference] = _Order(buyer, total)

    def _send(self, order: _Order) -> None:
        self._act("freshbooks", "invoice", "send", order.invoice_id, {})
        order.is_sent = True

    def _pay(self, order: _Order) -> None:
        """All of it, or a part."""
        owed = order.total - order.paid
        amount = self._rng.choice((owed, max(_CENT, (owed / 3).quantize(_CENT))))
        fields = {
            "invoiceid": int(order.invoice_id),
            "amount": {"amount": str(amount), "code": "USD"},
            "date": _TODAY,
            "type": "Check",
        }
        self._act("freshbooks", "payment", "create", None, fields)
        order.paid += amount

    def payers(self) -> list[Thing]:
        """Who has invoices and has paid none: a paid one cannot be given to another customer in Books."""
        paid = {one.buyer for one in self._orders.values() if one.paid}
        return [one.buyer for one in self._orders.values() if one.invoice_id and one.buyer not in paid]

    def _act(self, system: str, name: str, op: str, record_id: str | None, fields: Row) -> str:
        self.acts += 1
        return self._world.vendors.act(system, name, op, record_id, fields)

    def judge(self) -> list[str]:
        """I4, I5, I6: one invoice of each order on each side, equal to the cent, and so are the sums."""
        ours = _by(self._world.vendors.records("freshbooks.invoice"), "po_number")
        theirs = _by(self._world.vendors.records("zoho_books.invoice"), "reference_number")
        faults = [
            fault
            for reference, order in self._orders.items()
            for fault in self._of_order(reference, order, ours[reference], theirs[reference])
        ]
        return faults + self._sums()

    def _of_order(self, reference: str, order: _Order, ours: list[Row], theirs: list[Row]) -> list[str]:
        if (len(ours), len(theirs)) != (1, 1):
            return [f"I4 order {reference}: {len(ours)} and {len(theirs)} invoices"]
        order.invoice_id = str(ours[0]["id"])
        amounts = {
            "FreshBooks": (_money(ours[0]["amount"]), _money(ours[0]["outstanding"])),
            "Books": (_decimal(theirs[0]["total"]), _decimal(theirs[0]["balance"])),
        }
        meant = (order.total, order.total - order.paid)
        return [f"I5 order {reference} of {meant}: {amounts}"] if set(amounts.values()) != {meant} else []

    def _sums(self) -> list[str]:
        """Received per currency: what was paid in, what both ledgers say."""
        payments = self._world.vendors.records("freshbooks.payment")
        ours = sum((_money(row["amount"]) for row in payments), Decimal(0))
        receipts = self._world.vendors.records("zoho_books.customer_payment")
        theirs = sum((_decimal(row["amount"]) for row in receipts), Decimal(0))
        paid = sum((order.paid for order in self._orders.values()), Decimal(0))
        if {ours, theirs} == {paid}:
            return []
        return [f"I6 received {paid} in {len(payments)} and {len(receipts)} payments: {ours}, Books {theirs}"]


def _by(rows: list[Row], name: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[str(row[name])].append(row)
    return found


def _money(value: Row) -> Decimal:
    return Decimal(value["amount"])


def _decimal(value: float | str) -> Decimal:
    return Decimal(str(value)).quantize(_CENT)
