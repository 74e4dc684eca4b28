"""Flows in enrich: one document ever, questions about changed triggers, drafts that follow, the way back."""

from __future__ import annotations

from typing import Any

import pytest
from tests.fakes.feeding import Enrich
from tests.integration.enrich.flow_kit import (
    CHANGED,
    LINE,
    ORDER,
    choose,
    customer,
    invoice,
    invoices,
    order,
    patch,
    questions,
    with_flow,
)


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


async def test_a_change_that_was_followed_by_hand_and_is_taken_back_is_asked_about(enrich: Enrich) -> None:
    await customer(enrich)
    await order(enrich, ORDER)
    await invoice(enrich)
    await order(enrich, CHANGED)
    await invoice(enrich, lines=CHANGED["lines"], total="450", balance="450")
    await enrich.pool.execute("update review_item set state = 'answered'")
    await order(enrich, ORDER)
    ((kind, evidence),) = await questions(enrich)
    assert kind == "order_changed"
    assert evidence["differs"]["lines"] == {"asked_about": CHANGED["lines"], "now": [LINE]}
    await order(enrich, ORDER | {"notes": "seen again"})
    assert [kind for kind, _ in await questions(enrich)] == ["order_changed"]
    await enrich.pool.execute("update review_item set state = 'answered'")
    await order(enrich, ORDER)
    assert await questions(enrich) == []


async def test_an_order_confirmed_again_after_its_invoice_was_made_void_is_asked_about(
    enrich: Enrich,
) -> None:
    await customer(enrich)
    await order(enrich, ORDER)
    await invoice(enrich)
    await order(enrich, ORDER | {"state": "void"})
    await invoice(enrich, state="void")
    await enrich.pool.execute("update review_item set state = 'answered'")
    await order(enrich, ORDER)
    ((kind, evidence),) = await questions(enrich)
    assert (kind, evidence["documents"][0]["state"]) == ("order_changed", "void")
    assert evidence["differs"] == {"state": {"asked_about": "void", "now": "confirmed"}}


async def test_a_change_that_nobody_followed_is_taken_back_in_silence(enrich: Enrich) -> None:
    await customer(enrich)
    await order(enrich, ORDER)
    await invoice(enrich)
    await invoice(enrich, notes="by a person")
    await order(enrich, CHANGED)
    await enrich.pool.execute("update review_item set state = 'answered'")
    await order(enrich, ORDER)
    assert await questions(enrich) == []


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
