"""The loader and one write that nobody can build, complete or resolve: it is set apart, the others flow."""

from __future__ import annotations

from functools import partial
from typing import cast

from tests.eventually import eventually
from tests.fakes.deadlock import deadlock_once
from tests.fakes.feeding import ANA
from tests.integration.loader.conftest import Loader

from twinledger.connectors.base.contract import Applied, CallPermit, NotApplied, UnknownOutcome, WriteCall
from twinledger.kernel.clock import SystemClock

CONTACT = "zoho_books.contact"
BEN = ANA | {"name.given": "Ben", "email": "ben@harbor.example"}


async def plan(loader: Loader, external_id: str, fields: dict[str, object]) -> None:
    await loader.enrich.feed(loader.enrich.record("freshbooks.client", external_id, fields))


async def test_a_write_whose_call_cannot_be_built_is_refused_as_our_bug(loader: Loader) -> None:
    await loader.enrich.pool.execute("update workspace set opened_at = null")
    await plan(loader, "1", ANA)
    nobody = "entity:00000000-0000-0000-0000-000000000000"
    await loader.enrich.pool.execute(
        "update intent set object = 'zoho_books.invoice', patch = jsonb_build_object('customer', $1::text)"
        " where object = 'zoho_books.contact'",
        nobody,
    )
    await plan(loader, "2", BEN)
    await loader.enrich.pool.execute("update workspace set opened_at = now()")
    await loader.settled(CONTACT)
    assert await loader.states("zoho_books.invoice") == ["rejected"]
    letters = await loader.enrich.rows("select reason from dead_letter")
    assert [letter["reason"] for letter in letters] == ["bug"]


async def test_a_connector_that_raises_before_a_write_costs_that_write_alone(loader: Loader) -> None:
    vendor = loader.vendors["zoho_books"]

    async def prepare(calls: list[WriteCall], permit: CallPermit) -> list[WriteCall | NotApplied]:
        if any(call.body.get("email") == ANA["email"] or "Ana" in str(call.body) for call in calls):
            raise KeyError("contacts")
        return list(calls)

    vendor.prepare = prepare  # type: ignore[method-assign, assignment]
    await plan(loader, "1", ANA)
    await plan(loader, "2", BEN)
    await loader.settled(CONTACT)
    await loader.settled(CONTACT, "rejected")


async def test_a_connector_that_raises_during_a_write_leaves_it_to_the_resolver(loader: Loader) -> None:
    vendor = loader.vendors["zoho_books"]
    broken = [True]

    def after(call: WriteCall) -> None:
        if broken:
            broken.clear()
            raise KeyError("contact")

    vendor.after = after
    await plan(loader, "1", ANA)
    await loader.settled(CONTACT)
    assert len(vendor.records) == 1


async def test_an_answer_that_nobody_can_settle_is_set_apart(loader: Loader) -> None:
    """Its batch is settled, and the record that it was about is found by looking."""
    vendor = loader.vendors["zoho_books"]
    broken = [True]

    def after(call: WriteCall) -> Applied | None:
        if broken and "Ana" in str(call.body):
            broken.clear()
            return Applied(cast("str", None), SystemClock().now())
        return None

    vendor.after = after
    await loader.enrich.pool.execute("update workspace set opened_at = null")
    await plan(loader, "1", ANA)
    await plan(loader, "2", BEN)
    await loader.enrich.pool.execute("update workspace set opened_at = now()")

    async def both() -> bool:
        return await loader.states(CONTACT) == ["confirmed"] * 2

    await loader.until(both)
    assert not broken
    assert len(vendor.records) == 2


async def lose_the_parent(loader: Loader) -> bool:
    """Of the write whose answer is lost; the resolver may just be sending it again."""
    nobody = "entity:00000000-0000-0000-0000-000000000000"
    done = await loader.enrich.pool.execute(
        "update intent set object = 'zoho_books.invoice', patch = jsonb_build_object('customer', $1::text)"
        " where state = 'unknown'",
        nobody,
    )
    return done == "UPDATE 1"


async def test_a_lost_write_whose_parent_is_gone_by_now_stops_no_other(loader: Loader) -> None:
    vendor = loader.vendors["zoho_books"]
    vendor.before = lambda call: UnknownOutcome("reset") if "Ana" in str(call.body) else None
    await plan(loader, "1", ANA)
    await eventually(partial(lose_the_parent, loader))
    await plan(loader, "2", BEN)
    await loader.settled(CONTACT)
    # Set apart: looked at again and again, or refused if the resolver was just sending it once more.
    assert await loader.states("zoho_books.invoice") in (["unknown"], ["rejected"])


async def test_a_deadlock_while_paying_is_tried_again(loader: Loader) -> None:
    await loader.enrich.pool.execute(deadlock_once("intent", "new.state = 'sending'"))
    await plan(loader, "1", ANA)
    await loader.settled(CONTACT)
    assert await loader.enrich.pool.fetchval("select last_value from passages") > 1
    assert len(loader.vendors["zoho_books"].records) == 1
