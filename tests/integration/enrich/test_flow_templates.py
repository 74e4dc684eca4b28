"""Flows: what a workspace chooses: deals, orders in parts, sent or drafted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.fakes.feeding import START, Enrich
from tests.fakes.writing import applied
from tests.integration.enrich.flow_kit import (
    DEAL,
    INVOICE,
    ORDER,
    choose,
    customer,
    deal,
    invoice,
    invoices,
    order,
    patch,
    questions,
)
from tests.unit.mapping.order_flow import order_flow

from twinledger.road.outcome import Ok
from twinledger.state.intents import INTENT_COLUMNS, intent_of


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


async def test_a_deal_of_no_currency_is_a_question_until_the_workspace_has_one(enrich: Enrich) -> None:
    await customer(enrich)
    await choose(enrich, {"flows": {"deal-won-to-invoice": True}})
    await deal(enrich, currency=None)
    ((kind, evidence),) = await questions(enrich)
    assert (kind, evidence["field"]) == ("flow_failed", "flow.deal-won-to-invoice.currency")
    assert await invoices(enrich) == []
    await choose(enrich, {"flows": {"deal-won-to-invoice": True}, "base_currency": "EUR"})
    await deal(enrich, currency=None, notes="seen again")
    assert await questions(enrich) == []
    (made,) = await invoices(enrich)
    assert made["currency"] == "EUR"


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


async def test_parts_answered_before_either_is_read_give_back_what_they_come_to_once_they_are(
    enrich: Enrich,
) -> None:
    await customer(enrich)
    await choose(enrich, SPLIT)
    await order(enrich, ORDER)
    made = await invoices(enrich)
    rows = await enrich.pool.fetch(
        f"""update intent set state = 'sending', expected = patch, attempt = attempt + 1, sent_at = now()
             where object = 'freshbooks.invoice' and state = 'planned' returning {INTENT_COLUMNS}"""
    )
    intents = sorted((intent_of(row) for row in rows), key=lambda one: one.patch["number"])
    for intent, external_id in zip(intents, ("8", "9"), strict=True):
        await applied(enrich, intent, external_id, ended_at=START + timedelta(minutes=1))
    parts = [("8", "90", "0", made[0]), ("9", "210", "210", made[1])]
    for external_id, total, balance, one in parts:
        shown = INVOICE | {"total": total, "balance": balance, "number": one["number"], "lines": one["lines"]}
        later = START + timedelta(minutes=2)
        assert await enrich.feed(enrich.record("freshbooks.invoice", external_id, shown, at=later)) == [
            Ok(None)
        ]
    assert await patch(enrich, "zoho_books.sales_order") == {
        "external_invoice_number": "SO-001-1, SO-001-2",
        "payment_state": "partial",
    }


async def test_what_cannot_go_back_is_a_question_and_stops_nothing_else(enrich: Enrich) -> None:
    derived = {"fields": {"number": {"path": "number"}, "customer": {"ref": "customer"}}}
    back = {"fields": {"external_invoice_number": {"path": "reference_number", "required": True}}}
    definitions = enrich.pipeline.definitions
    enrich.pipeline.definitions = replace(definitions, flows=[order_flow(derived, back)])
    await customer(enrich)
    await order(enrich, ORDER)
    shown = enrich.record("freshbooks.invoice", "8", INVOICE)
    assert await enrich.feed(shown) == [Ok(None)]
    ((kind, evidence),) = await questions(enrich)
    assert (kind, evidence["field"]) == ("flow_failed", "flow.test.back")
    await order(enrich, ORDER | {"notes": "seen again"})
    assert [kind for kind, _ in await questions(enrich)] == ["flow_failed"]
    assert await questions(enrich, "withdrawn") == []
    await invoice(enrich, reference_number="PO-1")
    assert await patch(enrich, "zoho_books.sales_order") == {"external_invoice_number": "PO-1"}
    await order(enrich, ORDER | {"external_invoice_number": "PO-1"})
    assert await questions(enrich) == []
