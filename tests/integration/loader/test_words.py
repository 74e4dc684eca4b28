"""What wakes the loader: a plan, with its commit, and the end of a call that others have waited for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
from tests.eventually import eventually
from tests.fakes.feeding import ANA, Enrich
from tests.fakes.vendor import FakeVendor
from tests.integration.loader.conftest import executor

from twinledger.kernel.clock import SystemClock
from twinledger.kernel.database import transaction
from twinledger.loader.executor import Executor
from twinledger.loader.settle_queue import SettleQueue
from twinledger.loader.steps.feed_back import FeedBack
from twinledger.loader.steps.settle import Settler
from twinledger.loader.wiring import renamable
from twinledger.loader.worker import LoaderWorker
from twinledger.mapping.definitions import load_shipped
from twinledger.road.codec import Codec
from twinledger.road.dead_letters import DeadLetterOffice
from twinledger.state.budgets import BudgetLimits, ensure_limits

CUSTOMERS = 8
_LISTENS = "select exists (select from pg_stat_activity where query like 'LISTEN%')"
_CONFIRMED = "select count(*) from intent where object = 'zoho_books.contact' and state = 'confirmed'"


class OneServed:
    """Writes of one workspace that only note which groups are woken."""

    def __init__(self) -> None:
        self.woken: list[str] = []
        self.ended = asyncio.Event()

    def __iter__(self) -> Any:
        return iter(())

    def get(self, workspace: str) -> Any:
        assert workspace == "default"
        return SimpleNamespace(wake=self.woken.append)

    async def run(self) -> None:
        await self.ended.wait()

    def stop(self) -> None:
        self.ended.set()


async def test_a_plan_is_heard_of_without_the_topic(enrich: Enrich) -> None:
    served, clock = OneServed(), SystemClock()
    queue = SettleQueue(enrich.pool, cast("Any", None), clock)
    worker = LoaderWorker(enrich.pool, cast("Any", served), queue, "loader-0", clock)
    running = asyncio.create_task(worker.run())

    async def listens() -> bool:
        return bool(await enrich.pool.fetchval(_LISTENS))

    async def both_are_woken() -> bool:
        return {*served.woken} == {"zoho_crm", "zoho_finance"}

    try:
        await eventually(listens)
        await enrich.feed(enrich.record("freshbooks.client", "1", ANA))
        await eventually(both_are_woken)
    finally:
        worker.stop()
        await running


@pytest.fixture
async def books(enrich: Enrich) -> AsyncIterator[Executor]:
    """An executor that looks by itself once an hour, where one call may be under way."""
    await enrich.pool.execute(
        "insert into workspace (id, reference_key, opened_at) values ('default', $1, now())", b"k" * 32
    )
    async with transaction(enrich.pool) as connection:
        await ensure_limits(connection, "default", "zoho_finance", BudgetLimits(in_flight=1))
    clock = SystemClock()
    office = DeadLetterOffice(group="loader", stage="loader", release="test", clock=clock)
    settler = Settler(FeedBack(Codec.from_files(), clock, office), renamable(load_shipped()))
    queue = SettleQueue(enrich.pool, settler, clock)
    vendors = {"zoho_books": FakeVendor()}
    one = executor(enrich.pool, vendors, queue, "zoho_finance", look_every_s=3_600, max_candidates=3)
    running = [asyncio.create_task(one.run()), asyncio.create_task(queue.run())]
    yield one
    for task in running:
        task.cancel()
    await one.drain()


async def test_one_word_is_enough_for_a_queue_that_the_budget_lets_go_singly(
    enrich: Enrich, books: Executor
) -> None:
    people = [ANA | {"email": f"ana{number}@harbor.example"} for number in range(CUSTOMERS)]
    for number, person in enumerate(people):
        await enrich.feed(enrich.record("freshbooks.client", str(number), person))
    books.wake()

    async def all_written() -> bool:
        return bool(await enrich.pool.fetchval(_CONFIRMED) == CUSTOMERS)

    await eventually(all_written, within_s=20)


async def test_a_plan_that_the_last_look_has_seen_is_no_news(
    enrich: Enrich, books: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await enrich.feed(enrich.record("freshbooks.client", "1", ANA))
    books.wake()

    async def written() -> bool:
        return bool(await enrich.pool.fetchval(_CONFIRMED))

    await eventually(written)
    seen = await enrich.pool.fetchval("select id from intent where object = 'zoho_books.contact'")
    wakes: list[None] = []
    monkeypatch.setattr(books, "wake", lambda: wakes.append(None))
    books.hear_of(seen)
    assert not wakes
    books.hear_of(UUID(int=1))
    assert wakes
