"""Enrich: records that were deleted on one side, came back, or were only touched there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.fakes.feeding import ANA, START, Enrich

from twinledger.road.outcome import Skip
from twinledger.state.match_buckets import bucket_rows, match_buckets

CONTACT = "zoho_books.contact"
BOOKS_ANA: dict[str, Any] = {key: value for key, value in ANA.items() if key != "kind"}


async def on_two_sides(enrich: Enrich) -> None:
    await enrich.feed(enrich.record("freshbooks.client", "1", ANA), enrich.record(CONTACT, "9", BOOKS_ANA))


async def test_a_record_that_comes_back_is_kept_in_step_again(enrich: Enrich) -> None:
    await on_two_sides(enrich)
    await enrich.feed(enrich.record(CONTACT, "9", {}, gone=True))
    (row,) = await enrich.rows("select status from crosswalk where object = $1", CONTACT)
    assert row["status"] == "deleted"
    await enrich.feed(enrich.record(CONTACT, "9", BOOKS_ANA | {"website": "https://b.example"}))
    (row,) = await enrich.rows("select status from crosswalk where object = $1", CONTACT)
    assert row["status"] == "active"
    await enrich.feed(enrich.record("freshbooks.client", "1", ANA | {"name.given": "Anna"}))
    patches = {row["object"]: row["patch"] for row in await enrich.planned()}
    assert patches[CONTACT] == {"name.given": "Anna"}


async def test_an_old_word_that_a_record_is_gone_is_not_believed(enrich: Enrich) -> None:
    await on_two_sides(enrich)
    (outcome,) = await enrich.feed(enrich.record(CONTACT, "9", {}, gone=True, at=START - timedelta(hours=1)))
    assert outcome == Skip(reason="stale")
    (row,) = await enrich.rows("select status from crosswalk where object = $1", CONTACT)
    assert row["status"] == "active"


async def test_a_touch_without_a_change_is_remembered_as_the_version_we_know(enrich: Enrich) -> None:
    """A conditional write names it: with the older stamp it would be refused for ever."""
    await on_two_sides(enrich)
    later = START + timedelta(minutes=7)
    (outcome,) = await enrich.feed(enrich.record(CONTACT, "9", BOOKS_ANA, at=later))
    assert outcome == Skip(reason="unchanged")
    (row,) = await enrich.rows("select vendor_updated_at from shadow where object = $1", CONTACT)
    assert row["vendor_updated_at"] == later


async def test_a_read_begun_before_our_write_ended_says_nothing_new(enrich: Enrich) -> None:
    """Its stamp may be newer than the last one we read: a person edited just before us."""
    await on_two_sides(enrich)
    await enrich.pool.execute(
        """update shadow set content_hash = null, read_started_at = $2,
                  fields = fields::jsonb || '{"name.given": "Anna"}' where object = $1""",
        CONTACT,
        START + timedelta(minutes=9),
    )
    (outcome,) = await enrich.feed(
        enrich.record(CONTACT, "9", BOOKS_ANA | {"website": "w.example"}, at=START + timedelta(minutes=8))
    )
    assert outcome == Skip(reason="stale")


async def test_who_is_restored_by_a_person_is_made_again_where_it_had_ended(enrich: Enrich) -> None:
    await on_two_sides(enrich)
    await enrich.feed(enrich.record(CONTACT, "9", {}, gone=True))
    await enrich.pool.execute("update intent set state = 'confirmed' where state = 'planned'")
    await enrich.feed(enrich.record("freshbooks.client", "1", ANA | {"state": "archived"}))
    assert [row for row in await enrich.planned() if row["object"] == CONTACT] == []
    await enrich.feed(enrich.record("freshbooks.client", "1", ANA))
    assert ("create", CONTACT) in [(row["op"], row["object"]) for row in await enrich.planned()]
    asked = await enrich.rows("select kind from review_item where state = 'open'")
    assert [row["kind"] for row in asked] == ["deleted_and_changed"]


async def test_who_is_archived_and_restored_is_made_nowhere_again(enrich: Enrich) -> None:
    """The contact was let go of by itself before: its end put nobody to rest."""
    await on_two_sides(enrich)
    await enrich.pool.execute("update crosswalk set status = 'deleted' where object = $1", CONTACT)
    await enrich.feed(enrich.record("freshbooks.client", "1", ANA | {"state": "archived"}))
    await enrich.feed(enrich.record("freshbooks.client", "1", ANA))
    assert [row for row in await enrich.planned() if row["object"] == CONTACT] == []


async def test_a_record_that_is_made_again_is_no_question(enrich: Enrich) -> None:
    await on_two_sides(enrich)
    await enrich.feed(enrich.record("freshbooks.client", "1", ANA | {"phones.business": "+12075550199"}))
    await enrich.feed(enrich.record(CONTACT, "9", {}, gone=True))
    assert ("create", CONTACT) in [(row["op"], row["object"]) for row in await enrich.planned()]
    async with enrich.pool.acquire() as connection:
        assert [row["review"] for row in await match_buckets(connection, "default")] == [0]
        assert await bucket_rows(connection, "default", "review", None, 10) == []
