"""The loader when a write comes back to the queue: newer plans, other owners, answers that come late."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from tests.fakes.feeding import ANA
from tests.fakes.vendor import FakeVendor
from tests.integration.loader.conftest import Loader

from twinledger.connectors.base.contract import Applied, NotApplied, WriteAnswer, WriteCall
from twinledger.kernel.database import Connection, transaction
from twinledger.kernel.errors import TransientError
from twinledger.state.entities import lock_entities
from twinledger.state.intent_outcomes import look_again, mark_unknown, next_name, postpone, reject
from twinledger.state.known import load_known
from twinledger.state.records import Intent, Target
from twinledger.state.shadows import load_shadows_of, save_shadows

CONTACT = "zoho_books.contact"
DOCUMENTS = "select count(*) from outbox where topic like '%source-records%'"
HINTS = "select count(*) from outbox where topic like '%hints%'"
RESULTS = "select count(*) from outbox where topic like '%write-results%'"
BOOKS_ANA = {key: value for key, value in ANA.items() if key != "kind"}


async def known_on_both_sides(loader: Loader) -> None:
    await loader.enrich.feed(loader.enrich.record("freshbooks.client", "1", ANA))
    await loader.settled(CONTACT)
    await loader.enrich.feed(loader.enrich.record(CONTACT, "1", BOOKS_ANA))


async def edit(loader: Loader, website: str) -> None:
    await loader.enrich.feed(loader.enrich.record("freshbooks.client", "1", ANA | {"website": website}))


async def writing_ours(loader: Loader) -> FakeVendor:
    """Known on both sides; an edit of ours has left and is not answered yet."""
    vendor = loader.vendors["zoho_books"]
    await known_on_both_sides(loader)
    vendor.may_answer.clear()
    await edit(loader, "https://ours.example")
    await loader.settled(CONTACT, "sending")
    return vendor


async def test_a_write_put_back_behind_a_newer_plan_gives_way_to_it(loader: Loader) -> None:
    vendor = loader.vendors["zoho_books"]
    await known_on_both_sides(loader)
    throttled: list[WriteCall] = []

    def throttle(call: WriteCall) -> WriteAnswer | None:
        throttled.append(call)
        error = TransientError("slow down", error_class="rate_limited", retry_after_s=0.0)
        return NotApplied(error) if len(throttled) == 1 else None

    vendor.before = throttle
    vendor.may_answer.clear()
    await edit(loader, "https://old.example")
    await loader.settled(CONTACT, "sending")
    await edit(loader, "https://new.example")
    vendor.may_answer.set()

    async def written() -> bool:
        return len(throttled) > 1 and (await loader.states(CONTACT))[-1] == "confirmed"

    await loader.until(written)
    sites = [call.body["website"] for call in throttled if call.phase is None]
    assert sites == ["https://old.example", "https://new.example"]
    assert await loader.states(CONTACT) == ["confirmed", "superseded", "confirmed"]


async def test_an_answer_that_its_echo_has_overtaken_takes_nothing_back(loader: Loader) -> None:
    """Seen by webhook, then edited by a person: a slow answer must not make the old values the base again."""
    vendor = await writing_ours(loader)
    for website in ("https://ours.example", "https://theirs.example"):
        shown = BOOKS_ANA | {"website": website}
        await loader.enrich.feed(loader.enrich.record(CONTACT, "1", shown, at=datetime.now(UTC)))
    told, documents = await loader.enrich.rows(RESULTS), await loader.enrich.rows(DOCUMENTS)
    vendor.may_answer.set()

    async def was_told() -> bool:
        return await loader.enrich.rows(RESULTS) != told

    await loader.until(was_told)
    (row,) = await loader.enrich.rows("select fields, content_hash from shadow where object = $1", CONTACT)
    assert row["fields"]["website"] == "https://theirs.example"
    assert row["content_hash"] is not None
    assert await loader.enrich.rows(DOCUMENTS) == documents


@pytest.mark.parametrize("typed_over", [True, False])
async def test_an_answer_is_looked_after_where_the_record_was_read_meanwhile(
    loader: Loader, typed_over: bool
) -> None:
    """What the read showed may have been typed over our write: its answer alone would cover that up."""
    vendor = loader.vendors["zoho_books"]
    await known_on_both_sides(loader)
    hints = await loader.enrich.rows(HINTS)
    vendor.may_answer.clear()
    await edit(loader, "https://ours.example")
    await loader.settled(CONTACT, "sending")
    if typed_over:
        shown = BOOKS_ANA | {"website": "https://theirs.example"}
        await loader.enrich.feed(loader.enrich.record(CONTACT, "1", shown, at=datetime.now(UTC)))
    vendor.may_answer.set()
    await loader.settled(CONTACT, "confirmed")
    await loader.until(lambda: _nothing_is_sent(loader))
    assert (await loader.enrich.rows(HINTS) != hints) is typed_over


async def test_the_look_after_an_answer_tells_since_when_nothing_else_is_taken_in(loader: Loader) -> None:
    """A hint that was noted while the answer waited for its entity may have been served and taken in before
    it: that does not replace the look."""
    loader.vendors["zoho_books"].before = lambda call: Applied("1", datetime.now(UTC))
    vendor = await writing_ours(loader)
    async with transaction(loader.enrich.pool) as enrich:
        ids = [row["entity_id"] for row in await loader.enrich.rows("select entity_id from intent")]
        await lock_entities(enrich, ids)
        vendor.may_answer.set()
        await loader.until(lambda: somebody_waits(loader))
        (waited,) = await loader.enrich.rows("select clock_timestamp() as at")
    await loader.until(lambda: _nothing_is_sent(loader))
    row = (await loader.enrich.rows("select value from outbox where topic like '%hints%' order by id"))[-1]
    _, hint = loader.enrich.codec.decode(bytes(row["value"]))
    assert hint["external_id"] == "1" and hint["since"] > waited["at"]


async def _nothing_is_sent(loader: Loader) -> bool:
    return "sending" not in await loader.states(CONTACT)


@pytest.mark.parametrize("late", ["postpone", "unknown", "next_name", "look_again", "reject"])
async def test_a_late_word_on_an_earlier_attempt_changes_nothing(loader: Loader, late: str) -> None:
    """Another loader has sent it again meanwhile: planned once more, it would be written twice."""
    vendor = loader.vendors["zoho_books"]
    vendor.may_answer.clear()
    await loader.enrich.feed(loader.enrich.record("freshbooks.client", "1", ANA))
    await loader.settled(CONTACT, "sending")
    (row,) = await loader.enrich.rows("select entity_id from intent where object = $1", CONTACT)
    error = TransientError("outcome unknown", error_class="network")
    async with loader.enrich.pool.acquire() as connection:
        intent = await only_intent(connection, row["entity_id"])
        await connection.execute("update intent set attempt = attempt + 1 where id = $1", intent.id)
        words: dict[str, Any] = {
            "postpone": lambda: postpone(connection, intent, 600.0, error, step=False),
            "unknown": lambda: mark_unknown(connection, intent, "network", "late"),
            "next_name": lambda: next_name(connection, intent),
            "look_again": lambda: look_again(connection, intent, 600.0),
            "reject": lambda: reject(connection, intent, "bug", "late"),
        }
        await words[late]()
    assert await loader.states(CONTACT) == ["sending"]
    vendor.may_answer.set()
    await loader.settled(CONTACT)
    assert len(vendor.records) == 1


async def test_one_refusal_told_by_two_rounds_is_one_step_of_the_ladder(loader: Loader) -> None:
    """A round that begins before the first is settled looks again, and is refused again."""
    await loader.enrich.pool.execute("update workspace set opened_at = null")
    await loader.enrich.feed(loader.enrich.record("freshbooks.client", "1", ANA))
    (row,) = await loader.enrich.rows("select entity_id from intent where object = $1", CONTACT)
    error = TransientError("changed since it was read", error_class="conflict")
    async with loader.enrich.pool.acquire() as connection:
        intent = await only_intent(connection, row["entity_id"])
        for _ in range(2):
            await postpone(connection, intent, 30.0, error, step=True)
    (after,) = await loader.enrich.rows("select failures from intent where object = $1", CONTACT)
    assert after["failures"] == 1


async def test_an_answer_without_a_stamp_leaves_the_next_write_its_look_at_the_version(
    loader: Loader,
) -> None:
    """A status call answers no record: what a person saved before it, unheard of, is still looked for."""
    vendor = loader.vendors["zoho_books"]
    await known_on_both_sides(loader)
    read_at = datetime.now(UTC)
    await loader.enrich.feed(loader.enrich.record(CONTACT, "1", BOOKS_ANA, at=read_at))
    vendor.after = lambda call: Applied(call.external_id or "1", datetime.now(UTC))
    archived = ANA | {"state": "archived"}
    await loader.enrich.feed(loader.enrich.record("freshbooks.client", "1", archived))

    async def confirmed(number: int) -> bool:
        return (await loader.states(CONTACT)).count("confirmed") == number

    await loader.until(lambda: confirmed(2))
    website = archived | {"website": "https://new.example"}
    await loader.enrich.feed(loader.enrich.record("freshbooks.client", "1", website))
    await loader.until(lambda: confirmed(3))
    status, update = [call for calls in vendor.requests for call in calls if call.op == "update"]
    assert (status.phase, update.phase) == ("state", None)
    assert update.unmodified_since == read_at


async def test_an_answer_waits_for_the_batch_that_works_on_its_entity(loader: Loader) -> None:
    """It is laid over what that batch leaves of the shadow, not over what it found."""
    vendor = await writing_ours(loader)
    (row,) = await loader.enrich.rows("select entity_id from intent where object = $1 limit 1", CONTACT)
    target = Target(row["entity_id"], CONTACT, "primary")
    async with transaction(loader.enrich.pool) as connection:
        await lock_entities(connection, [target.entity_id])
        shadow = (await load_shadows_of(connection, [target]))[target]
        shadow.fields["name.given"] = "Anna"
        await save_shadows(connection, [shadow])
        vendor.may_answer.set()
        await loader.until(lambda: somebody_waits(loader))

    async def confirmed() -> bool:
        return await loader.states(CONTACT) == ["confirmed", "confirmed"]

    await loader.until(confirmed)
    (row,) = await loader.enrich.rows("select fields from shadow where object = $1", CONTACT)
    assert (row["fields"]["name.given"], row["fields"]["website"]) == ("Anna", "https://ours.example")


async def somebody_waits(loader: Loader) -> bool:
    """For a lock in this database."""
    (row,) = await loader.enrich.rows(
        """select count(*) as n from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'"""
    )
    return bool(row["n"])


async def only_intent(connection: Connection, entity: UUID) -> Intent:
    """The one of the entity's contact that is open."""
    known = await load_known(connection, "default", [entity], [])
    (intent,) = [one for target, found in known.intents.items() for one in found if target.object == CONTACT]
    return intent
