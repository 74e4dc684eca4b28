"""The loader's worker on a real database, with a vendor in memory and plans made by the real enrich."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from tests.fakes.feeding import ANA, Enrich
from tests.fakes.feeding import enrich as enrich
from tests.fakes.vendor import FakePermit, FakeVendor

from twinledger.connectors.base.contract import WriteCall
from twinledger.kernel.clock import SystemClock
from twinledger.kernel.database import Pool
from twinledger.loader.executor import Executor, ExecutorSettings
from twinledger.loader.settle_queue import SettleQueue
from twinledger.loader.steps.feed_back import FeedBack
from twinledger.loader.steps.load_parents import ParentLoader
from twinledger.loader.steps.resolve_unknown import ResolverTimes, UnknownResolver
from twinledger.loader.steps.settle import Settler
from twinledger.loader.wiring import homes, renamable
from twinledger.loader.workspace import WorkspaceWrites
from twinledger.mapping.definitions import load_shipped
from twinledger.road.codec import Codec
from twinledger.road.dead_letters import DeadLetterOffice

SHORT = ResolverTimes(timedelta(milliseconds=20), timedelta(milliseconds=1200), timedelta(seconds=60))
PATIENCE_S = 8


@dataclass
class Loader:
    """A running worker. `vendors` hold what was written."""

    enrich: Enrich
    vendors: dict[str, FakeVendor]
    worker: WorkspaceWrites

    async def states(self, object_name: str) -> list[str]:
        rows = await self.enrich.rows(
            "select state from intent where object = $1 order by planned_at", object_name
        )
        return [row["state"] for row in rows]

    async def until(self, holds: Callable[[], Awaitable[bool]]) -> None:
        """Wait for a condition, with a deadline."""
        async with asyncio.timeout(PATIENCE_S):
            while not await holds():
                self.worker.wake_all()
                await asyncio.sleep(0.01)

    async def settled(self, object_name: str, state: str = "confirmed") -> None:
        async def holds() -> bool:
            return state in await self.states(object_name)

        await self.until(holds)


def once(answer: Any) -> Any:
    """A script that answers the first call only."""
    calls: list[WriteCall] = []

    def script(call: WriteCall) -> Any:
        calls.append(call)
        return answer if len(calls) == 1 else None

    return script


async def plan_customer(loader: Loader) -> None:
    await loader.enrich.feed(loader.enrich.record("freshbooks.client", "1", ANA))


def executor(
    pool: Pool, vendors: dict[str, FakeVendor], queue: SettleQueue, group: str, **settings: Any
) -> Executor:
    definitions = load_shipped()
    return Executor(
        ExecutorSettings("loader-0", "default", group, **settings),
        pool,
        vendors,
        definitions.mappings,
        definitions.sync_rules,
        ParentLoader(homes(definitions)),
        queue,
        FakePermit(),
        SystemClock(),
    )


async def ended(queue: SettleQueue, running: asyncio.Task[None]) -> None:
    """All that was put is settled, or the queue fell, which is raised."""
    settled = asyncio.create_task(queue.join())
    await asyncio.wait({settled, running}, return_when=asyncio.FIRST_COMPLETED)
    settled.cancel()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


@pytest.fixture
async def loader(enrich: Enrich) -> AsyncIterator[Loader]:
    await enrich.pool.execute(
        "insert into workspace (id, reference_key, opened_at) values ('default', $1, now())", b"k" * 32
    )
    clock, definitions = SystemClock(), load_shipped()
    vendors = {system: FakeVendor() for system in ("freshbooks", "zoho_crm", "zoho_books")}
    office = DeadLetterOffice(group="loader", stage="loader", release="test", clock=clock)
    settler = Settler(FeedBack(Codec.from_files(), clock, office), renamable(definitions))
    queue = SettleQueue(enrich.pool, settler, clock)
    executors = {
        group: executor(enrich.pool, vendors, queue, group, look_every_s=0.02, look_holds_s=0.1)
        for group in ("freshbooks", "zoho_crm", "zoho_finance")
    }
    permits: Any = dict.fromkeys(vendors, FakePermit())
    resolver = UnknownResolver(
        enrich.pool,
        vendors,
        vendors,
        definitions.mappings,
        ParentLoader(homes(definitions)),
        settler,
        permits,
        SHORT,
        clock,
    )
    worker = WorkspaceWrites(enrich.pool, "default", (), executors, resolver, clock)
    queue.on_settled.append(lambda workspaces: worker.wake_all())
    tasks = [asyncio.create_task(worker.run()), asyncio.create_task(queue.run())]
    yield Loader(enrich, vendors, worker)
    for vendor in vendors.values():
        vendor.may_answer.set()
    worker.stop()
    await tasks[0]
    await ended(queue, tasks[1])
