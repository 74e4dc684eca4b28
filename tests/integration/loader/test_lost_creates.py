"""A create whose answer was lost, in a vendor that takes the same one again as an upsert."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.fakes.feeding import ANA
from tests.integration.loader.conftest import Loader

from twinledger.connectors.base.contract import NotApplied, UnknownOutcome, WriteAnswer, WriteCall
from twinledger.kernel.database import transaction
from twinledger.kernel.errors import TransientError
from twinledger.loader.steps.build_calls import ParentMissing
from twinledger.loader.steps.resolve_unknown import UnknownResolver
from twinledger.state.intent_outcomes import unknown_intents

CONTACT = "zoho_books.contact"
LATE = """select hold_until > now() as is_held, look_at = hold_until as is_looked_at,
                 late -> 'fields' ->> 'email' as email
            from shadow where object = $1"""
SHOWN = {name: value for name, value in ANA.items() if name != "kind"}
_LONG_S = 3600.0


class Weather:
    """`arrives`: whether the lost call did its work; the second one is refused, and waits for an hour."""

    def __init__(self, loader: Loader, *, arrives: bool) -> None:
        self._loader = loader
        self.vendor = loader.vendors["zoho_books"]
        self.vendor.resend_is_safe = {CONTACT: True}
        self.vendor.before, self.vendor.after = self._before, self._after
        self._arrives, self._calls = arrives, 0

    def _before(self, call: WriteCall) -> WriteAnswer | None:
        self._calls += 1
        if self._calls == 1 and not self._arrives:
            return UnknownOutcome("connection reset")
        if self._calls == 2:
            return NotApplied(TransientError("no route", error_class="network", retry_after_s=_LONG_S))
        return None

    def _after(self, call: WriteCall) -> WriteAnswer | None:
        return UnknownOutcome("no answer in time") if self._calls == 1 else None

    async def refused(self) -> None:
        """The same create was sent again and refused."""
        await self._loader.enrich.feed(self._loader.enrich.record("freshbooks.client", "1", ANA))

        async def holds() -> bool:
            rows = await self._loader.enrich.rows("select failures from intent where object = $1", CONTACT)
            return bool(rows and rows[0]["failures"])

        await self._loader.until(holds)

    async def clears(self, *, later: bool) -> None:
        """What waits is due. Later: a minute has passed."""
        if later:
            await self.a_minute_passes()
        await self._loader.enrich.pool.execute("update intent set not_before = now() where state = 'planned'")

    async def a_minute_passes(self) -> None:
        """What is sent from now on is looked for first."""
        await self._loader.enrich.pool.execute("update lost_create set look_after = now()")

    def somebody_types(self, **fields: Any) -> None:
        (record,) = self.vendor.records.values()
        record.update(fields)

    @property
    def sent(self) -> list[WriteCall]:
        return [call for request in self.vendor.requests for call in request if call.phase is None]


async def lost_creates(loader: Loader) -> list[dict[str, Any]]:
    return await loader.enrich.rows("select intent_id from lost_create")


async def test_after_a_while_it_is_looked_for_before_it_is_repeated(loader: Loader) -> None:
    """The record is there, and somebody has typed into it: the same values again would take that back."""
    weather = Weather(loader, arrives=True)
    await weather.refused()
    weather.somebody_types(website="https://typed.example")
    await weather.clears(later=True)
    await loader.settled(CONTACT)
    assert [call.op for call in weather.sent] == ["create", "create"]  # the lost one, the refused one
    (record,) = weather.vendor.records.values()
    assert record["website"] == "https://typed.example"
    assert await lost_creates(loader) == []


async def test_a_newer_plan_waits_for_the_look_too(loader: Loader) -> None:
    """What the lost create has made is read again, and gets the rest as an update."""
    weather = Weather(loader, arrives=True)
    await weather.refused()
    weather.somebody_types(website="https://typed.example")
    await weather.a_minute_passes()
    await loader.enrich.feed(loader.enrich.record("freshbooks.client", "1", ANA | {"notes": "newer"}))

    async def is_found() -> bool:
        return await loader.states(CONTACT) == ["confirmed", "superseded"]

    await loader.until(is_found)
    shown = {name: value for name, value in ANA.items() if name != "kind"}
    typed = shown | {"website": "https://typed.example"}
    await loader.enrich.feed(loader.enrich.record(CONTACT, "1", typed, at=datetime.now(UTC)))
    await loader.until(lambda: _is_updated(loader))
    assert [call.op for call in weather.sent] == ["create", "create", "update"]
    (record,) = weather.vendor.records.values()
    assert record["website"] == "https://typed.example" and "newer" in record["notes"]


async def _is_updated(loader: Loader) -> bool:
    return await loader.states(CONTACT) == ["confirmed", "superseded", "confirmed"]


async def test_what_never_arrived_is_created_after_the_look(loader: Loader) -> None:
    weather = Weather(loader, arrives=False)
    await weather.refused()
    await weather.clears(later=True)
    await loader.settled(CONTACT)
    assert len(weather.vendor.records) == 1 and len({call.reference for call in weather.sent}) == 1


async def test_at_once_it_is_repeated_without_a_look(loader: Loader) -> None:
    weather = Weather(loader, arrives=True)
    await weather.refused()
    await weather.clears(later=False)
    await loader.settled(CONTACT)
    assert [call.op for call in weather.sent] == ["create"] * 3


@pytest.mark.parametrize("seen_first", [False, True])
async def test_the_lost_call_is_known_should_it_run_late(loader: Loader, seen_first: bool) -> None:
    """Whether an answer or the record itself tells that it is there: nothing is sent before it cannot run any
    more, and what it puts back then is no edit."""
    weather = Weather(loader, arrives=False)
    await weather.refused()
    if seen_first:
        (call, *_) = weather.sent
        shown = {name: value for name, value in ANA.items() if name != "kind"}
        await loader.enrich.feed(
            loader.enrich.record(CONTACT, "7", shown, reference=call.reference, at=datetime.now(UTC))
        )
    await weather.clears(later=False)

    async def is_there() -> bool:
        return bool(await loader.enrich.rows("select 1 from shadow where object = $1", CONTACT))

    await loader.until(is_there)
    assert await loader.enrich.rows(LATE, CONTACT) == [
        {"is_held": True, "is_looked_at": True, "email": ANA["email"]}
    ]
    assert await lost_creates(loader) == []


async def test_one_that_was_refused_when_it_was_repeated_stands_in_no_newer_plans_way(loader: Loader) -> None:
    weather = Weather(loader, arrives=False)
    await weather.refused()
    await loader.enrich.feed(loader.enrich.record("freshbooks.client", "1", ANA | {"notes": "newer"}))
    await loader.enrich.pool.execute("update intent set state = 'rejected' where state = 'superseded'")
    await weather.clears(later=True)
    await loader.settled(CONTACT)
    assert len(weather.vendor.records) == 1


async def test_a_record_in_review_is_not_the_one_that_was_lost(loader: Loader) -> None:
    weather = Weather(loader, arrives=True)
    await weather.refused()
    other = SHOWN | {"name.given": "Bea", "name.family": "Holm", "phones.business": None}
    await loader.enrich.feed(loader.enrich.record(CONTACT, "77", other, at=datetime.now(UTC)))
    assert await loader.enrich.rows("select from crosswalk where status = 'orphan'")
    assert len(await lost_creates(loader)) == 1


@pytest.mark.parametrize("typed", [{}, {"name.given": "Anna"}])
async def test_what_was_seen_since_the_loader_looked_is_not_created_again(
    loader: Loader, typed: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen with the values sent it is settled; with others the lost call may still run over them."""
    weather = Weather(loader, arrives=True)
    looks = asyncio.Event()
    resolve = loader.worker._resolve
    monkeypatch.setattr(loader.worker, "_resolve", looks.wait)
    await loader.enrich.feed(loader.enrich.record("freshbooks.client", "1", ANA))
    await loader.settled(CONTACT, "unknown")
    async with transaction(loader.enrich.pool) as connection:
        (lost,) = await unknown_intents(connection, "default", "zoho_finance", timedelta(0), 10)
    reference = lost.candidate.intent.reference
    shown = loader.enrich.record(CONTACT, "1", SHOWN | typed, reference=reference, at=datetime.now(UTC))
    await loader.enrich.feed(shown)
    await loader.worker._resolver.resolve(lost)
    assert await lost_creates(loader) == []
    held = await loader.enrich.rows("select from shadow where object = $1 and late is not null", CONTACT)
    assert len(held) == len(typed) and len(weather.sent) == 1
    monkeypatch.setattr(loader.worker, "_resolve", resolve)
    looks.set()


async def test_one_that_nobody_can_build_any_more_is_let_go(loader: Loader) -> None:
    """What it refers to has left this side, and it cannot be looked for: the newer plan goes on without."""
    weather = Weather(loader, arrives=False)
    await weather.refused()
    await loader.enrich.feed(loader.enrich.record("freshbooks.client", "1", ANA | {"notes": "newer"}))

    async def nobody(*_: object) -> None:
        raise ParentMissing("entity:x@zoho_books.contact")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(UnknownResolver, "_probe", nobody)
        await weather.clears(later=True)
        await loader.settled(CONTACT)
    assert await lost_creates(loader) == []
