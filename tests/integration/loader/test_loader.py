"""The loader against PostgreSQL: a write happens once, whatever the vendor answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.fakes.feeding import ANA
from tests.fakes.vendor import FakeVendor, unknown
from tests.integration.loader.conftest import SHORT, Loader

from twinledger.connectors.base.contract import CallPermit, NotApplied, UnknownOutcome, WriteCall
from twinledger.kernel.errors import PermanentError, TransientError
from twinledger.loader.steps import resolve_unknown
from twinledger.state.intent_outcomes import give_up_dead_owner
from twinledger.state.intent_queue import candidates

CLIENT = "zoho_books.contact"


def once(answer: Any) -> Any:
    """A script that answers the first call only."""
    calls: list[WriteCall] = []

    def script(call: WriteCall) -> Any:
        calls.append(call)
        return answer if len(calls) == 1 else None

    return script


async def plan_customer(loader: Loader) -> None:
    await loader.enrich.feed(loader.enrich.record("freshbooks.client", "1", ANA))


async def test_a_create_is_sent_once_bound_and_put_back_on_the_road(loader: Loader) -> None:
    await plan_customer(loader)
    await loader.settled(CLIENT)
    assert len(loader.vendors["zoho_books"].records) == 1
    (row,) = await loader.enrich.rows(
        "select entity_id, status from crosswalk where object = 'zoho_books.contact'"
    )
    assert row["status"] == "active"
    (shadow,) = await loader.enrich.rows("select fields, content_hash from shadow where object = $1", CLIENT)
    assert shadow["fields"]["email"] == ANA["email"] and shadow["content_hash"] is None
    topics = {row["topic"] for row in await loader.enrich.rows("select topic from outbox")}
    assert {"twinledger.source-records.v1", "twinledger.write-results.v1"} <= topics


async def test_nothing_is_sent_before_the_workspace_is_open(loader: Loader) -> None:
    await loader.enrich.pool.execute("update workspace set opened_at = null")
    await loader.enrich.pool.execute(
        "insert into first_sight (workspace, object, external_id) values ('default', 'zoho_crm.contact', '9')"
    )
    await plan_customer(loader)
    async with loader.enrich.pool.acquire() as connection:
        assert await candidates(connection, "default", "zoho_finance", 10) == []
    assert await loader.states(CLIENT) == ["planned"]
    assert loader.vendors["zoho_books"].requests == []


async def test_nothing_is_created_beside_a_record_in_review_that_has_the_mailbox(loader: Loader) -> None:
    """It is most likely the very customer and is judged again: neither contact nor account is made."""
    await loader.enrich.pool.execute(
        """insert into unresolved (workspace, object, external_id, surely, fields, keys, candidates)
           values ('default', 'zoho_crm.contact', '77', false, '{}', $1, '{}')""",
        [f"customer?email={ANA['email']}", "customer?name=rs n"],
    )
    company = ANA | {"kind": "organization", "organization": "Harbor Bakery"}
    await loader.enrich.feed(loader.enrich.record("freshbooks.client", "1", company))
    await loader.settled(CLIENT)
    assert loader.vendors["zoho_crm"].requests == []
    assert {*await loader.states("zoho_crm.contact"), *await loader.states("zoho_crm.account")} == {"planned"}
    await loader.enrich.pool.execute("update unresolved set keys = array['customer?name=rs n']")
    await loader.settled("zoho_crm.contact")


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


async def test_a_throttled_write_goes_back_to_planned_and_is_sent_later(loader: Loader) -> None:
    throttled = TransientError("slow down", error_class="rate_limited", retry_after_s=0.05)
    loader.vendors["zoho_books"].before = once(NotApplied(throttled))
    await plan_customer(loader)
    await loader.settled(CLIENT)
    assert len(loader.vendors["zoho_books"].requests) == 2


async def test_a_refused_write_becomes_a_dead_letter_with_its_bytes(loader: Loader) -> None:
    refused = PermanentError("name is too long", error_class="validation", field="contact_name")
    loader.vendors["zoho_books"].before = lambda call: NotApplied(refused)
    await plan_customer(loader)
    await loader.settled(CLIENT, "rejected")
    (letter,) = await loader.enrich.rows("select reason, error_class, status from dead_letter")
    assert letter == {"reason": "validation", "error_class": "validation", "status": "open"}
    (record,) = await loader.enrich.rows("select value from outbox where topic like 'dlq.%'")
    _, intent = loader.enrich.codec.decode(bytes(record["value"]))
    assert intent["workspace"] == "default"


async def test_an_update_carries_only_what_changed(loader: Loader) -> None:
    await plan_customer(loader)
    await loader.settled(CLIENT)
    await loader.enrich.feed(
        loader.enrich.record("zoho_books.contact", "1", {k: v for k, v in ANA.items() if k != "kind"})
    )
    await loader.enrich.feed(
        loader.enrich.record("freshbooks.client", "1", ANA | {"website": "https://a.example"})
    )
    vendor = loader.vendors["zoho_books"]

    async def updated() -> bool:
        return any(call.op == "update" for request in vendor.requests for call in request)

    await loader.until(updated)
    call = vendor.requests[-1][0]
    assert (call.op, call.external_id) == ("update", "1")
    assert call.body["website"] == "https://a.example" and "billing_address" not in call.body


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


async def test_a_name_that_is_taken_is_written_in_its_next_form(loader: Loader) -> None:
    taken = PermanentError("name exists", error_class="duplicate", code="3062")
    loader.vendors["zoho_books"].before = once(NotApplied(taken))
    await plan_customer(loader)
    await loader.settled(CLIENT)
    first, second = (request[0].body["contact_name"] for request in loader.vendors["zoho_books"].requests)
    assert (first, second) == ("Ana Ruiz", "Ana Ruiz (ana@harbor.example)")


async def test_values_that_no_mapping_takes_are_refused_and_the_others_flow(loader: Loader) -> None:
    nameless = dict.fromkeys(ANA) | {"kind": "person", "state": "active", "currency": "USD"}
    await loader.enrich.feed(loader.enrich.record("freshbooks.client", "7", nameless))
    await loader.settled(CLIENT, "rejected")
    (letter,) = await loader.enrich.rows("select reason from dead_letter")
    assert letter["reason"] == "mapping"
    await plan_customer(loader)
    await loader.settled(CLIENT)


async def test_a_place_taken_while_our_create_was_on_its_way_becomes_a_question(loader: Loader) -> None:
    """A person made the same customer at the vendor meanwhile: both stay, nothing crashes."""
    vendor = loader.vendors["zoho_books"]
    vendor.may_answer.clear()
    await plan_customer(loader)
    await loader.settled(CLIENT, "sending")
    await loader.enrich.feed(loader.enrich.record("zoho_books.contact", "77", ANA | {"website": "a.example"}))
    vendor.may_answer.set()
    await loader.settled(CLIENT, "rejected")
    (review,) = await loader.enrich.rows("select kind, subject from review_item")
    assert review == {"kind": "duplicate", "subject": "zoho_books.contact/1"}
    rows = await loader.enrich.rows(
        "select external_id, status from crosswalk where object = $1 order by external_id", CLIENT
    )
    assert rows == [
        {"external_id": "1", "status": "orphan"},
        {"external_id": "77", "status": "active"},
    ]


async def test_a_look_that_took_long_is_taken_again_before_the_write(loader: Loader) -> None:
    """Meanwhile a person may have edited what it showed."""
    vendor = loader.vendors["zoho_books"]

    async def slow(calls: Sequence[WriteCall]) -> None:
        if len(vendor.looks) == 1:
            await asyncio.sleep(0.15)

    vendor.look = slow
    await loader.enrich.feed(loader.enrich.record("freshbooks.client", "1", ANA))
    await loader.settled("zoho_books.contact")
    assert len(vendor.looks) == 2
    assert vendor.looks[0] == vendor.looks[1]
    await loader.enrich.feed(loader.enrich.record("freshbooks.client", "2", ANA | {"email": "b@b.example"}))
    await loader.until(lambda: _written(vendor, 2))
    assert len(vendor.looks) == 3


async def _written(vendor: FakeVendor, count: int) -> bool:
    return len(vendor.records) == count
