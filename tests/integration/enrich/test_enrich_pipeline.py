"""Enrich against PostgreSQL: identity, merge, flows and plans of whole batches."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.fakes.feeding import ANA, START, Enrich

from twinledger.road.outcome import Retry, Skip

CRM_ANA = {key: ANA[key] for key in ("name.given", "name.family", "email", "phones.business")}


async def test_a_new_customer_is_planned_for_every_other_side(enrich: Enrich) -> None:
    await enrich.feed(enrich.record("freshbooks.client", "1", ANA))
    planned = await enrich.planned()
    assert [row["object"] for row in planned] == ["zoho_books.contact", "zoho_crm.contact"]
    assert {row["op"] for row in planned} == {"create"}
    assert all(row["reference"].startswith("TL-") for row in planned)


async def test_the_same_customer_seen_on_two_sides_in_one_batch_is_one_entity(enrich: Enrich) -> None:
    await enrich.feed(
        enrich.record("freshbooks.client", "1", ANA), enrich.record("zoho_crm.contact", "9", CRM_ANA)
    )
    assert len(await enrich.rows("select id from entity")) == 1
    assert [row["object"] for row in await enrich.planned()] == ["zoho_books.contact"]


async def test_a_replay_of_any_batch_changes_nothing(enrich: Enrich) -> None:
    batch = [enrich.record("freshbooks.client", "1", ANA), enrich.record("zoho_crm.contact", "9", CRM_ANA)]
    await enrich.feed(*batch)
    before = await enrich.rows("select * from entity"), await enrich.rows("select * from intent")
    outcomes = await enrich.feed(*batch)
    assert all(isinstance(outcome, Skip) for outcome in outcomes)
    after = await enrich.rows("select * from entity"), await enrich.rows("select * from intent")
    assert before == after


async def test_edits_of_different_fields_on_both_sides_both_survive(enrich: Enrich) -> None:
    await enrich.feed(
        enrich.record("freshbooks.client", "1", ANA), enrich.record("zoho_crm.contact", "9", CRM_ANA)
    )
    await enrich.feed(
        enrich.record("freshbooks.client", "1", ANA | {"phones.business": "+12075550199"}),
        enrich.record("zoho_crm.contact", "9", CRM_ANA | {"name.given": "Anna"}),
    )
    (entity,) = await enrich.rows("select fields from entity")
    assert entity["fields"]["phones.business"] == "+12075550199"
    assert entity["fields"]["name.given"] == "Anna"
    assert await enrich.rows("select * from conflict") == []
    patches = {row["object"]: row["patch"] for row in await enrich.planned()}
    assert patches["freshbooks.client"] == {"name.given": "Anna"}
    assert patches["zoho_crm.contact"] == {"phones.business": "+12075550199"}


async def test_edits_of_the_same_field_keep_the_later_and_store_the_loser(enrich: Enrich) -> None:
    await enrich.feed(
        enrich.record("freshbooks.client", "1", ANA), enrich.record("zoho_crm.contact", "9", CRM_ANA)
    )
    late = START + timedelta(minutes=5)
    await enrich.feed(
        enrich.record("zoho_crm.contact", "9", CRM_ANA | {"name.given": "Annie"}, at=late),
        enrich.record("freshbooks.client", "1", ANA | {"name.given": "Anita"}),
    )
    (entity,) = await enrich.rows("select fields from entity")
    assert entity["fields"]["name.given"] == "Annie"
    (conflict,) = await enrich.rows("select field, winner, loser from conflict")
    assert (conflict["winner"]["value"], conflict["loser"]["value"]) == ("Annie", "Anita")


async def test_a_second_record_with_the_same_address_in_one_system_asks_a_person(enrich: Enrich) -> None:
    await enrich.feed(enrich.record("freshbooks.client", "1", ANA))
    (outcome,) = await enrich.feed(enrich.record("freshbooks.client", "2", ANA))
    assert isinstance(outcome, Skip)
    (review,) = await enrich.rows("select kind, subject from review_item")
    assert review == {"kind": "match", "subject": "freshbooks.client/2"}
    assert len(await enrich.rows("select id from entity")) == 1


async def test_an_account_waits_for_its_contact_and_joins_its_customer(enrich: Enrich) -> None:
    account = enrich.record(
        "zoho_crm.account",
        "50",
        {"kind": "organization", "organization": "Harbor Bakery"},
        related={"contacts": ["zoho_crm.contact/9"]},
    )
    (outcome,) = await enrich.feed(account)
    assert isinstance(outcome, Retry) and outcome.waits_for == "zoho_crm.contact/9"
    contact = enrich.record(
        "zoho_crm.contact",
        "9",
        {key: ANA[key] for key in ("name.given", "name.family", "email")} | {"kind": "organization"},
        links={"account": "zoho_crm.account/50"},
    )
    await enrich.feed(contact)
    await enrich.feed(account)
    assert len(await enrich.rows("select id from entity")) == 1
    (entity,) = await enrich.rows("select fields from entity")
    assert entity["fields"]["organization"] == "Harbor Bakery"
    assert [row["object"] for row in await enrich.planned()] == ["freshbooks.client", "zoho_books.contact"]


async def test_an_older_reading_never_overwrites_a_newer_one(enrich: Enrich) -> None:
    await enrich.feed(enrich.record("freshbooks.client", "1", ANA))
    old = enrich.record("freshbooks.client", "1", ANA | {"name.given": "Old"}, at=START - timedelta(hours=1))
    (outcome,) = await enrich.feed(old)
    assert outcome == Skip(reason="stale")


LINE = {
    "item": None,
    "name": "Design",
    "description": None,
    "quantity": "2",
    "unit_price": "150",
    "tax": None,
}
ORDER: dict[str, Any] = {
    "number": "SO-001",
    "reference_number": None,
    "customer": "zoho_books.contact/7",
    "date": "2026-11-20",
    "currency": "USD",
    "state": "confirmed",
    "lines": [LINE],
    "notes": None,
    "total": "300",
}


async def test_an_order_waits_for_its_customer_and_gives_rise_to_one_invoice_ever(enrich: Enrich) -> None:
    order = enrich.record("zoho_books.sales_order", "77", ORDER)
    (outcome,) = await enrich.feed(order)
    assert isinstance(outcome, Retry) and outcome.waits_for == "zoho_books.contact/7"
    hints = await enrich.rows("select topic from outbox")
    assert [row["topic"] for row in hints] == ["twinledger.hints.v1"]
    await enrich.feed(enrich.record("zoho_books.contact", "7", ANA))
    await enrich.feed(order)
    again = enrich.record("zoho_books.sales_order", "77", ORDER | {"notes": "seen again"})
    await enrich.feed(again)
    invoices = await enrich.rows("select fields from entity where type = 'invoice'")
    assert len(invoices) == 1 and invoices[0]["fields"]["number"] == "SO-001"
    assert [r["op"] for r in await enrich.planned() if r["object"] == "freshbooks.invoice"] == ["create"]


async def test_a_tax_named_by_content_resolves_to_its_entity(enrich: Enrich) -> None:
    tax = {"name": "Sales Tax", "percent": "5.5", "compound": False}
    await enrich.feed(enrich.record("freshbooks.tax", "3", tax), enrich.record("freshbooks.client", "1", ANA))
    invoice = {
        "number": "INV-1",
        "customer": "freshbooks.client/1",
        "date": "2026-11-20",
        "currency": "USD",
        "state": "sent",
        "lines": [LINE | {"tax": "tax?name=Sales Tax&percent=5.5"}],
        "total": "316.5",
    }
    (outcome,) = await enrich.feed(enrich.record("freshbooks.invoice", "8", invoice))
    assert not isinstance(outcome, Retry)
    (entity,) = await enrich.rows("select fields from entity where type = 'invoice'")
    (tax_entity,) = await enrich.rows("select id from entity where type = 'tax'")
    assert entity["fields"]["lines"][0]["tax"] == f"entity:{tax_entity['id']}"
