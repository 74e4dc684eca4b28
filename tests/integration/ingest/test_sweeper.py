"""A sweep finds what disappeared without a word, and believes no list that it has not checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from tests.eventually import eventually
from tests.integration.ingest.conftest import OBJECT, Stage, running

from twinledger.connectors.base.contract import Page
from twinledger.kernel.errors import TransientError
from twinledger.road.envelope import Envelope
from twinledger.road.topics import HINTS


async def linked(stage: Stage, *ids: str) -> None:
    """These records are known, since before any sweep."""
    for one in ids:
        await stage.pool.execute(
            """with made as (
                   insert into entity (id, workspace, type, version, origin, fields, clocks)
                   values (gen_random_uuid(), 'default', 'customer', 1, '', '{}', '{}') returning id)
               insert into crosswalk (workspace, object, external_id, entity_id, role, status, linked_at)
               select 'default', $1, $2, id, 'primary', 'active', now() - interval '1 hour' from made""",
            OBJECT,
            one,
        )


async def sweep_row(stage: Stage) -> dict[str, Any]:
    row = await stage.pool.fetchrow("select * from sweep")
    return {} if row is None else dict(row)


async def swept(stage: Stage) -> bool:
    row = await sweep_row(stage)
    return bool(stage.source.polls) and row["started_at"] is None


def listing(stage: Stage, pages: Sequence[Sequence[str]]) -> None:
    """Pages of the list, the first without a token."""

    def page(since: datetime | None, token: str | None) -> Page:
        number = int(token or 0)
        more = str(number + 1) if number + 1 < len(pages) else None
        return Page([], ids_to_read=[(one, None) for one in pages[number]], next_page=more)

    stage.source.pages = page


async def test_a_missing_record_is_hinted_in_the_backfill_lane(stage: Stage) -> None:
    await linked(stage, "1", "2", "3")
    listing(stage, [["1"], ["3"]])
    async with running(stage.sweeper()):
        await eventually(lambda: swept(stage))
    assert stage.hinted()[:1] == ["2"]
    (first, *_) = [Envelope.from_headers(record.headers) for record in stage.broker.log[HINTS.name]]
    assert first.lane == "backfill"
    assert stage.source.polls[0] == (None, None)
    (row,) = await stage.pool.fetch("select external_id, state, entity_type from tombstone")
    assert tuple(row) == ("2", "suspected", "customer")


async def test_nothing_is_swept_before_its_time(stage: Stage) -> None:
    await linked(stage, "1")
    stage.sweeping = replace(stage.sweeping, interval_s=3600.0)
    listing(stage, [[]])

    async def noted() -> bool:
        return bool(await sweep_row(stage))

    async with running(stage.sweeper()):
        await eventually(noted)
    assert stage.source.polls == []


async def test_whole_rows_of_a_list_count_as_well(stage: Stage) -> None:
    await linked(stage, "1", "2")
    stage.source.pages = lambda since, page: Page([stage.source.document("1")])
    async with running(stage.sweeper()):
        await eventually(lambda: swept(stage))
    assert set(stage.hinted()) == {"2"}


async def test_a_record_linked_while_the_sweep_ran_is_not_missing(stage: Stage) -> None:
    await linked(stage, "1")
    await stage.pool.execute("update crosswalk set linked_at = now() + interval '1 hour'")
    listing(stage, [[]])
    async with running(stage.sweeper()):
        await eventually(lambda: swept(stage))
    assert stage.hinted() == []


async def test_records_that_ended_are_not_looked_for(stage: Stage) -> None:
    await linked(stage, "1", "2")
    await stage.pool.execute("update crosswalk set status = 'deleted' where external_id = '1'")
    await stage.pool.execute(
        "insert into tombstone (workspace, object, external_id, entity_type, state)"
        " values ('default', $1, '2', 'customer', 'held')",
        OBJECT,
    )
    listing(stage, [[]])
    async with running(stage.sweeper()):
        await eventually(lambda: swept(stage))
    assert stage.hinted() == []


async def test_a_stopped_sweep_goes_on_where_it_stood(stage: Stage) -> None:
    await linked(stage, "1", "2", "3")
    listing(stage, [["1"], ["2"], []])
    sweeper = stage.sweeper()
    pages = stage.source.pages

    def stopping(since: datetime | None, token: str | None) -> Page:
        sweeper.stop()
        return pages(since, token)

    stage.source.pages = stopping

    async def looked() -> bool:
        return bool(stage.source.polls)

    async with running(sweeper):
        await eventually(looked)
    assert (await sweep_row(stage))["page"] == "1"
    stage.source.pages, stage.source.polls = pages, []
    async with running(stage.sweeper()):
        await eventually(lambda: swept(stage))
    assert stage.source.polls[0] == (None, "1")
    assert stage.hinted()[:1] == ["3"]


async def test_a_page_that_cannot_be_had_any_more_begins_the_sweep_anew(stage: Stage) -> None:
    await linked(stage, "1", "2")
    await stage.pool.execute(
        "insert into sweep (workspace, object, started_at, page, ended_at)"
        " values ('default', $1, now(), 'lost', now() - interval '1 day')",
        OBJECT,
    )

    def page(since: datetime | None, token: str | None) -> Page:
        if token == "lost":
            raise TransientError("no such page", error_class="network")
        return Page([], ids_to_read=[("1", None)])

    stage.source.pages = page
    async with running(stage.sweeper()):
        await eventually(lambda: bool(stage.hinted()))
    assert [token for _, token in stage.source.polls[:3]] == ["lost", "lost", None]
    assert stage.hinted()[:1] == ["2"]


async def test_another_process_that_has_the_duty_sweeps_alone(stage: Stage) -> None:
    await linked(stage, "1")
    listing(stage, [[]])
    await stage.pool.execute("insert into sweep values ('default', $1, now(), null, now())", OBJECT)
    await stage.pool.execute("update ingest_lease set owner = 'ingest-1' where purpose = 'sweep'")
    await stage.duties._take()
    await stage.sweeper()._sweep_if_ours()
    assert stage.source.polls == []
    await stage.pool.execute("update ingest_lease set owner = 'ingest-0' where purpose = 'sweep'")
    await stage.duties._take()
    await stage.sweeper()._sweep_if_ours()
    assert stage.source.polls == [(None, None)]
