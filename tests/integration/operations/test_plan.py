"""A plan is what is then written, or nothing is."""

from __future__ import annotations

from typing import Any

import pytest
from tests.fakes.feeding import ANA
from tests.integration.operations.conftest import Held

from twinledger.cli.failure import CommandError, Exit
from twinledger.kernel.clock import SystemClock
from twinledger.state.plans import hash_of

CLIENT, CONTACT, BOOKS = "freshbooks.client", "zoho_crm.contact", "zoho_books.contact"


async def new_customer(held: Held, external_id: str = "1", **fields: Any) -> None:
    await held.enrich.feed(held.enrich.record(CLIENT, external_id, ANA | fields))


async def test_a_held_gate_lets_nothing_out_and_the_plan_shows_what_waits(held: Held) -> None:
    await new_customer(held)
    await held.write_all()
    assert held.written() == []
    shown = await held.shown()
    assert [(write.object, write.op) for write in shown.changes] == [(BOOKS, "create"), (CONTACT, "create")]
    assert (shown.no_change, shown.unknown) == (1, [])


async def test_an_accepted_plan_is_written_and_its_hash_is_that_of_the_writes(held: Held) -> None:
    await new_customer(held)
    shown = await held.shown()
    assert await held.accept(shown.hash) == 2
    await held.write_all()
    assert hash_of(held.written()) == shown.hash


async def test_a_change_between_plan_and_apply_refuses_and_names_it(held: Held) -> None:
    await new_customer(held)
    shown = await held.shown()
    await new_customer(held, website="https://ana.example")
    with pytest.raises(CommandError, match=r"~ zoho_books\.contact from freshbooks\.client/1") as refused:
        await held.accept(shown.hash)
    assert refused.value.code == Exit.FAILED
    await held.write_all()
    assert held.written() == []


async def test_what_is_planned_after_the_apply_waits_for_its_own_plan(held: Held) -> None:
    await new_customer(held)
    await held.accept((await held.shown()).hash)
    await new_customer(held, "2", email="bo@harbor.example")
    await held.write_all()
    assert len(held.written()) == 2
    assert len((await held.shown()).changes) == 2


async def test_a_plan_that_only_adds_does_not_replace_what_was_accepted(held: Held) -> None:
    """The answer of one side may bring a value for another: the accepted write leaves as it was shown."""
    await new_customer(held)
    shown = await held.shown()
    await held.accept(shown.hash)
    await new_customer(held, website="https://ana.example")
    await held.write_all()
    assert hash_of(held.written()) == shown.hash
    held.forget()
    later = await held.shown()
    assert [(write.object, write.op, write.patch) for write in later.changes] == []
    await held.enrich.feed(
        held.enrich.record(BOOKS, held_id(held, BOOKS), ANA_IN_BOOKS, at=SystemClock().now())
    )
    later = await held.shown()
    assert [(write.object, write.patch) for write in later.changes] == [
        (BOOKS, {"website": "https://ana.example"})
    ]


async def test_what_a_newer_edit_contradicts_is_not_written(held: Held) -> None:
    await new_customer(held)
    await held.accept((await held.shown()).hash)
    await new_customer(held, email="new@harbor.example")
    await held.write_all()
    assert held.written() == []


async def test_a_record_nobody_has_taken_in_is_unknown_and_never_no_change(held: Held) -> None:
    await new_customer(held)
    await held.enrich.pool.execute(
        "insert into first_sight (workspace, object, external_id) values ('default', $1, '1')", CLIENT
    )
    shown = await held.shown()
    assert [(row["record"], row["reason"]) for row in shown.unknown] == [
        ("freshbooks.client/1", "not taken in yet")
    ]
    assert shown.no_change == 0


async def test_a_child_whose_parent_this_plan_does_not_make_is_unknown(held: Held) -> None:
    """The loader would let it wait; a plan that showed it would not be what is written."""
    await new_customer(held)
    await held.accept((await held.shown()).hash)
    await invoice(held)
    shown = await held.shown()
    assert [write.object for write in shown.changes] == ["zoho_books.invoice"] and not shown.unknown
    await held.enrich.pool.execute("update intent set state = 'rejected' where object = $1", BOOKS)
    shown = await held.shown()
    assert list(shown.changes) == []
    assert {row["reason"] for row in shown.unknown} == {
        "waits for zoho_books.contact of freshbooks.client/1, which this plan does not make",
        "refused: ",
    }


async def invoice(held: Held) -> None:
    line = {
        "item": None,
        "name": "Oven",
        "description": None,
        "quantity": "1",
        "unit_price": "20",
        "tax": None,
    }
    fields = {
        "number": "7", "customer": "freshbooks.client/1", "date": "2026-03-05", "currency": "USD",
        "state": "sent", "lines": [line], "total": "20",
    }  # fmt: skip
    await held.enrich.feed(held.enrich.record("freshbooks.invoice", "70", fields))


ANA_IN_BOOKS = {name: value for name, value in ANA.items() if name != "kind"}


def held_id(held: Held, object_name: str) -> str:
    vendor = held.vendors[object_name.partition(".")[0]]
    return next(iter(vendor.records))
