"""Field policies against PostgreSQL: what two sides say of one field becomes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.fakes.feeding import ANA, START, Enrich
from tests.fakes.writing import applied, send

from twinledger.enrich.replanner import Replanner
from twinledger.kernel.errors import PermanentError
from twinledger.mapping.field_policy import FieldPolicy
from twinledger.road.outcome import Retry, Skip
from twinledger.state.answers import answer_conflict

CLIENT, CONTACT, BOOKS = "freshbooks.client", "zoho_crm.contact", "zoho_books.contact"
FB_ITEM, BOOKS_ITEM = "freshbooks.item", "zoho_books.item"
BOOKS_ANA: dict[str, Any] = {key: value for key, value in ANA.items() if key != "kind"}
CRM_ANA = {key: ANA[key] for key in ("name.given", "name.family", "email", "phones.business")}
LAMP: dict[str, Any] = {"name": "Lamp", "unit_price": "10", "sku": "L-1", "state": "active"}
LINE: dict[str, Any] = {
    **dict.fromkeys(("item", "description", "tax")),
    "name": "Design",
    "quantity": "2",
    "unit_price": "150",
}
INVOICE: dict[str, Any] = {
    "number": "INV-1",
    "customer": "freshbooks.client/1",
    "date": "2026-11-20",
    "currency": "USD",
    "state": "sent",
    "lines": [LINE],
    "total": "300",
}


def rule_says(enrich: Enrich, entity: str, **policies: FieldPolicy) -> None:
    """A sync rule of the test's own."""
    definitions = enrich.pipeline.definitions
    rule = definitions.rules[entity]
    changed = replace(rule, policy={**rule.policy, **{k.replace("__", "."): v for k, v in policies.items()}})
    enrich.pipeline.definitions = replace(definitions, rules={**definitions.rules, entity: changed})


async def entity_fields(enrich: Enrich, kind: str) -> dict[str, Any]:
    (row,) = await enrich.rows("select fields from entity where type = $1", kind)
    fields: dict[str, Any] = row["fields"]
    return fields


async def patches(enrich: Enrich) -> dict[str, Any]:
    """Of the sides that exist."""
    return {row["object"]: row["patch"] for row in await enrich.planned() if row["op"] == "update"}


# --- lww ---------------------------------------------------------------------------------------------


async def test_what_came_and_went_is_in_nobodys_way(enrich: Enrich) -> None:
    """Typed and taken back in FreshBooks before it reached Books: an edit in Books is no conflict, though the
    clock there is minutes behind."""
    known, slow = BOOKS_ANA | {"website": None}, timedelta(minutes=4)
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"website": None}))
    await enrich.feed(enrich.record(BOOKS, "2", known, at=START, stamp=START - slow))
    for website in ("https://harbor.example", None):
        await enrich.feed(enrich.record(CLIENT, "1", ANA | {"website": website}))
    late = START + timedelta(seconds=60)
    shown = known | {"website": "https://bay.example"}
    await enrich.feed(enrich.record(BOOKS, "2", shown, at=late, stamp=late - slow))
    assert (await entity_fields(enrich, "customer"))["website"] == "https://bay.example"
    assert await enrich.rows("select * from conflict") == []


async def test_a_side_whose_write_is_on_its_way_agrees_with_nothing_yet(enrich: Enrich) -> None:
    known = BOOKS_ANA | {"website": None}
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"website": None}))
    await enrich.feed(enrich.record(BOOKS, "2", known))
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"website": "https://harbor.example"}))
    await send(enrich, BOOKS)
    (before,) = await enrich.rows("select bases from shadow where object = $1", BOOKS)
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"website": None}))
    (after,) = await enrich.rows("select bases from shadow where object = $1", BOOKS)
    assert after["bases"]["website"] == before["bases"]["website"]


# --- delta -------------------------------------------------------------------------------------------


async def counted_on_both_sides(enrich: Enrich) -> None:
    """No shipped side writes a stock, so the price of an item plays one."""
    rule_says(enrich, "item", unit_price=FieldPolicy("delta"))
    await enrich.feed(enrich.record(FB_ITEM, "1", LAMP), enrich.record(BOOKS_ITEM, "9", LAMP))


async def test_both_sides_sell_and_the_entity_counts_both_once(enrich: Enrich) -> None:
    await counted_on_both_sides(enrich)
    batch = [
        enrich.record(FB_ITEM, "1", LAMP | {"unit_price": "8"}),
        enrich.record(BOOKS_ITEM, "9", LAMP | {"unit_price": "9"}),
    ]
    await enrich.feed(*batch)
    assert (await entity_fields(enrich, "item"))["unit_price"] == "7"
    assert await patches(enrich) == {FB_ITEM: {"unit_price": "7"}, BOOKS_ITEM: {"unit_price": "7"}}
    assert all(isinstance(outcome, Skip) for outcome in await enrich.feed(*batch))
    assert (await entity_fields(enrich, "item"))["unit_price"] == "7"


async def test_a_sale_during_our_write_is_counted_against_what_we_wrote(enrich: Enrich) -> None:
    await counted_on_both_sides(enrich)
    await enrich.feed(enrich.record(FB_ITEM, "1", LAMP | {"unit_price": "8"}))
    intent = await send(enrich, BOOKS_ITEM)
    during = START + timedelta(minutes=1)
    sold = enrich.record(BOOKS_ITEM, "9", LAMP | {"unit_price": "7"}, at=during)
    (outcome,) = await enrich.feed(sold)
    assert isinstance(outcome, Retry) and outcome.reason == "write_unsettled"
    await applied(enrich, intent, "9", ended_at=during + timedelta(seconds=1), stamp=during)
    await enrich.feed(sold)
    assert "twinledger.hints.v1" in {row["topic"] for row in await enrich.rows("select topic from outbox")}
    again = enrich.record(BOOKS_ITEM, "9", LAMP | {"unit_price": "7"}, at=during + timedelta(seconds=2))
    await enrich.feed(again)
    assert (await entity_fields(enrich, "item"))["unit_price"] == "7"
    assert await patches(enrich) == {FB_ITEM: {"unit_price": "7"}}


# --- set ---------------------------------------------------------------------------------------------


async def test_members_added_on_both_sides_reach_both_sides(enrich: Enrich) -> None:
    rule_says(enrich, "invoice", lines=FieldPolicy("set", key="name"))
    books = INVOICE | {"customer": "zoho_books.contact/9"}
    await enrich.feed(enrich.record(CLIENT, "1", ANA), enrich.record(BOOKS, "9", BOOKS_ANA))
    await enrich.feed(
        enrich.record("freshbooks.invoice", "5", INVOICE), enrich.record("zoho_books.invoice", "6", books)
    )
    await enrich.feed(
        enrich.record("freshbooks.invoice", "5", INVOICE | {"lines": [LINE, LINE | {"name": "Print"}]}),
        enrich.record("zoho_books.invoice", "6", books | {"lines": [LINE | {"name": "Paper"}, LINE]}),
    )
    names = [one["name"] for one in (await entity_fields(enrich, "invoice"))["lines"]]
    assert names == ["Design", "Paper", "Print"]
    wanted = await patches(enrich)
    assert all(
        [one["name"] for one in wanted[name]["lines"]] == names
        for name in ("freshbooks.invoice", "zoho_books.invoice")
    )


# --- lattice -----------------------------------------------------------------------------------------


async def mirrored(enrich: Enrich, state: str) -> None:
    books = INVOICE | {"customer": "zoho_books.contact/9", "state": state}
    await enrich.feed(enrich.record(CLIENT, "1", ANA), enrich.record(BOOKS, "9", BOOKS_ANA))
    await enrich.feed(
        enrich.record("freshbooks.invoice", "5", INVOICE | {"state": state}),
        enrich.record("zoho_books.invoice", "6", books),
    )


async def books_says(enrich: Enrich, state: str) -> None:
    said = INVOICE | {"customer": "zoho_books.contact/9", "state": state}
    await enrich.feed(enrich.record("zoho_books.invoice", "6", said))


async def test_an_invoice_sent_in_books_is_sent_in_freshbooks(enrich: Enrich) -> None:
    await mirrored(enrich, "draft")
    await books_says(enrich, "sent")
    assert await patches(enrich) == {"freshbooks.invoice": {"state": "sent"}}
    assert await enrich.rows("select * from conflict") == []


@pytest.mark.parametrize(("state", "written"), [("draft", "sent"), ("void", "draft")])
async def test_a_state_that_books_may_not_take_is_put_back_in_the_open(
    enrich: Enrich, state: str, written: str
) -> None:
    """A void one by way of a draft."""
    await mirrored(enrich, "sent")
    await books_says(enrich, state)
    assert await patches(enrich) == {"zoho_books.invoice": {"state": written}}
    (conflict,) = await enrich.rows("select field, policy, winner, loser from conflict")
    assert (conflict["field"], conflict["policy"]) == ("state", "lattice")
    assert (conflict["winner"]["value"], conflict["loser"]["value"]) == ("sent", state)
    assert conflict["winner"]["at"] and conflict["loser"]["at"]


# --- owner -------------------------------------------------------------------------------------------


async def edited_by_a_stranger(enrich: Enrich, policy: FieldPolicy) -> None:
    rule_says(enrich, "customer", notes=policy)
    ours = {"notes": "ours"}
    await enrich.feed(enrich.record(CLIENT, "1", ANA | ours), enrich.record(BOOKS, "9", BOOKS_ANA | ours))
    await enrich.feed(enrich.record(BOOKS, "9", BOOKS_ANA | {"notes": "theirs"}))


async def test_a_strangers_edit_is_put_back_in_the_open(enrich: Enrich) -> None:
    await edited_by_a_stranger(enrich, FieldPolicy("owner", "freshbooks"))
    assert (await patches(enrich))[BOOKS] == {"notes": "ours"}
    (conflict,) = await enrich.rows("select policy, loser from conflict")
    assert (conflict["policy"], conflict["loser"]["value"]) == ("owner(freshbooks)", "theirs")


async def test_a_tolerated_edit_stays_until_the_owner_speaks_again(enrich: Enrich) -> None:
    await edited_by_a_stranger(enrich, FieldPolicy("owner", "freshbooks", tolerate=True))
    assert BOOKS not in await patches(enrich)
    assert len(await enrich.rows("select * from conflict")) == 1
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"notes": "newer"}))
    assert (await patches(enrich))[BOOKS] == {"notes": "newer"}


# --- manual ------------------------------------------------------------------------------------------


async def both_changed(enrich: Enrich) -> int:
    """The number of the question."""
    rule_says(enrich, "customer", name__given=FieldPolicy("manual"))
    sides = {(CLIENT, "1"): ANA, (CONTACT, "8"): CRM_ANA, (BOOKS, "9"): BOOKS_ANA}
    await enrich.feed(*(enrich.record(*side, fields) for side, fields in sides.items()))
    await enrich.feed(
        enrich.record(CLIENT, "1", ANA | {"name.given": "Anna"}),
        enrich.record(CONTACT, "8", CRM_ANA | {"name.given": "Annie", "phones.business": "+12075550199"}),
    )
    (question,) = await enrich.rows("select id, kind, evidence from review_item where state = 'open'")
    assert question["kind"] == "conflict"
    values = {side: one["value"] for side, one in question["evidence"]["values"].items()}
    assert values == {CLIENT: "Anna", CONTACT: "Annie"}
    assert all(one["at"] for one in question["evidence"]["values"].values())
    return int(question["id"])


async def test_a_parked_field_is_written_nowhere_and_the_others_flow(enrich: Enrich) -> None:
    await both_changed(enrich)
    phone = {"phones.business": "+12075550199"}
    assert await patches(enrich) == {CLIENT: phone, BOOKS: phone}
    await enrich.feed(enrich.record(CONTACT, "8", CRM_ANA | {"name.given": "Ann"}))
    (question,) = await enrich.rows("select evidence from review_item where state = 'open'")
    assert question["evidence"]["values"][CONTACT]["value"] == "Ann"


async def test_the_answer_is_written_to_the_sides_that_lack_it(enrich: Enrich) -> None:
    number = await both_changed(enrich)
    async with enrich.pool.acquire() as connection, connection.transaction():
        assert await answer_conflict(connection, "default", number, CONTACT, START) == ("Anna", "Annie")
    replanner = Replanner(enrich.pool, enrich.pipeline)
    assert await replanner.plan_one() and not await replanner.plan_one()
    names = {side: patch.get("name.given") for side, patch in (await patches(enrich)).items()}
    assert names == {CLIENT: "Annie", BOOKS: "Annie"}
    (audit,) = await enrich.rows("select old, new from audit where cause like 'review %'")
    assert audit == {"old": "Anna", "new": "Annie"}
    async with enrich.pool.acquire() as connection, connection.transaction():
        with pytest.raises(PermanentError, match="no open question"):
            await answer_conflict(connection, "default", number, CLIENT, START)


async def test_an_edit_after_the_answer_is_no_conflict_on_the_chosen_side(enrich: Enrich) -> None:
    number = await both_changed(enrich)
    async with enrich.pool.acquire() as connection, connection.transaction():
        await answer_conflict(connection, "default", number, CONTACT, START)
    await enrich.feed(enrich.record(CONTACT, "8", CRM_ANA | {"name.given": "Anja"}))
    assert (await entity_fields(enrich, "customer"))["name.given"] == "Anja"
    assert await enrich.rows("select id from review_item where state = 'open'") == []


async def test_sides_that_agree_by_themselves_close_the_question(enrich: Enrich) -> None:
    await both_changed(enrich)
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"name.given": "Annie"}))
    assert [row["state"] for row in await enrich.rows("select state from review_item")] == ["withdrawn"]
    assert (await entity_fields(enrich, "customer"))["name.given"] == "Annie"
    assert (await patches(enrich))[BOOKS]["name.given"] == "Annie"


async def test_a_conflict_that_ends_in_its_own_batch_is_not_asked_about(enrich: Enrich) -> None:
    rule_says(enrich, "customer", name__given=FieldPolicy("manual"))
    sides = {(CLIENT, "1"): ANA, ("zoho_crm.contact", "8"): CRM_ANA, (BOOKS, "9"): BOOKS_ANA}
    await enrich.feed(*(enrich.record(*side, fields) for side, fields in sides.items()))
    await enrich.feed(
        enrich.record(CLIENT, "1", ANA | {"name.given": "Anna"}),
        enrich.record("zoho_crm.contact", "8", CRM_ANA | {"name.given": "Annie"}),
        enrich.record("zoho_crm.contact", "8", CRM_ANA | {"name.given": "Anna"}),
    )
    assert (await enrich.rows("select parked from entity"))[0]["parked"] == {}
    assert await enrich.rows("select id from review_item where state = 'open'") == []
