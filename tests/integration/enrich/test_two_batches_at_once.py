"""Enrich: two processes take in what concerns one entity at once: the second waits for the first."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.eventually import eventually
from tests.fakes.feeding import ANA, Enrich

from twinledger.road.broker import Received

CLIENT, CONTACT = "freshbooks.client", "zoho_books.contact"
BOOKS_ANA: dict[str, Any] = {key: value for key, value in ANA.items() if key != "kind"}
WAITING = """
    select exists (select from pg_stat_activity
                    where datname = current_database() and wait_event_type = 'Lock')
"""


async def at_once(enrich: Enrich, first: Received, second: Received) -> None:
    """The second begins when all of the first is done but its commit."""
    async with enrich.pool.acquire() as connection, connection.transaction():
        await enrich.pipeline.handle(connection, [first])
        other = asyncio.create_task(enrich.feed(second))

        async def has_met_the_first() -> bool:
            return other.done() or bool(await enrich.pool.fetchval(WAITING))

        await eventually(has_met_the_first, within_s=8, every_s=0.01)
    await other


async def test_a_new_customer_that_two_batches_bring_is_one_entity(enrich: Enrich) -> None:
    await at_once(enrich, enrich.record(CLIENT, "1", ANA), enrich.record(CONTACT, "91", BOOKS_ANA))
    rows = await enrich.rows("select entity_id, object from crosswalk order by object")
    assert [row["object"] for row in rows] == [CLIENT, CONTACT]
    assert rows[0]["entity_id"] == rows[1]["entity_id"]


async def test_edits_of_two_fields_in_two_batches_both_survive(enrich: Enrich) -> None:
    await enrich.feed(enrich.record(CLIENT, "1", ANA), enrich.record(CONTACT, "91", BOOKS_ANA))
    await at_once(
        enrich,
        enrich.record(CLIENT, "1", ANA | {"notes": "from FreshBooks"}),
        enrich.record(CONTACT, "91", BOOKS_ANA | {"website": "https://books.example"}),
    )
    (entity,) = await enrich.rows("select version, fields from entity")
    assert entity["fields"]["notes"] == "from FreshBooks"
    assert entity["fields"]["website"] == "https://books.example"
