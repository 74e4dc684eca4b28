"""Enrich: two records become one at a vendor: nothing is archived, nothing doubled, no invoice lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.fakes.feeding import ANA, START, Enrich

from twinledger.loader.steps.load_parents import ParentLoader
from twinledger.road.outcome import Skip
from twinledger.state.crosswalk import places_of_entities, rows_of_keys
from twinledger.state.records import ExternalKey

CLIENT, CONTACT = "freshbooks.client", "zoho_books.contact"
BOOKS_ANA: dict[str, Any] = {key: value for key, value in ANA.items() if key != "kind"}
BEN = {"email": "ben@harbor.example", "name.given": "Ben"}
INVOICE: dict[str, Any] = {
    "number": "INV-1",
    "date": "2026-11-20",
    "currency": "USD",
    "state": "sent",
    "lines": [],
    "total": "300",
}
MOBILE = {"phones.mobile": "+12075550199"}


async def two_customers(enrich: Enrich) -> None:
    """Ana (1, 91) with an invoice on both sides, and Ben (2, 92)."""
    await two_without_papers(enrich)
    await enrich.feed(invoice(enrich, "1"))
    await enrich.feed(books_invoice(enrich, "91"))
    await settled(enrich)


async def two_without_papers(enrich: Enrich) -> None:
    await enrich.feed(
        enrich.record(CLIENT, "1", ANA),
        enrich.record(CLIENT, "2", ANA | BEN),
        enrich.record(CONTACT, "91", BOOKS_ANA),
        enrich.record(CONTACT, "92", BOOKS_ANA | BEN),
    )


async def settled(enrich: Enrich) -> None:
    await enrich.pool.execute("update intent set state = 'confirmed' where state = 'planned'")
    await enrich.pool.execute(
        """update shadow s set fields = s.fields::jsonb || i.patch::jsonb,
                  bases = s.bases::jsonb || i.bases::jsonb, content_hash = null
              from intent i
            where i.entity_id = s.entity_id and i.object = s.object and i.state = 'confirmed'"""
    )


def invoice(enrich: Enrich, client: str) -> Any:
    return enrich.record("freshbooks.invoice", "8", INVOICE | {"customer": f"{CLIENT}/{client}"})


def books_invoice(enrich: Enrich, contact: str) -> Any:
    return enrich.record("zoho_books.invoice", "80", INVOICE | {"customer": f"{CONTACT}/{contact}"})


async def entity_of(enrich: Enrich, object_name: str, external_id: str) -> UUID:
    (row,) = await enrich.rows(
        "select entity_id from crosswalk where object = $1 and external_id = $2", object_name, external_id
    )
    return UUID(str(row["entity_id"]))


async def row_of(enrich: Enrich, object_name: str, external_id: str) -> Any:
    async with enrich.pool.acquire() as connection:
        (row,) = await rows_of_keys(connection, "default", [ExternalKey(object_name, external_id)])
    return row


async def states(enrich: Enrich) -> set[str]:
    rows = await enrich.rows("select fields ->> 'state' as state from entity where type = 'customer'")
    return {row["state"] for row in rows}


async def hinted(enrich: Enrich) -> list[str]:
    rows = await enrich.rows("select value from outbox where topic = 'twinledger.hints.v1' order by id")
    hints = [enrich.codec.decode(bytes(row["value"]))[1] for row in rows]
    return [f"{hint['object']}/{hint['external_id']}" for hint in hints]


async def test_a_merged_client_redirects_and_its_invoice_follows_on_the_other_side(enrich: Enrich) -> None:
    await two_customers(enrich)
    ben = await entity_of(enrich, CLIENT, "2")
    await enrich.feed(invoice(enrich, "2"))
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"state": "deleted"}))
    row = await row_of(enrich, CLIENT, "1")
    assert (row.status, row.merged_into, row.survivor) == ("merged_into", "2", ben)
    assert await states(enrich) == {"active"}
    planned = {row["object"]: row["patch"] for row in await enrich.planned()}
    assert planned == {"zoho_books.invoice": {"customer": f"entity:{ben}"}}


async def test_the_merge_is_proposed_where_two_records_are_left(enrich: Enrich) -> None:
    await two_customers(enrich)
    await enrich.feed(invoice(enrich, "2"))
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"state": "deleted"}))
    (review,) = await enrich.rows("select kind, subject, evidence from review_item")
    assert (review["kind"], review["subject"]) == ("merge", f"{CONTACT}/91")
    assert review["evidence"]["survivor"] == f"{CONTACT}/92"
    assert review["evidence"]["merged"] == f"{CLIENT}/1" and review["evidence"]["into"] == f"{CLIENT}/2"
    assert "freshbooks.invoice/8" in review["evidence"]["why"]


async def test_who_follows_the_proposal_answers_it(enrich: Enrich) -> None:
    await two_customers(enrich)
    await enrich.feed(invoice(enrich, "2"))
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"state": "deleted"}))
    await enrich.feed(enrich.record(CONTACT, "91", {}, gone=True))
    assert (await row_of(enrich, CONTACT, "91")).merged_into == "92"
    (review,) = await enrich.rows("select state from review_item where kind = 'merge'")
    assert review["state"] == "withdrawn"


async def test_children_that_are_heard_of_after_the_end_take_the_archiving_back(enrich: Enrich) -> None:
    await two_customers(enrich)
    end = enrich.record(CLIENT, "1", ANA | {"state": "deleted"})
    await enrich.feed(end)
    assert {row["object"] for row in await enrich.planned()} == {CONTACT}
    await settled(enrich)
    await enrich.feed(invoice(enrich, "2"))
    assert f"{CLIENT}/1" in await hinted(enrich)
    await enrich.feed(end)  # read again: the same words mean something else now
    assert (await row_of(enrich, CLIENT, "1")).status == "merged_into"
    assert await states(enrich) == {"active"}
    planned = {row["object"]: row["patch"] for row in await enrich.planned()}
    assert planned[CONTACT] == {"state": "active"}


async def test_a_child_that_moved_asks_for_its_old_parent(enrich: Enrich) -> None:
    """Word of the merge itself may be lost."""
    await two_customers(enrich)
    await enrich.feed(invoice(enrich, "2"))
    assert f"{CLIENT}/1" in await hinted(enrich)


async def test_late_words_of_the_loser_lead_to_the_survivor(enrich: Enrich) -> None:
    await two_customers(enrich)
    await enrich.feed(invoice(enrich, "2"))
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"state": "deleted"}))
    before = await enrich.rows("select fields from entity where type = 'customer' order by id")
    late = enrich.record(CLIENT, "1", ANA | {"state": "deleted", "name.given": "Nobody"})
    assert await enrich.feed(late) == [Skip(reason="merged")]
    assert await enrich.rows("select fields from entity where type = 'customer' order by id") == before
    assert (await hinted(enrich))[-1] == f"{CLIENT}/2"


async def test_a_new_document_that_names_the_loser_belongs_to_the_survivor(enrich: Enrich) -> None:
    await two_customers(enrich)
    ben = await entity_of(enrich, CLIENT, "2")
    await enrich.feed(invoice(enrich, "2"))
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"state": "deleted"}))
    late = INVOICE | {"number": "INV-2", "customer": f"{CLIENT}/1"}
    await enrich.feed(enrich.record("freshbooks.invoice", "9", late))
    (row,) = await enrich.rows("select fields from entity where fields ->> 'number' = 'INV-2'")
    assert row["fields"]["customer"] == f"entity:{ben}"


async def test_a_write_that_names_the_merged_customer_goes_to_the_survivor(enrich: Enrich) -> None:
    """An order of Books, which knows of no merge, becomes an invoice of the client that lives on."""
    await two_customers(enrich)
    ana = await entity_of(enrich, CLIENT, "1")
    await enrich.feed(invoice(enrich, "2"))
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"state": "deleted"}))
    async with enrich.pool.acquire() as connection:
        places = await places_of_entities(connection, [ana])
        homes = {("customer", "freshbooks"): CLIENT}
        parents = await ParentLoader(homes).load(connection, [await candidate(enrich, ana)])
    assert [row.merged_into for row in places if row.key.object == CLIENT] == ["2"]
    assert parents.external_id(ana, CLIENT) == "2"
    assert parents.external_id(ana, CONTACT) == "91"


async def candidate(enrich: Enrich, customer: UUID) -> Any:
    """A planned write that names a customer."""

    class _Intent:
        class target:
            entity_id = customer

        op = "update"
        patch = {"customer": f"entity:{customer}"}  # noqa: RUF012

    class _Candidate:
        intent = _Intent
        entity_fields: dict[str, Any] = {}  # noqa: RUF012

    return _Candidate


async def test_a_merge_in_books_is_no_change_of_invoices_that_belong_to_freshbooks(enrich: Enrich) -> None:
    await two_customers(enrich)
    ana = await entity_of(enrich, CLIENT, "1")
    await enrich.feed(books_invoice(enrich, "92"))
    await enrich.feed(enrich.record(CONTACT, "91", {}, gone=True))
    assert (await row_of(enrich, CONTACT, "91")).status == "merged_into"
    await enrich.feed(
        enrich.record(
            "zoho_books.invoice", "80", INVOICE | {"customer": f"{CONTACT}/92", "notes": "Thank you"}
        )
    )
    (entity,) = await enrich.rows("select fields from entity where type = 'invoice'")
    assert entity["fields"]["customer"] == f"entity:{ana}"
    (shadow,) = await enrich.rows("select fields from shadow where object = 'zoho_books.invoice'")
    assert shadow["fields"]["customer"] == f"entity:{ana}"
    open_now = {row["object"]: row["patch"] for row in await enrich.planned()}
    assert "customer" not in open_now.get("zoho_books.invoice", {})
    assert await states(enrich) == {"active"}


async def test_a_duplicate_in_review_that_is_merged_away_answers_its_question(enrich: Enrich) -> None:
    await enrich.feed(enrich.record(CLIENT, "1", ANA))
    await enrich.feed(enrich.record(CLIENT, "2", ANA))
    await enrich.feed(enrich.record(CLIENT, "2", ANA | {"state": "deleted"}))
    assert (await row_of(enrich, CLIENT, "2")).merged_into == "1"
    (review,) = await enrich.rows("select state from review_item where kind = 'match'")
    assert review["state"] == "withdrawn"
    assert await states(enrich) == {"active"}


async def test_a_duplicate_in_review_takes_the_place_of_the_record_it_doubled(enrich: Enrich) -> None:
    await enrich.feed(enrich.record(CLIENT, "1", ANA), enrich.record(CONTACT, "91", BOOKS_ANA))
    await enrich.feed(enrich.record(CLIENT, "2", ANA | MOBILE))
    await settled(enrich)
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"state": "deleted"}))
    assert await enrich.planned() == []
    await enrich.feed(enrich.record(CLIENT, "2", ANA | MOBILE))
    assert len(await enrich.rows("select id from entity")) == 1
    assert (await row_of(enrich, CLIENT, "2")).status == "active"
    assert await states(enrich) == {"active"}
    planned = {row["object"]: row["patch"] for row in await enrich.planned()}
    assert planned[CONTACT] == MOBILE


async def test_an_equal_address_alone_tells_the_survivor(enrich: Enrich) -> None:
    await two_customers(enrich)
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"email": BEN["email"]}))
    await settled(enrich)
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"email": BEN["email"], "state": "deleted"}))
    assert (await row_of(enrich, CLIENT, "1")).merged_into == "2"
    assert await states(enrich) == {"active"}


async def test_a_second_merge_leads_to_the_last_survivor_in_one_step(enrich: Enrich) -> None:
    await two_customers(enrich)
    await enrich.feed(enrich.record(CLIENT, "3", ANA | {"email": "cy@harbor.example", "name.given": "Cy"}))
    await enrich.feed(invoice(enrich, "2"))
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"state": "deleted"}))
    await enrich.feed(invoice(enrich, "3"))
    await enrich.feed(enrich.record(CLIENT, "2", ANA | BEN | {"state": "deleted"}))
    assert (await row_of(enrich, CLIENT, "1")).merged_into == "3"


async def test_an_old_word_of_a_merged_record_brings_it_to_no_life(enrich: Enrich) -> None:
    await two_customers(enrich)
    old = enrich.record(CLIENT, "1", ANA | {"name.given": "Anna"})
    await enrich.feed(invoice(enrich, "2"))
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"state": "deleted"}))
    for _ in range(2):
        assert await enrich.feed(old) == [Skip(reason="stale")]
    assert (await row_of(enrich, CLIENT, "1")).merged_into == "2"


async def test_a_merged_record_that_lives_again_is_a_question(enrich: Enrich) -> None:
    await two_customers(enrich)
    await enrich.feed(invoice(enrich, "2"))
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"state": "deleted"}))
    (outcome,) = await enrich.feed(enrich.record(CLIENT, "1", ANA, at=START + timedelta(hours=1)))
    assert isinstance(outcome, Skip) and outcome.reason.startswith("review")
    (review,) = await enrich.rows("select evidence from review_item where kind = 'match'")
    assert review["evidence"]["why"] == "a_merged_record_lives_again"


async def test_two_that_took_children_are_no_merge(enrich: Enrich) -> None:
    await two_customers(enrich)
    await enrich.feed(enrich.record(CLIENT, "3", ANA | {"email": "cy@harbor.example", "name.given": "Cy"}))
    second = INVOICE | {"number": "INV-2"}
    await enrich.feed(enrich.record("freshbooks.invoice", "9", second | {"customer": f"{CLIENT}/1"}))
    await enrich.feed(invoice(enrich, "2"))
    await enrich.feed(enrich.record("freshbooks.invoice", "9", second | {"customer": f"{CLIENT}/3"}))
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"state": "deleted"}))
    assert (await row_of(enrich, CLIENT, "1")).status == "active"
    assert await states(enrich) == {"active", "deleted"}
