"""Every shipped mapping through its connector: what is written to the vendor reads back as what was meant.

One set of books per system, in the order of their parents: tax, item, customer, order, invoice, payment.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.contract.connectors.sandbox import Party, Sandbox, open_party

from twinledger.connectors.base.contract import Applied, NotApplied, WriteCall
from twinledger.mapping.definitions import load_shipped
from twinledger.mapping.document import decode
from twinledger.mapping.lens import ObjectMapping

_numbers = itertools.count(1)

CUSTOMER: dict[str, Any] = {
    "kind": "organization",
    "organization": "Harbor Lights",
    "name.given": "Inès",
    "name.family": "Moreau",
    "email": "ines@harborlights.example",
    "phones.business": "+12075550142",
    "phones.mobile": "+12075550143",
    "website": "https://harborlights.example",
    "addresses.billing.line1": "4 Wharf Rd",
    "addresses.billing.line2": "Unit 2",
    "addresses.billing.city": "Portland",
    "addresses.billing.region": "ME",
    "addresses.billing.postal_code": "04101",
    "addresses.billing.country": "US",
    "currency": "USD",
    "language": "en",
    "notes": "Likes blue",
    "state": "active",
}
TAX = {"name": "Harbor Tax", "percent": "5.5", "compound": False}
ITEM = {
    "name": "Menu layout",
    "description": "Spring menu",
    "unit_price": "150.25",
    "currency": "USD",
    "sku": "ML-1",
    "state": "active",
}
LINE = {
    "item": "entity:item",
    "name": "Menu layout",
    "description": "Spring menu",
    "quantity": "2.5",
    "unit_price": "150.25",
    "tax": "entity:tax",
}
ORDER: dict[str, Any] = {
    "number": "SO-9001",
    "reference_number": "PO-77",
    "customer": "entity:customer",
    "date": "2026-03-05",
    "currency": "USD",
    "state": "draft",
    "lines": [LINE, {**LINE, "item": None, "name": "Work", "quantity": "1", "unit_price": "80", "tax": None}],
    "notes": "Thanks!",
}
INVOICE: dict[str, Any] = {**ORDER, "number": "INV-9001", "due_date": "2026-04-04"}
PAYMENT = {
    "invoice": "entity:invoice",
    "customer": "entity:customer",
    "amount": "100.5",
    "currency": "USD",
    "date": "2026-03-20",
    "method": "bank_transfer",
    "method_name": "Bank Transfer",
    "payment_mode": "banktransfer",
    "notes": "wire 8841",
}
HOMES = {
    "freshbooks": {"customer": "client", "item": "item", "tax": "tax", "invoice": "invoice"},
    "zoho_crm": {"customer": "contact"},
    "zoho_books": {"customer": "contact", "item": "item", "tax": "tax", "invoice": "invoice"},
}


@dataclass
class Books:
    """One system's records of one test, by the name of their entity."""

    party: Party
    ids: dict[str, str] = field(default_factory=dict)
    entities: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def mapping(self, name: str) -> ObjectMapping:
        return load_shipped().mappings[f"{self.party.system}.{name}"]

    async def create(self, name: str, entity: str, fields: Mapping[str, Any]) -> str:
        """Write it, read it back, compare; later records may refer to it as `entity:<entity>`."""
        mapping = self.mapping(name)
        changed = list(mapping.writable(True, fields))
        await self.write(name, entity, fields, changed, creating=True)
        await self.compare(name, entity, fields, changed)
        return self.ids[f"{name}:{entity}"]

    async def update(self, name: str, entity: str, changes: Mapping[str, Any]) -> None:
        """Write the changed fields, each phase apart, and compare all that the record should say."""
        mapping = self.mapping(name)
        fields = {**self.entities[entity], **changes}
        for phase in sorted({mapping.phase_of(one) or "" for one in changes}):
            part = [one for one in changes if (mapping.phase_of(one) or "") == phase]
            await self.write(name, entity, fields, part, creating=False, phase=phase or None)
        await self.compare(name, entity, fields, list(mapping.writable(False, fields)))

    async def write(
        self,
        name: str,
        entity: str,
        fields: Mapping[str, Any],
        changed: list[str],
        *,
        creating: bool,
        phase: str | None = None,
    ) -> None:
        self.entities[entity] = fields
        reference = f"TL-{self.party.system.replace('_', '').upper()}{next(_numbers):04}".translate(
            str.maketrans("0123456789", "ABCDEFGHIJ")
        )
        body = self.mapping(name).write(
            fields,
            changed,
            creating=creating,
            reference=f"{reference:A<23}"[:23],
            resolve=self.resolve,
            lookup=lambda one: self.entities[one.removeprefix("entity:")],
        )
        call = WriteCall(
            "intent",
            f"{self.party.system}.{name}",
            "create" if creating else "update",
            None if creating else self.ids[f"{name}:{entity}"],
            f"{reference:A<23}"[:23] if creating else None,
            body,
            phase,
        )
        (prepared,) = await self.party.connector.sink.prepare([call], self.party.permit)
        assert isinstance(prepared, WriteCall), prepared
        (answer,) = await self.party.connector.sink.write([prepared])
        assert not isinstance(answer, NotApplied), (answer.error, prepared.body)
        assert isinstance(answer, Applied), answer
        self.ids[f"{name}:{entity}"] = answer.external_id
        self.ids[f"self/{self.party.system}.{name}"] = answer.external_id

    def resolve(self, wanted: str) -> str:
        if wanted.startswith("self/"):
            return self.ids[wanted]
        entity = wanted.removeprefix("entity:")
        return self.ids[f"{HOMES[self.party.system][entity]}:{entity}"]

    async def compare(self, name: str, entity: str, fields: Mapping[str, Any], said: list[str]) -> None:
        mapping = self.mapping(name)
        external_id = self.ids[f"{name}:{entity}"]
        read = await self.party.connector.source.read(mapping.object, [external_id], self.party.permit)
        reading = mapping.read(decode(read.documents[0].document))
        expected = mapping.expected(fields, creating=False)
        wanted = {one: self.named(expected[one]) for one in said if one in expected}
        assert {one: reading.fields.get(one) for one in wanted} == wanted
        assert reading.external_id == external_id

    def named(self, value: Any) -> Any:
        """References as this system's documents name them."""
        if isinstance(value, list):
            return [{key: self.named(cell) for key, cell in line.items()} for line in value]
        if not isinstance(value, str) or not value.startswith("entity:"):
            return value
        entity = value.removeprefix("entity:")
        if entity == "tax" and self.party.system == "freshbooks":
            return f"tax?name={self.entities['tax']['name']}&percent={self.entities['tax']['percent']}"
        return f"{self.party.system}.{HOMES[self.party.system][entity]}/{self.resolve(value)}"


@pytest.fixture(params=sorted(HOMES))
async def books(request: pytest.FixtureRequest, sandbox: Sandbox) -> AsyncIterator[Books]:
    async with open_party(sandbox, request.param) as party:
        yield Books(party)


def only(books: Books, *systems: str) -> bool:
    return books.party.system in systems


async def customers(books: Books, label: str) -> None:
    """The records of one customer in this system."""
    fields = {**CUSTOMER, "organization": f"Harbor {label}", "email": f"{label}@harbor.example"}
    if only(books, "zoho_crm"):
        await books.create("account", "customer", fields)
    await books.create(HOMES[books.party.system]["customer"], "customer", fields)


async def test_a_customer_is_written_read_changed_and_archived(books: Books) -> None:
    await customers(books, "one")
    name = HOMES[books.party.system]["customer"]
    await books.update(name, "customer", {"name.given": "Zoë", "email": "zoe@harbor.example"})
    await books.update(name, "customer", {"phones.mobile": None, "name.family": "O'Neil"})
    changes = {"addresses.billing.line2": None, "addresses.billing.city": "Bangor"}
    if only(books, "zoho_crm"):
        await books.update("account", "customer", {**changes, "website": None})
    else:
        await books.update(name, "customer", {**changes, "notes": "Likes red"})
        await books.update(name, "customer", {"state": "archived"})
        await books.update(name, "customer", {"state": "active", "notes": None})


async def test_a_person_needs_no_organization(books: Books) -> None:
    fields = {**CUSTOMER, "kind": "person", "organization": None, "email": "person@harbor.example"}
    await books.create(HOMES[books.party.system]["customer"], "customer", fields)


async def test_a_deal_takes_what_flows_write_back(sandbox: Sandbox) -> None:
    deal = {"name": "Spring menu", "amount": "286.5", "stage": "Qualification", "closing_date": "2026-03-05"}
    async with open_party(sandbox, "zoho_crm") as party:
        books = Books(party)
        await books.create("deal", "deal", deal)
        back = {"external_invoice_number": "DEAL-1", "payment_state": "partial"}
        await books.update("deal", "deal", {**back, "notes": "Soon"})
        await books.update("deal", "deal", {"payment_state": None, "stage": "Closed Won"})
        read = await party.connector.source.read("zoho_crm.deal", [books.ids["deal:deal"]], party.permit)
        reading = books.mapping("deal").read(decode(read.documents[0].document))
        assert reading.fields["state"] == "won"


@pytest.fixture(params=["freshbooks", "zoho_books"])
async def ledger(request: pytest.FixtureRequest, sandbox: Sandbox) -> AsyncIterator[Books]:
    async with open_party(sandbox, request.param) as party:
        yield Books(party)


async def test_money_is_written_to_the_cent(ledger: Books) -> None:
    system = ledger.party.system
    await ledger.create("tax", "tax", {**TAX, "name": f"Tax of {system}"})
    await ledger.create("item", "item", {**ITEM, "name": f"Menu of {system}", "sku": f"ML-{system}"})
    await ledger.update("item", "item", {"unit_price": "99.5", "description": None})
    await customers(ledger, f"money-{system.replace('_', '-')}")
    if only(ledger, "zoho_books"):
        await ledger.create("sales_order", "order", ORDER)
        await ledger.update("sales_order", "order", {"notes": "Soon"})
        await ledger.update("sales_order", "order", {"state": "confirmed"})
        back = {"external_invoice_number": "INV-9001", "payment_state": "unpaid"}
        await ledger.update("sales_order", "order", back)
        await ledger.update("sales_order", "order", {"payment_state": None})
    lines = INVOICE["lines"]
    assert isinstance(lines, list)
    if only(ledger, "freshbooks"):  # its lines name no item
        lines = [{**line, "item": None} for line in lines]
    await ledger.create("invoice", "invoice", {**INVOICE, "lines": lines})
    await ledger.update("invoice", "invoice", {"notes": None, "due_date": "2026-05-01"})
    await ledger.update("invoice", "invoice", {"lines": [{**lines[0], "quantity": "3"}]})
    await ledger.update("invoice", "invoice", {"state": "sent"})
    payment = "payment" if only(ledger, "freshbooks") else "customer_payment"
    await ledger.create(payment, "payment", PAYMENT)
    await ledger.update(payment, "payment", {"notes": "wire 8842", "date": "2026-03-21"})
    read = await ledger.party.connector.source.read(
        f"{system}.invoice", [ledger.ids["invoice:invoice"]], ledger.party.permit
    )
    reading = ledger.mapping("invoice").read(decode(read.documents[0].document))
    assert (reading.fields["total"], reading.fields["balance"]) == ("475.54", "375.04")
    assert reading.fields["state"] == "sent"


async def test_an_overpayment_leaves_the_excess_with_the_customer(sandbox: Sandbox) -> None:
    async with open_party(sandbox, "zoho_books") as party:
        books = Books(party)
        await customers(books, "overpaid")
        line = {**LINE, "item": None, "tax": None, "quantity": "1", "unit_price": "10"}
        await books.create("invoice", "invoice", {**INVOICE, "number": "INV-OVER", "lines": [line]})
        await books.create("customer_payment", "payment", {**PAYMENT, "amount": "10.01"})
        read = await party.connector.source.read(
            "zoho_books.customer_payment", [books.ids["customer_payment:payment"]], party.permit
        )
        fields = books.mapping("customer_payment").read(decode(read.documents[0].document)).fields
        assert (fields["amount"], fields["unapplied"]) == ("10.01", "0.01")
        assert isinstance(fields["allocations"], list)
        assert [each["amount"] for each in fields["allocations"]] == ["10"]
