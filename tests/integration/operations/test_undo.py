"""An undo is a plan: old values come back on every side, what must not come back becomes a question."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.fakes.feeding import ANA
from tests.integration.operations.conftest import WORKSPACE, Held
from tests.integration.operations.test_plan import ANA_IN_BOOKS, BOOKS, CLIENT, new_customer

from twinledger.cli.failure import CommandError
from twinledger.cli.sync_taking_back import Undo, UndoPlan, foresee_undo
from twinledger.kernel.clock import SystemClock
from twinledger.kernel.database import transaction
from twinledger.mapping.definitions import load_shipped
from twinledger.state.plans import StoredPlan, hash_of, store_plan, stored_form


async def shown(held: Held, undo: Undo) -> UndoPlan:
    async with transaction(held.enrich.pool) as connection:
        plan = await foresee_undo(connection, WORKSPACE, load_shipped(), undo)
        writes = [stored_form(write) for write in plan.writes]
        await store_plan(connection, WORKSPACE, StoredPlan(plan.hash, "undo", undo.origin(), writes))
        return plan


async def synced_customer(held: Held) -> str:
    """Ana on both ledgers and in CRM; her record in Books."""
    await new_customer(held)
    await held.accept((await held.shown()).hash)
    await held.write_all()
    held.forget()
    return next(iter(held.vendors["zoho_books"].records))


async def renamed(held: Held) -> str:
    """The hash of the accepted plan that brought Ana's new name to the other sides."""
    await seen(held, CLIENT, "1", ANA | {"name.given": "Anna"})
    plan = await held.shown()
    await held.accept(plan.hash)
    await held.write_all()
    held.forget()
    return plan.hash


async def seen(held: Held, object_name: str, external_id: str, fields: dict[str, Any]) -> None:
    await held.enrich.feed(held.enrich.record(object_name, external_id, fields, at=SystemClock().now()))


async def test_the_old_value_comes_back_on_every_side_and_stays(held: Held) -> None:
    books = await synced_customer(held)
    plan = await renamed(held)
    undo = await shown(held, Undo(None, plan))
    assert {(write.object, write.patch["name.given"]) for write in undo.writes} == {
        (CLIENT, "Ana"),
        (BOOKS, "Ana"),
        ("zoho_crm.contact", "Ana"),
    }
    await held.accept(undo.hash)
    await held.write_all()
    assert hash_of(held.written()) == hash_of([stored_form(write)["content"] for write in undo.writes])
    trail = await held.enrich.rows("select field, cause, old, new from audit where cause like 'rule undo%'")
    assert trail == [{"field": "name.given", "cause": f"rule undo {undo.hash}", "old": "Anna", "new": "Ana"}]
    held.forget()
    await seen(held, BOOKS, books, ANA_IN_BOOKS)
    assert list((await held.shown()).changes) == []


async def test_a_value_that_was_changed_again_is_left_alone(held: Held) -> None:
    await synced_customer(held)
    plan = await renamed(held)
    await seen(held, CLIENT, "1", ANA | {"name.given": "Annika"})
    await held.accept((await held.shown()).hash)
    await held.write_all()
    undo = await shown(held, Undo(None, plan))
    assert list(undo.writes) == []
    assert {row["why"] for row in undo.left if row["record"].endswith("name.given")} == {
        "changed again since"
    }


async def test_what_changed_between_showing_and_applying_refuses(held: Held) -> None:
    await synced_customer(held)
    plan = await renamed(held)
    undo = await shown(held, Undo(None, plan))
    await seen(held, CLIENT, "1", ANA | {"name.given": "Annika"})
    with pytest.raises(CommandError, match="the plan changed"):
        await held.accept(undo.hash)
    await held.write_all()
    assert held.written() == []


async def test_records_that_a_run_made_become_questions(held: Held) -> None:
    began = datetime.now(UTC)
    await synced_customer(held)
    undo = await shown(held, Undo(began, None))
    assert list(undo.writes) == [] and {row["why"] for row in undo.left} == {
        "made by the run: archive it by hand"
    }
    await held.accept(undo.hash)
    kinds = await held.enrich.rows("select distinct kind from review_item")
    assert [row["kind"] for row in kinds] == ["undo"]


async def test_amounts_of_posted_documents_never_come_back(held: Held) -> None:
    await synced_customer(held)
    line = {
        "item": None, "name": "Oven", "description": None, "quantity": "1", "unit_price": "20", "tax": None
    }  # fmt: skip
    invoice = {
        "number": "7", "customer": f"{CLIENT}/1", "date": "2026-03-05", "currency": "USD",
        "state": "sent", "lines": [line], "notes": None, "total": "20",
    }  # fmt: skip
    await seen(held, "freshbooks.invoice", "70", invoice)
    await held.accept((await held.shown()).hash)
    await held.write_all()
    since = datetime.now(UTC)
    changed = invoice | {"lines": [line | {"unit_price": "30"}], "notes": "thirty"}
    await seen(held, "freshbooks.invoice", "70", changed)
    await held.accept((await held.shown()).hash)
    await held.write_all()
    undo = await shown(held, Undo(since, None))
    assert {path for write in undo.writes for path in write.patch} == {"notes"}
    assert [(row["record"], row["why"]) for row in undo.left] == [
        ("freshbooks.invoice/70 lines", "amounts of money documents are not taken back")
    ]
