"""Polls find what no webhook announced, once, and go on where they stopped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from prometheus_client import REGISTRY
from tests.eventually import eventually
from tests.fakes.clock import START
from tests.integration.ingest.conftest import OBJECT, Stage, running

from twinledger.connectors.base.contract import Page
from twinledger.kernel.errors import TransientError
from twinledger.state.poll_cursors import PollCursor, load_cursor, save_cursor

DAY = timedelta(days=1)


def lost() -> float:
    labels = {"system": "freshbooks", "object": OBJECT}
    return REGISTRY.get_sample_value("twinledger_webhook_lost_total", labels) or 0.0


def add(stage: Stage, external_id: str, at: datetime | None) -> None:
    stage.source.records[external_id] = {}
    if at is not None:
        stage.source.stamps[external_id] = at


def page_of(stage: Stage, ids: Sequence[str], next_page: str | None = None) -> Page:
    documents = [stage.source.document(one) for one in ids]
    stamps = [document.updated_at for document in documents if document.updated_at is not None]
    return Page(documents, next_page=next_page, seen_until=max(stamps, default=None))


async def cursor_of(stage: Stage) -> PollCursor:
    async with stage.pool.acquire() as connection:
        return await load_cursor(connection, "default", OBJECT)


async def already_polled(stage: Stage, until: datetime) -> None:
    async with stage.pool.acquire() as connection:
        await save_cursor(connection, PollCursor("default", OBJECT, until, first_done=True))


def published(stage: Stage) -> list[str]:
    return [str(record["external_id"]) for record in stage.source_records()]


async def test_the_first_walk_starts_at_the_beginning_in_the_backfill_lane(stage: Stage) -> None:
    add(stage, "1", START)
    add(stage, "2", START + DAY)
    stage.source.pages = lambda since, page: page_of(stage, ["1", "2"])
    before = lost()
    async with running(stage.poller()):
        await eventually(lambda: _walked(stage))
    assert stage.source.polls[0] == (None, None)
    assert published(stage) == ["1", "2"]
    assert {envelope.lane for envelope in stage.envelopes()} == {"backfill"}
    assert (await cursor_of(stage)).seen_until == START + DAY
    assert lost() == before


async def test_what_the_first_walk_lists_holds_the_first_write(stage: Stage) -> None:
    add(stage, "1", START)
    stage.source.pages = lambda since, page: Page(
        [stage.source.document("1")], ids_to_read=[("9", START)], seen_until=START
    )
    async with running(stage.poller()):
        await eventually(lambda: _walked(stage))
    rows = await stage.pool.fetch("select external_id from first_sight order by 1")
    assert [row["external_id"] for row in rows] == ["1", "9"]


async def test_later_polls_ask_from_the_overlap_before_the_cursor(stage: Stage) -> None:
    await already_polled(stage, START)
    async with running(stage.poller()):
        await eventually(lambda: bool(stage.source.polls))
    assert stage.source.polls[0] == (START - timedelta(minutes=10), None)


async def test_a_change_no_hint_announced_is_published_live_and_counted(stage: Stage) -> None:
    await already_polled(stage, START)
    add(stage, "1", START + timedelta(minutes=2))
    stage.source.pages = lambda since, page: page_of(stage, ["1"])
    before = lost()
    async with running(stage.poller()):
        await eventually(lambda: lost() == before + 1)
        await eventually(lambda: published(stage) == ["1"])
    assert stage.envelopes()[0].lane == "live"


async def test_a_hinted_change_is_not_lost(stage: Stage) -> None:
    await already_polled(stage, START)
    await stage.hint("1")
    add(stage, "1", START + timedelta(minutes=2))
    stage.source.pages = lambda since, page: page_of(stage, ["1"])
    before = lost()
    async with running(stage.poller()):
        await eventually(lambda: published(stage) == ["1"])
    assert lost() == before


async def test_a_change_long_after_the_last_word_of_its_record_is_lost(stage: Stage) -> None:
    await already_polled(stage, START)
    await stage.hint("1")
    hinted_at = await stage.pool.fetchval("select hinted_at from due_read")
    add(stage, "1", hinted_at + timedelta(seconds=30))
    stage.source.pages = lambda since, page: page_of(stage, ["1"])
    before = lost()
    async with running(stage.poller()):
        await eventually(lambda: published(stage) == ["1"])
    assert lost() == before + 1


async def test_an_unchanged_row_is_published_once(stage: Stage) -> None:
    await already_polled(stage, START)
    add(stage, "1", START + timedelta(minutes=2))
    stage.source.pages = lambda since, page: page_of(stage, ["1"])
    async with running(stage.poller()) as poller:
        for number in range(1, 4):
            await eventually(lambda n=number: len(stage.source.polls) >= n)  # type: ignore[misc]
            poller.wake()
    assert published(stage) == ["1"]


async def test_several_pages_are_walked_until_a_pass_brings_nothing_new(stage: Stage) -> None:
    add(stage, "1", START)
    add(stage, "2", START + DAY)
    shifted = START + 2 * DAY

    def pages(since: datetime | None, page: str | None) -> Page:
        if page is None:
            return page_of(stage, ["1"], next_page="2")
        if since is not None:
            add(stage, "3", shifted)  # edited while the first pass ran
        return page_of(stage, [one for one in ("2", "3") if one in stage.source.records])

    stage.source.pages = pages
    async with running(stage.poller()):
        await eventually(lambda: published(stage) == ["1", "2", "3"])
        await eventually(lambda: len(stage.source.polls) == 6)
    assert (await cursor_of(stage)).seen_until == shifted


async def test_an_interrupted_walk_goes_on_at_its_page(stage: Stage) -> None:
    add(stage, "1", START)
    add(stage, "2", START + DAY)
    poller = stage.poller()

    def stop_after_the_first(since: datetime | None, page: str | None) -> Page:
        poller.stop()
        return page_of(stage, ["1"], next_page="second")

    stage.source.pages = stop_after_the_first
    await poller.run()
    assert (await cursor_of(stage)).page == "second"
    stage.source.pages = lambda since, page: page_of(stage, ["2"])
    async with running(stage.poller()):
        await eventually(lambda: _walked(stage))
    assert stage.source.polls[1] == (None, "second")
    assert published(stage) == ["1", "2"]


async def test_the_cursor_stays_behind_what_the_broker_has_not_acknowledged(stage: Stage) -> None:
    await already_polled(stage, START)
    add(stage, "1", START + DAY)
    stage.source.pages = lambda since, page: page_of(stage, ["1"])
    stage.broker.refused_sends = 1
    async with running(stage.poller()) as poller:
        await eventually(lambda: stage.broker.refused_sends == 0)
        assert (await cursor_of(stage)).seen_until == START
        poller.wake()
        await eventually(lambda: published(stage) == ["1"])


async def test_listed_ids_become_hints_unless_that_version_was_read(stage: Stage) -> None:
    await already_polled(stage, START)
    await stage.hint("1", "2")
    at = START + timedelta(minutes=1)
    await stage.pool.execute("update due_read set read_hints = hints, read_stamp = $1", at)
    later = at + timedelta(seconds=1)
    stage.source.pages = lambda since, page: Page(
        [], ids_to_read=[("1", at), ("2", later), ("3", at), ("4", None)], seen_until=later
    )
    async with running(stage.poller()):
        await eventually(lambda: stage.hinted() == ["2", "3", "4"])


async def test_a_failed_poll_is_tried_again_from_the_same_place(stage: Stage) -> None:
    await already_polled(stage, START)
    errors = [TransientError("reset", error_class="network"), ValueError("a bug in a connector")]

    def pages(since: datetime | None, page: str | None) -> Page:
        if errors:
            raise errors.pop()
        return Page([])

    stage.source.pages = pages
    async with running(stage.poller()) as poller:
        for number in range(1, 4):
            await eventually(lambda n=number: len(stage.source.polls) >= n)  # type: ignore[misc]
            poller.wake()
    assert {since for since, _ in stage.source.polls} == {START - timedelta(minutes=10)}


async def test_an_object_without_stamps_is_listed_whole_and_sifted(stage: Stage) -> None:
    add(stage, "1", None)
    stage.source.pages = lambda since, page: page_of(stage, ["1"])
    async with running(stage.poller()) as poller:
        for number in range(1, 4):
            await eventually(lambda n=number: len(stage.source.polls) >= n)  # type: ignore[misc]
            poller.wake()
    assert {since for since, _ in stage.source.polls} == {None}
    assert published(stage) == ["1"]


async def subscribed(stage: Stage, state: str = "active") -> None:
    await stage.pool.execute(
        """insert into subscription (key, workspace, system, object, event, state, due_at)
           values ('k', 'default', 'freshbooks', $1, 'client', $2, now() + interval '6 hours')""",
        OBJECT,
        state,
    )


async def subscription_state(stage: Stage) -> tuple[str, bool]:
    """With whether the subscriber is to look at it now."""
    row = await stage.pool.fetchrow("select state, due_at <= now() as due from subscription")
    assert row is not None
    return row["state"], row["due"]


async def polls_that_find_a_change(stage: Stage, count: int, *, hinted: bool = False) -> None:
    """Each poll brings a change of its own, which a hint announced or not."""

    def pages(since: datetime | None, page: str | None) -> Page:
        number = len(stage.source.polls)
        if number > count:
            return Page([])
        add(stage, str(number), START + timedelta(minutes=number))
        return page_of(stage, [str(number)])

    if hinted:
        await stage.hint(*(str(number) for number in range(1, count + 1)))
    stage.source.pages = pages
    async with running(stage.poller()) as poller:
        for number in range(1, count + 2):
            await eventually(lambda n=number: len(stage.source.polls) >= n)  # type: ignore[misc]
            poller.wake()


async def test_three_polls_that_find_what_nobody_announced_make_a_subscription_silent(stage: Stage) -> None:
    await already_polled(stage, START)
    await subscribed(stage)
    await polls_that_find_a_change(stage, 3)
    assert await subscription_state(stage) == ("silent", True)


async def test_two_such_polls_do_not(stage: Stage) -> None:
    await already_polled(stage, START)
    await subscribed(stage)
    await polls_that_find_a_change(stage, 2)
    assert await subscription_state(stage) == ("active", False)


async def test_a_silent_subscription_that_announces_a_change_is_active_again(stage: Stage) -> None:
    await already_polled(stage, START)
    await subscribed(stage, "silent")
    await polls_that_find_a_change(stage, 1, hinted=True)
    assert (await subscription_state(stage))[0] == "active"


async def _walked(stage: Stage) -> bool:
    return (await cursor_of(stage)).first_done
