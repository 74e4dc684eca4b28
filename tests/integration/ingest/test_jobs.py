"""Jobs of ingest: a backfill goes on where its last step was saved; pause and cancel end a step."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, cast

from tests.eventually import eventually
from tests.integration.ingest.conftest import OBJECT, Stage, running

from twinledger.connectors.base.contract import Page, Source
from twinledger.ingest.backfill import Backfill, Reach
from twinledger.ingest.jobs import JobRunner
from twinledger.kernel.clock import SystemClock
from twinledger.kernel.errors import PermanentError, TransientError
from twinledger.state.ingest_leases import Duty
from twinledger.state.jobs import Job, add_job, change_job, find_job

PAGES = 4


def runner(stage: Stage, **options: Any) -> JobRunner:
    reach = {OBJECT: Reach(stage.source, stage.permits["backfill"])}
    backfill = Backfill("default", stage.pool, stage.broker, stage.codec, SystemClock(), reach)
    return JobRunner("default", stage.pool, SystemClock(), stage.duties, {"backfill": backfill}, **options)


def four_pages(stage: Stage) -> None:
    """Two records a page."""
    for number in range(2 * PAGES):
        stage.source.records[str(number)] = {}

    def pages(since: object, page: str | None) -> Page:
        number = int(page or 0)
        documents = [stage.source.document(str(one)) for one in (2 * number, 2 * number + 1)]
        return Page(documents, next_page=str(number + 1) if number + 1 < PAGES else None)

    stage.source.pages = pages


async def start(stage: Stage) -> None:
    stage.duties._wanted = [Duty("jobs", "all")]
    await stage.duties._take()
    async with stage.pool.acquire() as connection:
        await add_job(connection, "default", "J1", "backfill", {"objects": []})


async def job(stage: Stage) -> Job:
    async with stage.pool.acquire() as connection:
        found = await find_job(connection, "default", "J1")
    assert found is not None
    return found


async def change(stage: Stage, to: Any, *allowed: Any) -> bool:
    async with stage.pool.acquire() as connection:
        return await change_job(connection, "default", "J1", to, allowed)


async def ended(stage: Stage) -> bool:
    return not (await job(stage)).is_open


async def test_a_backfill_walks_from_the_beginning_in_its_own_lane(stage: Stage) -> None:
    four_pages(stage)
    await start(stage)
    async with running(runner(stage)):
        await eventually(lambda: ended(stage))
    assert stage.source.polls == [(None, None), (None, "1"), (None, "2"), (None, "3")]
    assert {envelope.lane for envelope in stage.envelopes()} == {"backfill"}
    assert ((await job(stage)).state, (await job(stage)).done) == ("done", 2 * PAGES)


async def test_a_backfill_goes_on_where_the_last_step_was_saved(stage: Stage) -> None:
    four_pages(stage)
    await start(stage)
    await stage.pool.execute(
        "update job set state = 'running', done = 4, cursor = $1", {"object": OBJECT, "page": "2"}
    )
    async with running(runner(stage)):
        await eventually(lambda: ended(stage))
    assert [page for _, page in stage.source.polls] == ["2", "3"]
    assert (await job(stage)).done == 2 * PAGES


async def test_a_pause_ends_the_step_and_a_resume_goes_on(stage: Stage) -> None:
    four_pages(stage)
    let_go = asyncio.Event()
    reach = {OBJECT: Reach(cast(Source, _Slow(stage, let_go)), stage.permits["backfill"])}
    part = runner(stage)
    part._works["backfill"] = replace(part._works["backfill"], reach=reach)  # type: ignore[index,type-var]
    await start(stage)
    async with running(part):
        await eventually(lambda: len(stage.source.polls) == 2)
        assert await change(stage, "paused", "running")
        await eventually(lambda: not part._tasks)
        assert (await job(stage)).cursor == {"object": OBJECT, "page": "1"}
        let_go.set()
        assert await change(stage, "queued", "paused")
        await eventually(lambda: ended(stage))
    assert (await job(stage)).done == 2 * PAGES


async def test_a_cancelled_job_is_left_alone(stage: Stage) -> None:
    four_pages(stage)
    await start(stage)
    assert await change(stage, "cancelled", "queued")
    async with running(runner(stage)):
        await asyncio.sleep(0.7)
    assert stage.source.polls == [] and not await change(stage, "queued", "paused")


async def test_a_vendor_that_is_down_costs_time_and_one_that_refuses_ends_the_job(stage: Stage) -> None:
    errors: list[Exception] = [
        TransientError("down", error_class="target_down"),
        PermanentError("not allowed", error_class="permission"),
    ]

    def pages(since: object, page: str | None) -> Page:
        raise errors.pop(0)

    stage.source.pages = pages
    await start(stage)
    async with running(runner(stage)):
        await eventually(lambda: ended(stage))
    assert ((await job(stage)).state, (await job(stage)).error) == ("failed", "not allowed")


async def test_an_audit_begins_when_the_last_one_is_long_ago_and_only_then(stage: Stage) -> None:
    await stage.pool.execute("update workspace set opened_at = now() - interval '1 hour'")
    stage.duties._wanted = [Duty("jobs", "all")]
    await stage.duties._take()
    part = runner(stage, audit_every_s=0.2)
    part._works["verify"] = part._works["backfill"]  # type: ignore[index]
    async with running(part):
        await eventually(lambda: _verified(stage, 1))
    assert not await _verified(stage, 3)


async def _verified(stage: Stage, count: int) -> bool:
    found: int = await stage.pool.fetchval(
        "select count(*) from job where kind = 'verify' and state = 'done'"
    )
    return found >= count


class _Slow:
    """The second page comes when it is let go."""

    def __init__(self, stage: Stage, let_go: asyncio.Event) -> None:
        self._stage, self._let_go = stage, let_go
        self.max_ids = stage.source.max_ids

    async def changed_since(self, name: str, since: Any, page: str | None, permit: Any) -> Page:
        answer = await self._stage.source.changed_since(name, since, page, permit)
        if page is not None:
            await self._let_go.wait()
        return answer
