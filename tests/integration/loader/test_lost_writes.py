"""The loader against PostgreSQL: what becomes of a write whose answer never came."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.fakes.feeding import ANA
from tests.fakes.vendor import unknown
from tests.integration.loader.conftest import SHORT, Loader, once, plan_customer

from twinledger.connectors.base.contract import CallPermit, UnknownOutcome, WriteCall
from twinledger.loader.steps import resolve_unknown
from twinledger.state.intent_outcomes import give_up_dead_owner
from twinledger.state.records import ExternalKey, LateWrite, Target
from twinledger.state.shadows import hold_target, take_looks

CLIENT = "zoho_books.contact"


async def test_a_lost_answer_is_found_by_reference_and_makes_no_second_record(loader: Loader) -> None:
    vendor = loader.vendors["zoho_books"]
    vendor.after = once(UnknownOutcome("timeout"))
    await plan_customer(loader)
    await loader.settled(CLIENT)
    assert len(vendor.records) == 1 and len(vendor.requests) == 1


async def test_a_request_lost_on_the_way_is_sent_again_after_t_max_with_the_same_reference(
    loader: Loader,
) -> None:
    vendor, sent_at = loader.vendors["zoho_books"], list[float]()
    lost = once(UnknownOutcome("connection reset"))

    def lose(call: WriteCall) -> Any:
        sent_at.append(time.monotonic())
        return lost(call)

    vendor.before = lose
    await plan_customer(loader)
    await loader.settled(CLIENT)
    first, second = (request[0] for request in vendor.requests)
    assert first.reference == second.reference and len(vendor.records) == 1
    assert sent_at[1] - sent_at[0] >= SHORT.latest_run.total_seconds()


async def test_an_update_lost_on_the_way_is_sent_again(loader: Loader) -> None:
    vendor = loader.vendors["zoho_books"]
    await plan_customer(loader)
    await loader.settled(CLIENT)
    vendor.before = once(UnknownOutcome("connection reset"))
    await loader.enrich.feed(loader.enrich.record("freshbooks.client", "1", ANA | {"notes": "ours"}))
    await loader.until(lambda: _all_settled(loader))
    (record,) = vendor.records.values()
    assert "ours" in record["notes"]


async def test_what_a_look_after_a_lost_update_shows_is_told(loader: Loader) -> None:
    """The lost call may still run, over an edit that nobody else has heard of."""
    vendor = loader.vendors["zoho_books"]
    await plan_customer(loader)
    await loader.settled(CLIENT)
    vendor.before = once(UnknownOutcome("no answer in time"))
    (record,) = vendor.records.values()
    record["website"] = "https://typed.example"
    await loader.enrich.feed(loader.enrich.record("freshbooks.client", "1", ANA | {"notes": "ours"}))
    await loader.until(lambda: _all_settled(loader))
    rows = await loader.enrich.rows("select value from outbox where topic like '%source-records%'")
    documents = [loader.enrich.codec.decode(bytes(row["value"]))[1]["document"] for row in rows]
    assert sum(b"https://typed.example" in document for document in documents) == 1


async def test_of_a_lost_update_all_is_kept_that_it_states(
    loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Books takes an address whole: run late, an update puts back what it did not change, or clears it."""
    vendor = loader.vendors["zoho_books"]
    await plan_customer(loader)
    await loader.settled(CLIENT)

    async def complete(calls: Sequence[WriteCall], permit: CallPermit) -> Sequence[WriteCall]:
        return [
            replace(
                call,
                body={**call.body, "billing_address": {**call.body["billing_address"], "zip": "1"}},
                whole=("billing_address",),
            )
            for call in calls
        ]

    monkeypatch.setattr(vendor, "prepare", complete)
    vendor.before = unknown
    city = {"addresses.billing.city": "Ulm"}
    await loader.enrich.feed(loader.enrich.record("freshbooks.client", "1", ANA | city))

    async def is_held() -> bool:
        return bool(await loader.enrich.rows("select from shadow where late is not null"))

    await loader.until(is_held)
    (row,) = await loader.enrich.rows(
        "select late -> 'fields' as fields from shadow where object = $1", CLIENT
    )
    said = {path.rpartition(".")[2]: value for path, value in row["fields"].items()}
    assert said == dict.fromkeys(("line1", "line2", "region", "country")) | {
        "city": "Ulm",
        "postal_code": "1",
    }


async def test_the_record_is_looked_at_when_a_lost_update_cannot_run_any_more(loader: Loader) -> None:
    """Nothing is left to write there, so nobody else would look: an edit would pass for the late write."""
    vendor = loader.vendors["zoho_books"]
    await plan_customer(loader)
    await loader.settled(CLIENT)
    shown = {name: value for name, value in ANA.items() if name != "kind"}
    await loader.enrich.feed(loader.enrich.record(CLIENT, "1", shown, at=datetime.now(UTC)))
    vendor.before = once(UnknownOutcome("connection reset"))
    await loader.enrich.feed(loader.enrich.record("freshbooks.client", "1", ANA | {"notes": "ours"}))
    await loader.settled(CLIENT, "unknown")
    await loader.enrich.feed(loader.enrich.record("freshbooks.client", "1", ANA | {"notes": None}))
    await loader.settled(CLIENT, "superseded")
    assert await looked_for(loader) == []
    await loader.until(lambda: _is_looked_for(loader))
    assert await looked_for(loader) == list(vendor.records)
    rows = await loader.enrich.rows(
        "select hold_until < now() as is_over from shadow where object = $1", CLIENT
    )
    assert rows == [{"is_over": True}]


@pytest.mark.parametrize("read_s", [-10.0, 10.0])
async def test_it_is_looked_at_once_and_only_if_nobody_has_since(loader: Loader, read_s: float) -> None:
    await plan_customer(loader)
    await loader.settled(CLIENT)
    over = datetime.now(UTC) - timedelta(minutes=1)
    (shadow,) = await loader.enrich.rows(
        "update shadow set read_started_at = $2 where object = $1 returning entity_id, external_id",
        CLIENT,
        over + timedelta(seconds=read_s),
    )
    async with loader.enrich.pool.acquire() as connection:
        late = LateWrite(over, {"notes": "lost"}, {})
        await hold_target(connection, Target(shadow["entity_id"], CLIENT, "primary"), late)
        found = [await take_looks(connection, "default") for _ in range(2)]
        assert await take_looks(connection, "another") == []
    assert found == [[ExternalKey(CLIENT, shadow["external_id"])] if read_s < 0 else [], []]


async def test_a_lost_update_that_landed_in_part_is_not_sent_again(loader: Loader) -> None:
    """Somebody typed over one of its values meanwhile: a second sending would undo that."""
    vendor = loader.vendors["zoho_books"]
    await plan_customer(loader)
    await loader.settled(CLIENT)
    (external_id,) = vendor.records

    def type_over(call: WriteCall) -> UnknownOutcome | None:
        vendor.records[external_id]["website"] = "https://theirs.example"
        return unknown(call)

    vendor.after = type_over
    changed = ANA | {"website": "https://ours.example", "notes": "ours"}
    await loader.enrich.feed(loader.enrich.record("freshbooks.client", "1", changed))
    await loader.until(lambda: _all_settled(loader))
    sent = [call.body for calls in vendor.requests for call in calls]
    assert [body["website"] for body in sent if "website" in body] == ["https://ours.example"]
    assert vendor.records[external_id]["website"] == "https://theirs.example"


async def test_a_lost_update_of_which_somebody_typed_a_part_is_sent_again(loader: Loader) -> None:
    """The other part shows what it did before: nothing of ours has landed."""
    vendor = loader.vendors["zoho_books"]
    await plan_customer(loader)
    await loader.settled(CLIENT)
    (external_id,) = vendor.records

    def never_lands(call: WriteCall) -> UnknownOutcome | None:
        vendor.before = lambda call: None
        vendor.records[external_id] |= {"website": "https://same.example", "notes": ""}
        return unknown(call)

    vendor.before = never_lands
    changed = ANA | {"website": "https://same.example", "notes": "ours"}
    await loader.enrich.feed(loader.enrich.record("freshbooks.client", "1", changed))
    await loader.until(lambda: _all_settled(loader))
    assert vendor.records[external_id]["notes"] == "ours"
    (row,) = await loader.enrich.rows("select late from shadow where object = $1", CLIENT)
    assert row["late"]["fields"] == {"website": "https://same.example", "notes": "ours"}


async def test_a_lost_update_of_which_nothing_can_be_compared_is_sent_again(
    loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one of lines or references alone."""
    monkeypatch.setattr(resolve_unknown, "_is_reference", lambda value: True)
    vendor = loader.vendors["zoho_books"]
    await plan_customer(loader)
    await loader.settled(CLIENT)

    def never_lands(call: WriteCall) -> UnknownOutcome | None:
        vendor.before = lambda call: None
        return unknown(call)

    vendor.before = never_lands
    await loader.enrich.feed(loader.enrich.record("freshbooks.client", "1", ANA | {"notes": "ours"}))
    await loader.until(lambda: _all_settled(loader))
    (record,) = vendor.records.values()
    assert record["notes"] == "ours"


async def looked_for(loader: Loader) -> list[str]:
    """Ids in the hints of the loader."""
    rows = await loader.enrich.rows("select value from outbox where topic like '%hints%' order by id")
    hints = [loader.enrich.codec.decode(bytes(row["value"]))[1] for row in rows]
    return [hint["external_id"] for hint in hints if hint["object"] == CLIENT]


async def _is_looked_for(loader: Loader) -> bool:
    return bool(await looked_for(loader))


async def _all_settled(loader: Loader) -> bool:
    states = await loader.states(CLIENT)
    return len(states) > 1 and set(states) == {"confirmed"}


async def test_sending_marks_of_a_former_life_are_resolved_not_repeated(loader: Loader) -> None:
    """A loader killed between the vendor's commit and our read leaves SENDING; its heir adopts."""
    vendor = loader.vendors["zoho_books"]
    await plan_customer(loader)
    await loader.settled(CLIENT)
    await loader.enrich.pool.execute(
        "update intent set state = 'sending', owner = 'former', expected = patch where object = $1",
        CLIENT,
    )
    async with loader.enrich.pool.acquire() as connection:
        assert await give_up_dead_owner(connection, "former", timedelta(minutes=1)) == 1
    await loader.settled(CLIENT)
    assert len(vendor.records) == 1
