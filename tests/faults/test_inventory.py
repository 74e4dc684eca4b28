"""Zoho Inventory over the whole road: connected for a while, it tells of records that Books shows too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from tests.eventually import eventually
from tests.faults.business import TODAY, having
from tests.faults.conftest import Live
from tests.faults.test_two_workspaces import Command

pytestmark = pytest.mark.asyncio(loop_scope="session")

AUTHORIZE = ("connections", "authorize", "zoho", "--sandbox", "-o", "json")
SPEAKING = """select count(*) from subscription
               where workspace = 'default' and system = 'zoho_inventory' and state = 'active'"""
SHOWN = "select object from crosswalk where workspace = 'default' and external_id = $1"


async def subscriptions(live: Live) -> int:
    return int(
        await live.session.pool.fetchval("select count(*) from subscription where system = 'zoho_inventory'")
    )


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def inventory(live: Live) -> AsyncIterator[Live]:
    """The organization's Inventory is connected; at the end it is not."""
    command = Command(live)
    await order(live, "before", 1)
    await live.rest()
    assert await subscriptions(live) == 0
    refused = await command(*AUTHORIZE, "--with", "zoho_books", code=2)
    assert "one of: zoho_inventory" in refused
    connected = await command(*AUTHORIZE, "--with", "zoho_inventory")
    assert "ZohoInventory.salesorders.READ" in connected["granted"]
    assert connected["systems"] == "zoho_books, zoho_crm, zoho_inventory"
    await command("connections", "scopes", "zoho", "-o", "json")  # ends 1 where one is missing

    async def speaking() -> bool:
        return bool(await live.session.pool.fetchval(SPEAKING) >= 2)

    await eventually(speaking, within_s=30)
    yield live
    left = await command(*AUTHORIZE, "--without", "zoho_inventory")
    assert left["systems"] == "zoho_books, zoho_crm"

    async def silent() -> bool:
        return await subscriptions(live) == 0

    await eventually(silent, within_s=30)
    await live.rest()


async def deliveries(live: Live) -> int:
    """Of Inventory, that ingest took."""
    port = live.session.stack.stage_environment("ingest")["TWINLEDGER_ADMIN_PORT"]
    shown = (await live.session.http.get(f"http://127.0.0.1:{port}/metrics")).text
    name = 'twinledger_webhooks_total{outcome="accepted",system="zoho_inventory"}'
    found = [line for line in shown.splitlines() if line.startswith(name)]
    return int(float(found[0].rpartition(" ")[2])) if found else 0


async def order(live: Live, name: str, quantity: int, system: str = "zoho_inventory") -> str:
    """A confirmed order of a buyer, entered in Inventory or in Books."""
    person = {
        "first_name": "Ina",
        "last_name": name,
        "email": f"{name}@i.example",
        "is_primary_contact": True,
    }
    contact = {"contact_name": f"Ina {name}", "contact_type": "customer", "contact_persons": [person]}
    buyer = await live.people.create(f"{system}.contact", contact)
    fields = {
        "customer_id": buyer,
        "date": TODAY,
        "reference_number": name,
        "line_items": [{"name": "Crate", "rate": 25.0, "quantity": quantity}],
    }
    made = await live.people.create(f"{system}.sales_order", fields)
    await live.people.act(f"{system}.sales_order", "confirm", made)
    return made


async def billed(live: Live, name: str) -> list[dict[str, Any]]:
    return [row for row in await live.people.records("freshbooks.invoice") if row["po_number"] == name]


async def test_what_is_entered_in_inventory_arrives_once(inventory: Live) -> None:
    live, before = inventory, await inventory.ledger_end()
    made = await order(live, "stock1", 4)
    item = await live.people.create("zoho_inventory.item", {"name": "Crate of tea", "rate": 25.0})
    await live.rest()
    assert [str(row["amount"]["amount"]) for row in await billed(live, "stock1")] == ["100.00"]
    await live.one("freshbooks.item", having("name", "Crate of tea"))
    await live.people.update("zoho_inventory.item", item, {"name": "Crate of coffee", "rate": 30.0})
    await live.rest()
    shown = await live.one("freshbooks.item", having("name", "Crate of coffee"))
    assert shown["unit_cost"]["amount"] == "30.00"
    assert [
        row for row in await live.people.records("freshbooks.item") if row["name"] == "Crate of tea"
    ] == []
    for one in (made, item):
        rows = await live.session.pool.fetch(SHOWN, one)
        assert len(rows) == 1, rows
        assert rows[0]["object"].startswith("zoho_books.")
    calls = [row for row in await live.ledger(before) if row["kind"] == "request"]
    assert {row["system"] for row in calls if "/webhooks" not in row["path"]}.isdisjoint({"zoho_inventory"})
    assert await deliveries(live) >= 3
    assert len(await billed(live, "before")) == 1


async def test_the_books_side_of_the_record_still_counts(inventory: Live) -> None:
    """An edit in Books of a record that came by Inventory, and the number that goes back to the order."""
    live = inventory
    item = await live.people.create("zoho_inventory.item", {"name": "Bag of rice", "rate": 5.0})
    await order(live, "stock2", 2)
    await live.rest()
    await live.people.update("zoho_books.item", item, {"name": "Bag of lentils", "rate": 5.0})
    await live.rest()
    await live.one("freshbooks.item", having("name", "Bag of lentils"))
    (invoice,) = await billed(live, "stock2")
    made = await live.one("zoho_books.sales_order", having("reference_number", "stock2"))
    assert made["custom_field_hash"]["cf_twinledger_invoice"] == invoice["invoice_number"]
