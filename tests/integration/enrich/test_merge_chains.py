"""Enrich: chains of merges, A into B and B into C, in whatever order their ends are heard of."""

from __future__ import annotations

import pytest
from tests.fakes.feeding import ANA, Enrich
from tests.integration.enrich.test_merges import (
    BEN,
    BOOKS_ANA,
    CLIENT,
    CONTACT,
    INVOICE,
    books_invoice,
    entity_of,
    invoice,
    row_of,
    settled,
    states,
    two_customers,
)

from twinledger.state.crosswalk import places_of_entities

CY = {"email": "cy@harbor.example", "name.given": "Cy"}


async def three_clients(enrich: Enrich) -> None:
    await two_customers(enrich)
    await enrich.feed(
        enrich.record(CLIENT, "3", ANA | CY),
        enrich.record(CONTACT, "93", BOOKS_ANA | CY),
    )
    await settled(enrich)
    await enrich.feed(invoice(enrich, "2"))
    await enrich.feed(invoice(enrich, "3"))


@pytest.mark.parametrize("together", [True, False])
async def test_a_chain_whose_ends_are_heard_of_in_another_order(enrich: Enrich, together: bool) -> None:
    await three_clients(enrich)
    first = enrich.record(CLIENT, "2", ANA | BEN | {"state": "deleted"})
    second = enrich.record(CLIENT, "1", ANA | {"state": "deleted"})
    if together:
        await enrich.feed(first, second)
    else:
        await enrich.feed(first)
        await enrich.feed(second)
    assert (await row_of(enrich, CLIENT, "2")).merged_into == "3"
    assert (await row_of(enrich, CLIENT, "1")).merged_into == "3"
    assert await states(enrich) == {"active"}


async def test_a_chain_in_the_system_that_does_not_own_the_papers(enrich: Enrich) -> None:
    await two_customers(enrich)
    await enrich.feed(
        enrich.record(CLIENT, "3", ANA | CY),
        enrich.record(CONTACT, "93", BOOKS_ANA | CY),
    )
    await settled(enrich)
    await enrich.feed(books_invoice(enrich, "92"))
    await enrich.feed(enrich.record(CONTACT, "91", {}, gone=True))
    assert (await row_of(enrich, CONTACT, "91")).merged_into == "92"
    said = INVOICE | {"notes": "Thank you"}
    for named in ("92", "93"):
        await enrich.feed(
            enrich.record("zoho_books.invoice", "80", said | {"customer": f"{CONTACT}/{named}"})
        )
    await enrich.feed(enrich.record(CONTACT, "92", {}, gone=True))
    row = await row_of(enrich, CONTACT, "92")
    assert (row.status, row.merged_into) == ("merged_into", "93")
    assert await states(enrich) == {"active"}
    ana = await entity_of(enrich, CLIENT, "1")
    async with enrich.pool.acquire() as connection:
        places = await places_of_entities(connection, [ana])
    assert [one.merged_into for one in places if one.key.object == CONTACT] == ["93"]
