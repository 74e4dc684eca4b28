"""Enrich: what the end of a record on one side does to the others, by policy, and what stops it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.fakes.feeding import ANA, START, Enrich

from twinledger.road.outcome import Ok, Skip

CLIENT, CONTACT, CRM = "freshbooks.client", "zoho_books.contact", "zoho_crm.contact"
BOOKS_ANA: dict[str, Any] = {key: value for key, value in ANA.items() if key != "kind"}
CRM_ANA = {key: ANA[key] for key in ("name.given", "name.family", "email", "phones.business")}
INVOICE: dict[str, Any] = {
    "number": "INV-1",
    "customer": "freshbooks.client/1",
    "date": "2026-11-20",
    "currency": "USD",
    "state": "sent",
    "lines": [],
    "total": "300",
}
BOOKS_INVOICE = INVOICE | {"customer": "zoho_books.contact/9"}


async def on_all_sides(enrich: Enrich, number: int = 0) -> None:
    """Ana on three sides; a number makes another person of her."""
    own = {"email": f"ana{number or ''}@harbor.example"}
    await enrich.feed(
        enrich.record(CLIENT, f"{number or ''}1", ANA | own),
        enrich.record(CONTACT, f"{number or ''}9", BOOKS_ANA | own),
        enrich.record(CRM, f"{number or ''}5", CRM_ANA | own),
    )
    await confirm_all(enrich)


async def confirm_all(enrich: Enrich) -> None:
    """What is planned was written and read back: each side agrees."""
    await enrich.pool.execute("update intent set state = 'confirmed' where state = 'planned'")
    await enrich.pool.execute(
        """update shadow s set fields = s.fields::jsonb || i.patch::jsonb,
                  bases = s.bases::jsonb || i.bases::jsonb, content_hash = null
              from intent i
            where i.entity_id = s.entity_id and i.object = s.object and i.state = 'confirmed'"""
    )


async def patches(enrich: Enrich) -> dict[str, Any]:
    return {row["object"]: row["patch"] for row in await enrich.planned()}


async def reviews(enrich: Enrich) -> list[tuple[str, str]]:
    rows = await enrich.rows("select kind, subject from review_item where state = 'open' order by id")
    return [(row["kind"], row["subject"]) for row in rows]


async def status(enrich: Enrich, object_name: str) -> list[tuple[str, str]]:
    rows = await enrich.rows(
        "select external_id, status from crosswalk where object = $1 order by external_id", object_name
    )
    return [(row["external_id"], row["status"]) for row in rows]


async def test_a_master_that_is_gone_is_archived_elsewhere_never_deleted(enrich: Enrich) -> None:
    await on_all_sides(enrich)
    await enrich.feed(enrich.record(CRM, "5", {}, gone=True))
    assert await patches(enrich) == {CLIENT: {"state": "archived"}, CONTACT: {"state": "archived"}}
    assert await status(enrich, CRM) == [("5", "deleted")]
    assert await reviews(enrich) == []
    (row,) = await enrich.rows("select cause from audit where field = 'state' and new = '\"archived\"'")
    assert row["cause"] == "observation zoho_crm.contact/5"


@pytest.mark.parametrize("seen", [True, False])
async def test_what_was_read_before_an_end_brings_nothing_back(enrich: Enrich, seen: bool) -> None:
    """Once more from the road, or late on it."""
    await on_all_sides(enrich)
    old = enrich.record(CRM, "5", CRM_ANA | {"name.given": "Anna"})
    if seen:
        await enrich.feed(old)
    await enrich.feed(enrich.record(CRM, "5", {}, gone=True))
    await enrich.feed(old)
    assert await status(enrich, CRM) == [("5", "deleted")]
    (row,) = await enrich.rows("select fields ->> 'state' as state from entity")
    assert row["state"] == "archived"


async def test_what_an_end_causes_rests_a_moment(enrich: Enrich) -> None:
    """A merge looks like a deletion until its children are heard of."""
    await on_all_sides(enrich)
    await enrich.feed(enrich.record(CRM, "5", {}, gone=True))
    waits = await enrich.rows(
        "select not_before > now() + interval '3 s' as rests from intent where state = 'planned'"
    )
    assert waits and all(row["rests"] for row in waits)


async def test_a_deleted_client_is_inactive_in_books(enrich: Enrich) -> None:
    await on_all_sides(enrich)
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"state": "deleted"}))
    assert await patches(enrich) == {CONTACT: {"state": "archived"}}
    assert await status(enrich, CLIENT) == [("1", "active")]


async def test_archive_and_restore_travel_both_ways(enrich: Enrich) -> None:
    await on_all_sides(enrich)
    await enrich.feed(enrich.record(CONTACT, "9", BOOKS_ANA | {"state": "archived"}))
    assert await patches(enrich) == {CLIENT: {"state": "archived"}}
    await confirm_all(enrich)
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"state": "active"}))
    assert await patches(enrich) == {CONTACT: {"state": "active"}}
    assert len(await enrich.rows("select id from entity")) == 1


async def test_a_record_out_of_the_recycle_bin_takes_the_archiving_back(enrich: Enrich) -> None:
    await on_all_sides(enrich)
    await enrich.feed(enrich.record(CRM, "5", {}, gone=True))
    await confirm_all(enrich)
    await enrich.feed(enrich.record(CRM, "5", CRM_ANA))
    assert await patches(enrich) == {CLIENT: {"state": "active"}, CONTACT: {"state": "active"}}
    assert await status(enrich, CRM) == [("5", "active")]
    assert len(await enrich.rows("select id from entity")) == 1


async def test_a_new_record_in_the_place_of_a_deleted_one_is_the_same_customer(enrich: Enrich) -> None:
    await on_all_sides(enrich)
    await enrich.feed(enrich.record(CRM, "5", {}, gone=True))
    mobile = {"phones.mobile": "+12075550199"}
    await enrich.feed(enrich.record(CRM, "6", CRM_ANA | mobile))
    assert await patches(enrich) == {CLIENT: mobile, CONTACT: mobile}
    assert await status(enrich, CRM) == [("5", "deleted"), ("6", "active")]


async def test_an_edit_that_the_deleting_side_had_not_seen_wins_and_is_shown(enrich: Enrich) -> None:
    await on_all_sides(enrich)
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"name.given": "Anna"}))
    await enrich.feed(enrich.record(CRM, "5", {}, gone=True))
    planned = {row["object"]: (row["op"], row["patch"]) for row in await enrich.planned()}
    assert planned[CRM][0] == "create" and planned[CRM][1]["name.given"] == "Anna"
    assert planned[CONTACT] == ("update", {"name.given": "Anna"})
    assert await reviews(enrich) == [("deleted_and_changed", "zoho_crm.contact/5")]


async def test_an_edit_heard_of_after_the_end_wins_as_well(enrich: Enrich) -> None:
    await on_all_sides(enrich)
    await enrich.feed(enrich.record(CRM, "5", {}, gone=True))
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"name.given": "Anna"}))
    planned = {row["object"]: (row["op"], row["patch"]) for row in await enrich.planned()}
    assert planned[CRM][0] == "create"
    assert planned[CONTACT] == ("update", {"name.given": "Anna"})
    assert await reviews(enrich) == [("deleted_and_changed", "freshbooks.client/1")]


async def test_a_soft_delete_against_an_edit_is_undone(enrich: Enrich) -> None:
    await on_all_sides(enrich)
    await enrich.feed(enrich.record(CONTACT, "9", BOOKS_ANA | {"name.given": "Anna"}))
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"state": "deleted"}))
    assert (await patches(enrich))[CLIENT] == {"name.given": "Anna", "state": "active"}
    assert await reviews(enrich) == [("deleted_and_changed", "freshbooks.client/1")]


async def test_an_end_that_is_shown_again_while_it_is_undone_asks_nobody_again(enrich: Enrich) -> None:
    """The edit is written first, and the vendor answers with the record as it is: still deleted."""
    await on_all_sides(enrich)
    edited = {"name.given": "Anna"}
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"state": "deleted"}))
    await enrich.feed(enrich.record(CONTACT, "9", BOOKS_ANA | edited))
    assert await reviews(enrich) == [("deleted_and_changed", "zoho_books.contact/9")]
    await enrich.pool.execute(
        """update shadow set fields = fields::jsonb || '{"name.given": "Anna"}',
                  marks = marks::jsonb || '{"unseen": ["name.given"]}' where object = $1""",
        CLIENT,
    )
    await enrich.feed(enrich.record(CLIENT, "1", ANA | edited | {"state": "deleted"}))
    assert (await patches(enrich))[CLIENT]["state"] == "active"
    assert await reviews(enrich) == [("deleted_and_changed", "zoho_books.contact/9")]


async def test_an_edit_that_we_wrote_to_a_record_already_deleted_wins(enrich: Enrich) -> None:
    """The vendor takes it, and answers with the record as it is: deleted, and with the edit."""
    await on_all_sides(enrich)
    edited = {"name.given": "Anna"}
    await enrich.feed(enrich.record(CONTACT, "9", BOOKS_ANA | edited))
    await confirm_all(enrich)
    await enrich.pool.execute(
        """update shadow set marks = marks::jsonb || '{"unseen": ["name.given"]}' where object = $1""", CLIENT
    )
    await enrich.feed(enrich.record(CLIENT, "1", ANA | edited | {"state": "deleted"}))
    assert (await patches(enrich)) == {CLIENT: {"state": "active"}}
    assert await reviews(enrich) == [("deleted_and_changed", "freshbooks.client/1")]


async def test_an_edit_after_the_archiving_arrived_makes_nothing_again(enrich: Enrich) -> None:
    await on_all_sides(enrich)
    await enrich.feed(enrich.record(CONTACT, "9", {}, gone=True))
    await confirm_all(enrich)
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"state": "archived", "website": "https://a.example"}))
    assert CONTACT not in await patches(enrich)


async def test_a_customer_whose_account_alone_was_deleted_lives_on(enrich: Enrich) -> None:
    await enrich.feed(
        enrich.record(CLIENT, "1", ANA | {"organization": "Harbor", "kind": "organization"}),
        enrich.record(CRM, "5", CRM_ANA | {"kind": "organization"}, links={"account": "zoho_crm.account/50"}),
    )
    await confirm_all(enrich)
    await enrich.feed(enrich.record("zoho_crm.account", "50", {}, gone=True))
    assert await patches(enrich) == {}
    assert await reviews(enrich) == [("deleted", "zoho_crm.account/50")]


async def test_a_tax_that_is_gone_is_only_let_go(enrich: Enrich) -> None:
    tax = {"name": "Sales Tax", "percent": "5.5", "compound": False}
    await enrich.feed(enrich.record("freshbooks.tax", "3", tax), enrich.record("zoho_books.tax", "4", tax))
    assert await enrich.feed(enrich.record("freshbooks.tax", "3", {}, gone=True)) == [Ok(None)]
    assert await enrich.planned() == []
    assert await status(enrich, "freshbooks.tax") == [("3", "deleted")]
    assert await reviews(enrich) == []


async def invoice_on_both_sides(enrich: Enrich) -> None:
    await on_all_sides(enrich)
    await enrich.feed(enrich.record("freshbooks.invoice", "8", INVOICE))
    await enrich.feed(enrich.record("zoho_books.invoice", "80", BOOKS_INVOICE))
    await confirm_all(enrich)


@pytest.mark.parametrize("end", [{"fields": INVOICE | {"state": "void"}}, {"fields": {}, "gone": True}])
async def test_an_invoice_that_its_owner_deleted_is_voided_elsewhere(
    enrich: Enrich, end: dict[str, Any]
) -> None:
    await invoice_on_both_sides(enrich)
    await enrich.feed(enrich.record("freshbooks.invoice", "8", **end))
    assert await patches(enrich) == {"zoho_books.invoice": {"state": "void"}}


async def test_a_deleted_copy_of_an_invoice_asks_and_writes_nothing(enrich: Enrich) -> None:
    await invoice_on_both_sides(enrich)
    await enrich.feed(enrich.record("zoho_books.invoice", "80", {}, gone=True))
    assert await enrich.planned() == []
    assert await reviews(enrich) == [("deleted", "zoho_books.invoice/80")]


@pytest.mark.parametrize("end", [{"fields": INVOICE | {"state": "void"}}, {"fields": {}, "gone": True}])
async def test_an_invoice_deleted_here_and_changed_there_asks_and_writes_nothing(
    enrich: Enrich, end: dict[str, Any]
) -> None:
    await invoice_on_both_sides(enrich)
    await enrich.feed(enrich.record("zoho_books.invoice", "80", BOOKS_INVOICE | {"date": "2026-11-25"}))
    await enrich.feed(enrich.record("freshbooks.invoice", "8", **end))
    assert "state" not in (await patches(enrich)).get("zoho_books.invoice", {})
    assert await reviews(enrich) == [("deleted", "freshbooks.invoice/8")]


async def test_an_invoice_with_a_word_of_another_side_that_its_owner_never_saw_asks(enrich: Enrich) -> None:
    await invoice_on_both_sides(enrich)
    await enrich.pool.execute(
        """update entity set version = 9, fields = fields::jsonb || '{"date": "2026-11-25"}',
                  clocks = clocks::jsonb || '{"date": [9, "flow:fees", null]}' where type = 'invoice'"""
    )
    await enrich.feed(enrich.record("freshbooks.invoice", "8", {}, gone=True))
    assert "state" not in (await patches(enrich)).get("zoho_books.invoice", {})
    assert await reviews(enrich) == [("deleted", "freshbooks.invoice/8")]


@pytest.mark.parametrize("gone", [True, False])
async def test_a_deleted_payment_that_still_counts_elsewhere_asks(enrich: Enrich, gone: bool) -> None:
    await invoice_on_both_sides(enrich)
    paid = {"amount": "300", "currency": "USD", "date": "2026-11-21", "invoice": "freshbooks.invoice/8"}
    await enrich.feed(enrich.record("freshbooks.payment", "6", paid | {"state": "active"}))
    (create,) = await enrich.planned()
    copy = paid | {"invoice": "zoho_books.invoice/80"}
    await enrich.feed(enrich.record("zoho_books.customer_payment", "60", copy, reference=create["reference"]))
    await confirm_all(enrich)
    end = {} if gone else paid | {"state": "void"}
    await enrich.feed(enrich.record("freshbooks.payment", "6", end, gone=gone))
    assert await enrich.planned() == []
    (review,) = await enrich.rows("select kind, evidence from review_item")
    assert review["kind"] == "void"
    assert review["evidence"]["still_counted"] == ["zoho_books.customer_payment/60"]


async def test_a_record_deleted_before_it_was_known_is_made_nowhere(enrich: Enrich) -> None:
    (outcome,) = await enrich.feed(enrich.record(CLIENT, "1", ANA | {"state": "deleted"}))
    assert isinstance(outcome, Skip)
    assert await enrich.rows("select id from entity") == []


async def test_an_old_word_of_a_soft_delete_is_not_believed(enrich: Enrich) -> None:
    await on_all_sides(enrich)
    late = enrich.record(CLIENT, "1", ANA | {"state": "deleted"}, at=START - timedelta(hours=1))
    assert await enrich.feed(late) == [Skip(reason="stale")]
    assert await enrich.planned() == []
