"""Enrich: a merge that is taken back, what was on its way for who was merged away, and who takes a place."""

from __future__ import annotations

from datetime import timedelta

from tests.fakes.feeding import ANA, START, Enrich
from tests.integration.enrich.test_merges import (
    BOOKS_ANA,
    CLIENT,
    CONTACT,
    invoice,
    row_of,
    settled,
    two_customers,
    two_without_papers,
)
from tests.integration.enrich.test_second_words import CRM, creates, open_reviews


async def merged_and_alive_again(enrich: Enrich) -> None:
    await two_customers(enrich)
    await enrich.feed(invoice(enrich, "2"))
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"state": "deleted"}))
    await enrich.feed(enrich.record(CLIENT, "1", ANA, at=START + timedelta(hours=1)))


async def test_a_merge_undone_makes_no_second_client(enrich: Enrich) -> None:
    await merged_and_alive_again(enrich)
    await enrich.feed(enrich.record(CONTACT, "91", BOOKS_ANA | {"notes": "typed in Books"}))
    assert [one for one in await creates(enrich) if one[0] == CLIENT] == []


async def test_a_merge_undone_withdraws_its_proposal(enrich: Enrich) -> None:
    await merged_and_alive_again(enrich)
    assert "merge" not in {r["kind"] for r in await open_reviews(enrich)}


async def test_who_is_merged_away_is_asked_about_wherever_it_came_to_be(enrich: Enrich) -> None:
    await two_without_papers(enrich)
    await enrich.feed(invoice(enrich, "1"))
    await enrich.feed(invoice(enrich, "2"))
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"state": "deleted"}))
    for number, row in enumerate([r for r in await enrich.planned() if r["object"] == CRM]):
        await enrich.feed(enrich.record(CRM, f"5{number}", row["patch"], reference=row["reference"]))
    rows = await enrich.rows("select external_id from crosswalk where object = $1 and status = 'active'", CRM)
    asked = {r["subject"].partition("/")[0] for r in await open_reviews(enrich) if r["kind"] == "merge"}
    assert len(rows) == 1 or CRM in asked, (rows, asked)


async def test_no_record_is_made_for_who_is_merged_away(enrich: Enrich) -> None:
    await two_without_papers(enrich)
    await enrich.feed(invoice(enrich, "1"))
    assert (CRM, "ana@harbor.example") in await creates(enrich)  # CRM is away for a while
    await enrich.feed(invoice(enrich, "2"))
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"state": "deleted"}))
    assert (CRM, "ana@harbor.example") not in await creates(enrich)


async def test_a_double_that_took_over_is_read_before_it_is_written(enrich: Enrich) -> None:
    await enrich.feed(enrich.record(CLIENT, "1", ANA), enrich.record(CONTACT, "91", BOOKS_ANA))
    await enrich.feed(enrich.record(CLIENT, "2", ANA | {"phones.mobile": "+12075550199", "notes": "VIP"}))
    await settled(enrich)
    await enrich.feed(enrich.record(CONTACT, "91", BOOKS_ANA | {"notes": "net 30"}))
    await settled(enrich)
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"notes": "net 30", "state": "deleted"}))
    assert (await row_of(enrich, CLIENT, "2")).status == "active"
    await enrich.feed(
        enrich.record(CONTACT, "91", BOOKS_ANA | {"notes": "net 30", "website": "https://a.example"})
    )
    assert CLIENT not in {r["object"] for r in await enrich.planned()}


async def test_a_duplicate_that_takes_the_place_is_no_question_any_more(enrich: Enrich) -> None:
    await enrich.feed(enrich.record(CLIENT, "1", ANA), enrich.record(CONTACT, "91", BOOKS_ANA))
    await enrich.feed(enrich.record(CONTACT, "92", BOOKS_ANA))
    await enrich.pool.execute("update intent set state = 'confirmed'")
    await enrich.feed(enrich.record(CONTACT, "91", {}, gone=True))
    await enrich.feed(enrich.record(CONTACT, "92", BOOKS_ANA))
    assert (await row_of(enrich, CONTACT, "92")).status == "active"
    left = await enrich.rows("select 1 from unresolved")
    # Ana is edited in FreshBooks and deleted in Books: the edit wins, she is made again there
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"phones.business": "+12075550199"}))
    await enrich.feed(enrich.record(CONTACT, "92", {}, gone=True))
    assert ("deleted_and_changed", f"{CONTACT}/92") in [
        (r["kind"], r["subject"]) for r in await open_reviews(enrich)
    ]
    made = [row["object"] for row in await enrich.planned() if row["op"] == "create"]
    assert (len(left), CONTACT in made) == (0, True)
