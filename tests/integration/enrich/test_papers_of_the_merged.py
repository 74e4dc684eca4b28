"""Enrich: what names a customer who is merged away is heard before anything follows from the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.fakes.feeding import ANA, Enrich
from tests.integration.enrich.flow_kit import ORDER
from tests.integration.enrich.test_merges import (
    CLIENT,
    CONTACT,
    books_invoice,
    hinted,
    row_of,
    two_customers,
)

from twinledger.road.outcome import Ok, Retry

SURVIVOR, LOSER = f"{CONTACT}/92", f"{CONTACT}/91"


async def gone_now(enrich: Enrich, *, seconds_ago: float = 0) -> Any:
    at = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    (verdict,) = await enrich.feed(enrich.record(CONTACT, "91", {}, gone=True, at=at))
    return verdict


async def asked(enrich: Enrich) -> list[tuple[str, str]]:
    rows = await enrich.rows("select kind, state from review_item order by id")
    return [(row["kind"], row["state"]) for row in rows]


async def test_an_end_waits_for_the_papers_that_name_the_record(enrich: Enrich) -> None:
    """Somebody edits the customer elsewhere meanwhile: a deletion would be undone, a merge must not be."""
    await two_customers(enrich)
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"notes": "typed meanwhile"}))
    verdict = await gone_now(enrich)
    assert isinstance(verdict, Retry) and "zoho_books.invoice/80" in await hinted(enrich)
    await enrich.feed(books_invoice(enrich, "92"))
    assert isinstance(await gone_now(enrich), Ok)
    row = await row_of(enrich, CONTACT, "91")
    assert (row.status, row.merged_into) == ("merged_into", "92")
    assert (CONTACT, "create") not in {(one["object"], one["op"]) for one in await enrich.planned()}


async def test_papers_that_still_name_it_are_waited_for_no_longer(enrich: Enrich) -> None:
    await two_customers(enrich)
    assert isinstance(await gone_now(enrich, seconds_ago=31), Ok)
    assert (await row_of(enrich, CONTACT, "91")).status == "deleted"


async def test_an_order_that_names_the_survivor_has_not_changed(enrich: Enrich) -> None:
    await two_customers(enrich)
    for named in ("91", "92"):  # the order is heard of before the end of its customer
        order = ORDER | {"customer": f"{CONTACT}/{named}"}
        await enrich.feed(enrich.record("zoho_books.sales_order", "77", order))
    assert await asked(enrich) == [("order_changed", "open")]
    await gone_now(enrich, seconds_ago=31)
    assert (await row_of(enrich, CONTACT, "91")).merged_into == "92"
    assert ("order_changed", "withdrawn") in await asked(enrich)


async def test_an_order_heard_of_after_the_merge_has_not_changed_either(enrich: Enrich) -> None:
    await two_customers(enrich)
    order = ORDER | {"customer": LOSER}
    await enrich.feed(enrich.record("zoho_books.sales_order", "77", order))
    await enrich.feed(books_invoice(enrich, "92"))
    await gone_now(enrich, seconds_ago=31)
    await enrich.feed(enrich.record("zoho_books.sales_order", "77", order | {"customer": SURVIVOR}))
    assert "order_changed" not in {kind for kind, _ in await asked(enrich)}
