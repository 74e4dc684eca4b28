"""Enrich: what follows from a person's word on who a record is, where its place was somebody's before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.fakes.feeding import ANA, START, Enrich
from tests.integration.enrich.test_matching import CLIENT, CONTACT, NAMESAKE, answer, question
from tests.integration.enrich.test_merges import BOOKS_ANA, invoice, row_of

from twinledger.enrich.replanner import Replanner
from twinledger.road.outcome import Ok
from twinledger.state.records import ExternalKey

EDITED = {"phones.business": "+12075550199"}


async def planned_anew(enrich: Enrich) -> list[str]:
    """Objects that something is planned for, after what the answer asked for."""
    while await Replanner(enrich.pool, enrich.pipeline).plan_one():
        pass
    return [row["object"] for row in await enrich.planned()]


async def test_an_ignored_record_frees_its_candidate(enrich: Enrich) -> None:
    await enrich.feed(enrich.record(CLIENT, "1", ANA), enrich.record(CONTACT, "9", NAMESAKE))
    await answer(enrich, "ignore")
    assert CONTACT in await planned_anew(enrich)
    await enrich.feed(enrich.record(CONTACT, "9", NAMESAKE), enrich.record(CLIENT, "1", ANA | EDITED))
    assert CONTACT in await planned_anew(enrich)


async def _linked_in_the_place_of_an_ended_one(enrich: Enrich, **how: Any) -> Any:
    """Books contact 9 of Ana is deleted; a new one, 10, only shares her name."""
    await enrich.feed(enrich.record(CLIENT, "1", ANA), enrich.record(CONTACT, "9", BOOKS_ANA))
    await enrich.pool.execute("update intent set state = 'confirmed'")
    await enrich.feed(enrich.record(CONTACT, "9", {}, gone=True))
    await enrich.pool.execute("update intent set state = 'confirmed'")
    await enrich.feed(enrich.record(CONTACT, "10", NAMESAKE, **how))
    await answer(enrich, "link", ExternalKey(CLIENT, "1"))
    return enrich.record(CONTACT, "10", NAMESAKE, **how)


async def test_a_link_in_the_place_of_an_ended_record_takes_the_end_back(enrich: Enrich) -> None:
    record = await _linked_in_the_place_of_an_ended_one(enrich)
    assert await enrich.feed(record) == [Ok(None)]
    (entity,) = await enrich.rows("select fields from entity")
    assert entity["fields"]["state"] == "active"
    patches = {row["object"]: row["patch"] for row in await enrich.planned()}
    assert patches[CONTACT].get("state") != "archived"


async def test_a_linked_record_is_taken_in_although_the_ended_one_was_newer(enrich: Enrich) -> None:
    record = await _linked_in_the_place_of_an_ended_one(enrich, stamp=START - timedelta(days=1))
    assert await enrich.feed(record) == [Ok(None)]


async def _place_was_taken(enrich: Enrich) -> None:
    await enrich.feed(enrich.record(CONTACT, "9", BOOKS_ANA), enrich.record(CLIENT, "1", ANA))
    await enrich.feed(enrich.record(CONTACT, "9", {}, gone=True))
    await enrich.feed(enrich.record(CONTACT, "10", BOOKS_ANA))  # the same customer, made anew by hand
    await enrich.feed(enrich.record(CONTACT, "9", BOOKS_ANA))  # and restored
    assert (await question(enrich))["evidence"]["why"] == "its_place_was_taken"


async def test_new_is_another_one_where_its_own_entity_has_another_record(enrich: Enrich) -> None:
    await _place_was_taken(enrich)
    await answer(enrich, "new")
    await enrich.feed(enrich.record(CONTACT, "9", BOOKS_ANA | {"name.given": "Other"}))
    rows = await enrich.rows("select distinct entity_id from crosswalk where object = $1", CONTACT)
    assert len(rows) == 2


async def test_a_record_whose_place_was_taken_is_asked_about_whoever_it_resembles(enrich: Enrich) -> None:
    await _place_was_taken(enrich)
    tom = {"name.given": "Tom", "name.family": "Lee", "email": "tom@pier.example", "phones.business": None}
    await enrich.feed(enrich.record(CONTACT, "9", BOOKS_ANA | tom))
    assert (await question(enrich))["evidence"]["why"] == "its_place_was_taken"
    await answer(enrich, "new")
    (outcome,) = await enrich.feed(enrich.record(CONTACT, "9", BOOKS_ANA | tom))
    assert outcome == Ok(None)


async def test_new_is_not_the_customer_that_it_was_said_not_to_be(enrich: Enrich) -> None:
    """Contact 9 was seen first, so the customer's id follows from it. It is restored with another mailbox."""
    await enrich.feed(enrich.record(CONTACT, "9", BOOKS_ANA), enrich.record(CLIENT, "1", ANA))
    await enrich.pool.execute("update intent set state = 'confirmed'")
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"phones.business": "+12075550199"}))
    await enrich.feed(enrich.record(CONTACT, "9", {}, gone=True))  # the edit wins: made again
    await enrich.feed(enrich.record(CONTACT, "9", NAMESAKE))
    assert (await question(enrich))["evidence"]["why"] == "perhaps_the_same"
    await answer(enrich, "new")
    e1, e9 = await row_of(enrich, CLIENT, "1"), await row_of(enrich, CONTACT, "9")
    assert e1.entity_id != e9.entity_id
    await enrich.feed(enrich.record(CONTACT, "9", NAMESAKE))
    origins = await enrich.rows("select distinct origin from entity")
    assert len(origins) == 2  # references are made of them


async def test_a_link_wakes_what_waits_for_the_customer(enrich: Enrich) -> None:
    bare = ANA | {"email": None, "phones.business": None}
    await enrich.feed(enrich.record(CLIENT, "1", bare), enrich.record(CONTACT, "9", NAMESAKE))
    await enrich.feed(invoice(enrich, "1"))
    e1 = (await row_of(enrich, CLIENT, "1")).entity_id
    await enrich.pool.execute(  # as the loader does, who finds no contact
        "update intent set waits_for = $1 where object = 'zoho_books.invoice'", f"entity:{e1}@{CONTACT}"
    )
    await answer(enrich, "link", ExternalKey(CLIENT, "1"))
    await enrich.feed(enrich.record(CONTACT, "9", NAMESAKE))
    assert CONTACT not in await planned_anew(enrich)
    rows = await enrich.rows("select waits_for from intent where object = 'zoho_books.invoice'")
    assert [row["waits_for"] for row in rows] == [None]
