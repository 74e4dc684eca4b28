"""Orders, deals and invoices that the tests of flows feed, and what became of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
from tests.fakes.feeding import ANA, Enrich

LINE = {
    "item": None,
    "name": "Design",
    "description": None,
    "quantity": "2",
    "unit_price": "150",
    "tax": None,
    "second_tax": None,
}
ORDER: dict[str, Any] = {
    "number": "SO-001",
    "customer": "zoho_books.contact/7",
    "date": "2026-11-20",
    "currency": "USD",
    "state": "confirmed",
    "lines": [LINE],
    "notes": None,
    "total": "300",
    "external_invoice_number": None,
    "payment_state": None,
}
INVOICE: dict[str, Any] = {
    "number": "SO-001",
    "customer": "freshbooks.client/1",
    "date": "2026-11-20",
    "currency": "USD",
    "state": "draft",
    "lines": [LINE],
    "notes": None,
    "total": "300",
    "balance": "300",
}
DEAL: dict[str, Any] = {
    "name": "Spring menu",
    "customer": "zoho_crm.contact/9",
    "amount": "286.5",
    "currency": "USD",
    "stage": "Gewonnen",
    "state": "won",
    "closing_date": "2026-11-20",
    "notes": None,
    "external_invoice_number": None,
    "payment_state": None,
}
CHANGED = ORDER | {"lines": [LINE | {"quantity": "3"}], "total": "450"}


async def customer(enrich: Enrich) -> None:
    person = {key: ANA[key] for key in ("name.given", "name.family", "email", "phones.business")}
    await enrich.feed(
        enrich.record("freshbooks.client", "1", ANA),
        enrich.record("zoho_books.contact", "7", person),
        enrich.record("zoho_crm.contact", "9", person),
    )


async def order(enrich: Enrich, fields: dict[str, Any]) -> None:
    await enrich.feed(enrich.record("zoho_books.sales_order", "77", fields))


async def invoice(enrich: Enrich, **changes: Any) -> None:
    """FreshBooks shows the invoice that came of the order."""
    await enrich.feed(enrich.record("freshbooks.invoice", "8", INVOICE | changes))


async def deal(enrich: Enrich, **changes: Any) -> None:
    await enrich.feed(enrich.record("zoho_crm.deal", "55", DEAL | changes))


async def choose(enrich: Enrich, settings: dict[str, Any]) -> None:
    await enrich.pool.execute(
        "update workspace set settings = $1::text::jsonb", orjson.dumps(settings).decode()
    )


async def invoices(enrich: Enrich) -> list[dict[str, Any]]:
    rows = await enrich.rows("select fields from entity where type = 'invoice' order by fields->>'number'")
    return [row["fields"] for row in rows]


async def questions(enrich: Enrich, state: str = "open") -> list[tuple[str, Any]]:
    rows = await enrich.rows("select kind, evidence from review_item where state = $1 order by id", state)
    return [(row["kind"], row["evidence"]) for row in rows]


async def patch(enrich: Enrich, object_name: str) -> Any:
    """What is planned for an object now, in one intent or none."""
    found = [row["patch"] for row in await enrich.planned() if row["object"] == object_name]
    assert len(found) < 2
    return found[0] if found else None


def with_flow(enrich: Enrich, name: str, **changes: Any) -> None:
    """The flow as a workspace's own version of its file would have it."""
    definitions = enrich.pipeline.definitions
    flows = [replace(flow, **changes) if flow.name == name else flow for flow in definitions.flows]
    enrich.pipeline.definitions = replace(definitions, flows=flows)


# --- a trigger that changes ------------------------------------------------------------------------
