"""Flows in enrich: one document ever, questions about changed triggers, drafts that follow, the way back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest
from tests.fakes.feeding import ANA, Enrich

LINE = {
    "item": None,
    "name": "Design",
    "description": None,
    "quantity": "2",
    "unit_price": "150",
    "tax": None,
    "second_tax": None,
}
ORDER: dict[str, Any] = {
    "number": "SO-001",
    "customer": "zoho_books.contact/7",
    "date": "2026-11-20",
    "currency": "USD",
    "state": "confirmed",
    "lines": [LINE],
    "notes": None,
    "total": "300",
    "external_invoice_number": None,
    "payment_state": None,
}
INVOICE: dict[str, Any] = {
    "number": "SO-001",
    "customer": "freshbooks.client/1",
    "date": "2026-11-20",
    "currency": "USD",
    "state": "draft",
    "lines": [LINE],
    "notes": None,
    "total": "300",
    "balance": "300",
}
DEAL: dict[str, Any] = {
    "name": "Spring menu",
    "customer": "zoho_crm.contact/9",
    "amount": "286.5",
    "currency": "USD",
    "stage": "Gewonnen",
    "state": "won",
    "closing_date": "2026-11-20",
    "notes": None,
    "external_invoice_number": None,
    "payment_state": None,
}
CHANGED = ORDER | {"lines": [LINE | {"quantity": "3"}], "total": "450"}


async def customer(enrich: Enrich) -> None:
    person = {key: ANA[key] for key in ("name.given", "name.family", "email", "phones.business")}
    await enrich.feed(
        enrich.record("freshbooks.client", "1", ANA),
        enrich.record("zoho_books.contact", "7", person),
        enrich.record("zoho_crm.contact", "9", person),
    )


async def order(enrich: Enrich, fields: dict[str, Any]) -> None:
    await enrich.feed(enrich.record("zoho_books.sales_order", "77", fields))


async def invoice(enrich: Enrich, **changes: Any) -> None:
    """FreshBooks shows the invoice that came of the order."""
    await enrich.feed(enrich.record("freshbooks.invoice", "8", INVOICE | changes))


async def deal(enrich: Enrich, **changes: Any) -> None:
    await enrich.feed(enrich.record("zoho_crm.deal", "55", DEAL | changes))


async def choose(enrich: Enrich, settings: dict[str, Any]) -> None:
    await enrich.pool.execute(
        "update workspace set settings = $1::text::jsonb", orjson.dumps(settings).decode()
    )


async def invoices(enrich: Enrich) -> list[dict[str, Any]]:
    rows = await enrich.rows("select fields from entity where type = 'invoice' order by fields->>'number'")
    return [row["fields"] for row in rows]


async def questions(enrich: Enrich, state: str = "open") -> list[tuple[str, Any]]:
    rows = await enrich.rows("select kind, evidence from review_item where state = $1 order by id", state)
    return [(row["kind"], row["evidence"]) for row in rows]


async def patch(enrich: Enrich, object_name: str) -> Any:
    """What is planned for an object now, in one intent or none."""
    found = [row["patch"] for row in await enrich.planned() if row["object"] == object_name]
    assert len(found) < 2
    return found[0] if found else None


def with_flow(enrich: Enrich, name: str, **changes: Any) -> None:
    """The flow as a workspace's own version of its file would have it."""
    definitions = enrich.pipeline.definitions
    flows = [replace(flow, **changes) if flow.name == name else flow for flow in definitions.flows]
    enrich.pipeline.definitions = replace(definitions, flows=flows)


# --- a trigger that changes ------------------------------------------------------------------------


async def test_an_order_that_was_invoiced_and_changes_is_one_question_and_changes_nothing(
    enrich: Enrich,
) -> None:
    await customer(enrich)
    await order(enrich, ORDER)
    before = await invoices(enrich)
    await order(enrich, CHANGED)
    await order(enrich, CHANGED | {"notes": "seen again"})
    assert await invoices(enrich) == before and len(before) == 1
    ((kind, evidence),) = await questions(enrich)
    assert (kind, evidence["trigger"]) == ("order_changed", "SO-001")
    assert [(one["number"], one["state"]) for one in evidence["documents"]] == [("SO-001", "draft")]
    assert evidence["differs"]["lines"] == {"made_from": [LINE], "now": [LINE | {"quantity": "3"}]}


async def test_an_answered_question_is_not_asked_again_about_the_same_change(enrich: Enrich) -> None:
    await customer(enrich)
    await order(enrich, ORDER)
    await order(enrich, CHANGED)
    await enrich.pool.execute("update review_item set state = 'answered'")
    await order(enrich, CHANGED | {"total": "451"})
    assert await questions(enrich) == []
    await order(enrich, CHANGED | {"lines": [LINE | {"quantity": "4"}]})
    assert [kind for kind, _ in await questions(enrich)] == ["order_changed"]


async def test_a_voided_order_is_a_question_until_it_is_confirmed_again(enrich: Enrich) -> None:
    await customer(enrich)
    await order(enrich, ORDER)
    await order(enrich, ORDER | {"state": "void"})
    ((kind, evidence),) = await questions(enrich)
    assert kind == "flow_undone"
    assert evidence["differs"] == {"state": {"made_from": "confirmed", "now": "void"}}
    await order(enrich, ORDER)
    assert await questions(enrich) == []
    assert [kind for kind, _ in await questions(enrich, "withdrawn")] == ["flow_undone"]
    assert len(await invoices(enrich)) == 1


async def test_a_deleted_order_is_a_question_until_it_comes_back(enrich: Enrich) -> None:
    await customer(enrich)
    await order(enrich, ORDER)
    await enrich.feed(enrich.record("zoho_books.sales_order", "77", {}, gone=True))
    ((kind, evidence),) = await questions(enrich)
    assert kind == "flow_undone"
    assert evidence["differs"] == {"gone": {"made_from": None, "now": True}}
    assert len(await invoices(enrich)) == 1
    await order(enrich, ORDER)
    assert await questions(enrich) == []


async def test_what_moves_no_money_asks_nothing(enrich: Enrich) -> None:
    await customer(enrich)
    await order(enrich, ORDER)
    await order(enrich, ORDER | {"notes": "by the back door", "state": "closed"})
    assert await questions(enrich) == []


async def test_a_draft_follows_its_order_where_the_flow_says_so(enrich: Enrich) -> None:
    with_flow(enrich, "sales-order-to-invoice", follows_drafts=True)
    await customer(enrich)
    await order(enrich, ORDER)
    await invoice(enrich)
    await order(enrich, CHANGED)
    (followed,) = await invoices(enrich)
    assert followed["lines"] == CHANGED["lines"]
    assert (await patch(enrich, "freshbooks.invoice"))["lines"][0]["quantity"] == "3"
    assert await questions(enrich) == []


@pytest.mark.parametrize("change", [{"state": "sent"}, {"lines": [LINE | {"unit_price": "140"}]}])
async def test_what_was_sent_or_edited_by_a_person_does_not_follow(
    enrich: Enrich, change: dict[str, Any]
) -> None:
    with_flow(enrich, "sales-order-to-invoice", follows_drafts=True)
    await customer(enrich)
    await order(enrich, ORDER)
    await invoice(enrich)
    await invoice(enrich, **change)
    before = await invoices(enrich)
    await order(enrich, CHANGED)
    assert await invoices(enrich) == before
    assert [kind for kind, _ in await questions(enrich)] == ["order_changed"]


async def test_a_draft_that_is_sent_before_it_could_follow_stays_as_it_was_sent(enrich: Enrich) -> None:
    with_flow(enrich, "sales-order-to-invoice", follows_drafts=True)
    await customer(enrich)
    await order(enrich, ORDER)
    await invoice(enrich)
    await order(enrich, CHANGED)
    await invoice(enrich, state="sent")
    (kept,) = await invoices(enrich)
    assert (kept["lines"], kept["state"]) == ([LINE], "sent")
    assert await patch(enrich, "freshbooks.invoice") is None
    ((kind, evidence),) = await questions(enrich)
    assert (kind, evidence["why"]) == ("order_changed", "sent before it could follow")


# --- effects ----------------------------------------------------------------------------------------


async def test_what_shall_be_mailed_is_made_as_a_draft_and_sent_by_a_call_of_its_own(enrich: Enrich) -> None:
    await customer(enrich)
    await choose(enrich, {"invoice_state": "sent", "invoice_effects": "email"})
    await order(enrich, ORDER)
    made = await patch(enrich, "freshbooks.invoice")
    assert "state" not in made
    await invoice(enrich)
    assert await patch(enrich, "freshbooks.invoice") == {"state": "sent"}
    (entity,) = await invoices(enrich)
    assert (entity["state"], entity["effects"]) == ("sent", "email")
    await invoice(enrich, state="sent")
    assert await patch(enrich, "freshbooks.invoice") is None
    assert await enrich.rows("select 1 from conflict") == []


async def test_without_a_word_of_the_workspace_an_invoice_asks_for_nothing(enrich: Enrich) -> None:
    await customer(enrich)
    await choose(enrich, {"invoice_state": "sent"})
    await order(enrich, ORDER)
    assert (await patch(enrich, "freshbooks.invoice"))["state"] == "sent"
    assert "effects" not in (await invoices(enrich))[0]


# --- what goes back --------------------------------------------------------------------------------


async def test_number_and_payment_state_go_back_to_the_order_and_stay(enrich: Enrich) -> None:
    await customer(enrich)
    await order(enrich, ORDER)
    assert await patch(enrich, "zoho_books.sales_order") is None  # FreshBooks does not have it yet
    await invoice(enrich)
    back = {"external_invoice_number": "SO-001", "payment_state": "unpaid"}
    assert await patch(enrich, "zoho_books.sales_order") == back
    await order(enrich, ORDER | back)
    assert await patch(enrich, "zoho_books.sales_order") is None
    await invoice(enrich, state="sent", balance="100")
    assert await patch(enrich, "zoho_books.sales_order") == {"payment_state": "partial"}
    await invoice(enrich, state="sent", balance="0")
    assert await patch(enrich, "zoho_books.sales_order") == {"payment_state": "paid"}
    paid = ORDER | back | {"payment_state": "paid"}
    await order(enrich, paid)
    assert await patch(enrich, "zoho_books.sales_order") is None
    await order(enrich, paid | {"payment_state": "unpaid", "external_invoice_number": "mine"})
    assert await patch(enrich, "zoho_books.sales_order") == back | {"payment_state": "paid"}
    assert await questions(enrich) == []


# --- deals -----------------------------------------------------------------------------------------


async def test_a_won_deal_is_invoiced_once_however_often_it_is_seen(enrich: Enrich) -> None:
    await customer(enrich)
    await choose(enrich, {"flows": {"deal-won-to-invoice": True}})
    await deal(enrich, state="open")
    assert await invoices(enrich) == []
    await deal(enrich)
    await deal(enrich, notes="seen again")
    await enrich.feed(enrich.record("zoho_crm.deal", "55", DEAL | {"notes": "and again"}))
    (made,) = await invoices(enrich)
    assert made["number"].startswith("DEAL-") and made["lines"][0]["unit_price"] == "286.5"
    assert [row["op"] for row in await enrich.planned() if row["object"] == "freshbooks.invoice"] == [
        "create"
    ]
    await deal(enrich, state="open")
    assert [kind for kind, _ in await questions(enrich)] == ["flow_undone"]
    await deal(enrich, amount="300")
    assert [kind for kind, _ in await questions(enrich)] == ["deal_changed"]
    assert len(await invoices(enrich)) == 1


async def test_a_flow_that_is_off_makes_nothing(enrich: Enrich) -> None:
    await customer(enrich)
    await deal(enrich)
    assert await invoices(enrich) == []


async def test_a_deal_that_cannot_be_billed_is_a_question_until_it_can(enrich: Enrich) -> None:
    await customer(enrich)
    await choose(enrich, {"flows": {"deal-won-to-invoice": True}})
    await deal(enrich, amount=None)
    ((kind, evidence),) = await questions(enrich)
    assert (kind, evidence["field"]) == ("flow_failed", "flow.deal-won-to-invoice.lines[0].unit_price")
    await deal(enrich)
    assert await questions(enrich) == []
    assert len(await invoices(enrich)) == 1


# --- settings and templates ------------------------------------------------------------------------


async def test_a_workspace_may_have_its_invoices_sent(enrich: Enrich) -> None:
    await customer(enrich)
    await choose(enrich, {"invoice_state": "sent"})
    await order(enrich, ORDER)
    assert (await patch(enrich, "freshbooks.invoice"))["state"] == "sent"


SPLIT = {"flows": {"sales-order-to-invoice": False, "sales-order-to-split-invoices": True}}


async def test_an_order_in_parts_gives_each_part_its_own_invoice_and_reference(enrich: Enrich) -> None:
    await customer(enrich)
    await choose(enrich, SPLIT)
    await order(enrich, ORDER)
    await order(enrich, ORDER | {"notes": "seen again"})
    made = await invoices(enrich)
    assert [(one["number"], one["lines"][0]["unit_price"]) for one in made] == [
        ("SO-001-1", "90"),
        ("SO-001-2", "210"),
    ]
    planned = [row for row in await enrich.planned() if row["object"] == "freshbooks.invoice"]
    assert len({row["reference"] for row in planned}) == 2
    first = {"number": "SO-001-1", "total": "90", "balance": "0", "lines": made[0]["lines"]}
    await enrich.feed(enrich.record("freshbooks.invoice", "8", INVOICE | first))
    assert await patch(enrich, "zoho_books.sales_order") is None  # half of it is no answer
    second = {"number": "SO-001-2", "total": "210", "balance": "210", "lines": made[1]["lines"]}
    await enrich.feed(enrich.record("freshbooks.invoice", "9", INVOICE | second))
    assert await patch(enrich, "zoho_books.sales_order") == {
        "external_invoice_number": "SO-001-1, SO-001-2",
        "payment_state": "partial",
    }


async def test_an_order_keeps_its_invoice_when_another_template_is_turned_on(enrich: Enrich) -> None:
    await customer(enrich)
    await order(enrich, ORDER)
    await choose(enrich, SPLIT)
    await order(enrich, ORDER | {"notes": "seen again"})
    assert [one["number"] for one in await invoices(enrich)] == ["SO-001"]
