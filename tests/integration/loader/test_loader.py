"""The loader against PostgreSQL: a write happens once, whatever the vendor answers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count

from tests.fakes.feeding import ANA
from tests.fakes.vendor import FakeVendor
from tests.integration.loader.conftest import Loader, once, plan_customer

from twinledger.connectors.base.contract import Applied, NotApplied, WriteCall
from twinledger.kernel.errors import PermanentError, TransientError
from twinledger.state.intent_queue import candidates

CLIENT = "zoho_books.contact"


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


async def test_an_answer_that_names_the_record_of_another_becomes_a_question(loader: Loader) -> None:
    """A vendor that knows a record again by something of its own answers a create with it."""
    ben = ANA | {
        "name.given": "Ben",
        "name.family": "Okoro",
        "email": "ben@b.example",
        "phones.business": None,
    }
    loader.vendors["freshbooks"].ids = count(100)  # beside the client that is read below
    await loader.enrich.feed(loader.enrich.record(CLIENT, "77", ben))
    known = Applied("77", datetime.now(UTC))
    loader.vendors["zoho_books"].after = lambda call: known if call.op == "create" else None
    await plan_customer(loader)
    await loader.settled(CLIENT, "rejected")
    (review,) = await loader.enrich.rows("select kind, subject from review_item")
    assert review == {"kind": "duplicate", "subject": f"{CLIENT}/77"}
    rows = await loader.enrich.rows(
        """select c.status, s.fields ->> 'name.given' as name from crosswalk c
             join shadow s on s.object = c.object where c.object = $1""",
        CLIENT,
    )
    assert rows == [{"status": "active", "name": "Ben"}]


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
