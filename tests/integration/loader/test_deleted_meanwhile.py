"""A write planned before somebody deleted its record: FreshBooks takes it, and the deletion is undone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.fakes.feeding import ANA
from tests.integration.enrich.test_merges import BEN, invoice
from tests.integration.loader.conftest import Loader
from tests.unit.connectors.vendor import FakeVendor, httpx, reply

CLIENT, CONTACT = "freshbooks.client", "zoho_books.contact"
LATER = datetime(2026, 11, 22, 18, tzinfo=UTC)
DELETED = {"id": 1, "vis_state": 1, "updated": "2026-11-22 13:00:00"}
"""At the same time, in FreshBooks' words."""
MOST_CALLS = 50
BOOKS_ANA = {key: value for key, value in ANA.items() if key != "kind"}


def answer(request: httpx.Request) -> httpx.Response:
    """Its lists leave the deleted client out; a single look shows it, and a write is taken."""
    if request.url.path.endswith("/clients"):
        return reply({"response": {"result": {"clients": [], "page": 1, "pages": 0}}})
    return reply({"response": {"result": {"client": DELETED}}})


async def two_customers(loader: Loader) -> str:
    """Ana (1), whose invoice is Ben's (2) by now, everywhere; the id of Ana's contact in Books."""
    enrich = loader.enrich
    await enrich.feed(enrich.record(CLIENT, "1", ANA), enrich.record(CLIENT, "2", ANA | BEN))

    async def are_everywhere() -> bool:
        return await loader.states(CONTACT) == await loader.states("zoho_crm.contact") == ["confirmed"] * 2

    await loader.until(are_everywhere)
    for client in ("1", "2"):
        await enrich.feed(invoice(enrich, client))
    (row,) = await enrich.rows(
        """select b.external_id from crosswalk b join crosswalk c using (entity_id)
            where b.object = $1 and c.object = $2 and c.external_id = '1'""",
        CONTACT,
        CLIENT,
    )
    return str(row["external_id"])


async def test_an_archiving_brings_no_client_back_that_was_merged_away(
    loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it made of the client could not be told from one that somebody had only archived."""
    vendor = FakeVendor(*[answer] * MOST_CALLS)
    sink: Any = vendor.connector("freshbooks").sink
    monkeypatch.setitem(loader.vendors, "freshbooks", sink)
    contact, enrich = await two_customers(loader), loader.enrich
    archived = enrich.record(CONTACT, contact, BOOKS_ANA | {"state": "archived"}, at=datetime.now(UTC))
    await enrich.feed(archived)

    async def was_judged() -> bool:
        query = "select from intent where object = $1 and (failures > 0 or state = 'confirmed')"
        return bool(await enrich.rows(query, CLIENT))

    await loader.until(was_judged)
    assert not [line for line in vendor.lines() if line.startswith("PUT")]
    end = enrich.record(CLIENT, "1", ANA | {"state": "deleted"}, at=datetime.now(UTC), stamp=LATER)
    await enrich.feed(end)
    query = "select status, merged_into from crosswalk where external_id = '1' and object = $1"
    (row,) = await enrich.rows(query, CLIENT)
    assert (row["status"], row["merged_into"]) == ("merged_into", "2")
    asked = await enrich.rows("select subject from review_item where kind = 'merge' and state = 'open'")
    assert f"{CONTACT}/{contact}" in {one["subject"] for one in asked} and len(asked) == 2
