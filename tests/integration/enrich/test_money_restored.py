"""Money that was deleted in FreshBooks, and restored after it had been deleted in Books too."""

from __future__ import annotations

from datetime import timedelta

from tests.fakes.feeding import START, Enrich
from tests.fakes.writing import applied, send
from tests.integration.enrich.flow_kit import patch, questions
from tests.integration.enrich.money_kit import (
    BILL,
    bill,
    copy_of_bill,
    copy_of_payment,
    mirrored,
    payment,
    planned_for,
)

BILLED, PAYMENT = "zoho_books.invoice", "zoho_books.customer_payment"


async def paid_on_both_sides(enrich: Enrich) -> None:
    await mirrored(enrich)
    await payment(enrich)
    await copy_of_payment(enrich)


async def test_a_payment_that_was_deleted_as_asked_and_restored_is_counted_again(enrich: Enrich) -> None:
    await paid_on_both_sides(enrich)
    await payment(enrich, state="void")
    await enrich.feed(enrich.record(PAYMENT, "50", {}, gone=True))
    assert await questions(enrich) == []
    await payment(enrich)
    assert await planned_for(enrich, PAYMENT) == ["create"]


async def test_an_invoice_whose_void_copy_was_deleted_is_made_again_when_it_is_restored(
    enrich: Enrich,
) -> None:
    await mirrored(enrich)
    await bill(enrich, state="void")
    await copy_of_bill(enrich, state="void")
    await enrich.feed(enrich.record(BILLED, "80", {}, gone=True))
    assert await questions(enrich) == []
    await bill(enrich)
    assert await planned_for(enrich, BILLED) == ["create"]


async def test_what_was_deleted_and_not_restored_is_made_nowhere(enrich: Enrich) -> None:
    await paid_on_both_sides(enrich)
    await payment(enrich, state="void")
    await enrich.feed(enrich.record(PAYMENT, "50", {}, gone=True))
    await payment(enrich, state="void", notes="seen again")
    assert await planned_for(enrich, PAYMENT) == []


async def test_the_question_of_a_deleted_payment_ends_when_it_counts_nowhere(enrich: Enrich) -> None:
    await paid_on_both_sides(enrich)
    await payment(enrich, state="void")
    assert [kind for kind, _ in await questions(enrich)] == ["void"]
    await enrich.feed(enrich.record(PAYMENT, "50", {}, gone=True))
    assert [kind for kind, _ in await questions(enrich, "withdrawn")] == ["void"]


async def test_the_question_of_a_deleted_payment_ends_when_it_is_restored(enrich: Enrich) -> None:
    await paid_on_both_sides(enrich)
    await payment(enrich, state="void")
    await payment(enrich)
    assert await questions(enrich) == []
    assert await planned_for(enrich, PAYMENT) == []


async def test_an_invoice_that_is_restored_is_brought_back_by_way_of_a_draft(enrich: Enrich) -> None:
    """A void one takes no other write, not even of another state."""
    await mirrored(enrich)
    await bill(enrich, state="void")
    await copy_of_bill(enrich, state="void")
    await bill(enrich, notes="Thank you")
    assert await patch(enrich, BILLED) == {"state": "draft"}
    written = START + timedelta(minutes=1)
    await applied(enrich, await send(enrich, BILLED), "80", ended_at=written)
    shown = BILL | {"customer": "zoho_books.contact/7", "state": "draft"}
    await enrich.feed(enrich.record(BILLED, "80", shown, at=written + timedelta(seconds=1)))
    assert await patch(enrich, BILLED) == {"state": "sent", "notes": "Thank you"}
    (entity,) = await enrich.rows("select fields from entity where type = 'invoice'")
    assert entity["fields"]["state"] == "sent"
