"""Documents of the time before `since` are matched; nothing is made of them, nothing of theirs is changed."""

from __future__ import annotations

from typing import Any

from tests.fakes.feeding import Enrich
from tests.integration.enrich.flow_kit import INVOICE, ORDER, choose, customer, invoice, invoices, order

from twinledger.kernel.database import transaction
from twinledger.state.workspaces import load_settings, save_settings

SINCE = {"since": "2026-11-21"}  # the documents are a day older


async def planned_for(enrich: Enrich, object_name: str) -> list[dict[str, Any]]:
    return [row for row in await enrich.planned() if row["object"] == object_name]


async def test_an_older_order_gives_no_invoice_and_a_newer_one_does(enrich: Enrich) -> None:
    await customer(enrich)
    await choose(enrich, SINCE)
    await order(enrich, ORDER)
    assert await invoices(enrich) == []
    newer = ORDER | {"number": "SO-002", "date": "2026-11-21"}
    await enrich.feed(enrich.record("zoho_books.sales_order", "78", newer))
    assert [one["number"] for one in await invoices(enrich)] == ["SO-002"]


async def test_an_older_invoice_is_matched_and_never_written(enrich: Enrich) -> None:
    await customer(enrich)
    await choose(enrich, SINCE)
    await invoice(enrich)
    mirror = INVOICE | {"customer": "zoho_books.contact/7", "notes": "of another time"}
    await enrich.feed(enrich.record("zoho_books.invoice", "80", mirror))
    sides = "select distinct entity_id from crosswalk where object like '%.invoice'"
    assert len(await enrich.rows(sides)) == 1
    assert await planned_for(enrich, "zoho_books.invoice") == []


async def test_an_earlier_since_brings_the_older_ones_in(enrich: Enrich) -> None:
    await customer(enrich)
    await choose(enrich, SINCE)
    await invoice(enrich)
    assert await planned_for(enrich, "zoho_books.invoice") == []
    async with transaction(enrich.pool) as connection:
        settings = {**await load_settings(connection, "default"), "since": "2026-01-01"}
        await save_settings(connection, "default", settings, ["invoice"])
        asked = await connection.fetch("delete from replan returning entity_id")
        await enrich.pipeline.replan(connection, "default", [row["entity_id"] for row in asked])
    (create,) = await planned_for(enrich, "zoho_books.invoice")
    assert create["op"] == "create"
