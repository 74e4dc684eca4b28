"""The gate waits for the first read of what a workspace has connected, and of nothing else."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from tests.eventually import eventually

from twinledger.connectors.serving import ServedWorkspaces
from twinledger.kernel.clock import SystemClock
from twinledger.kernel.database import Pool, open_pool
from twinledger.loader.settle_queue import SettleQueue
from twinledger.loader.worker import LoaderWorker
from twinledger.loader.workspace import WorkspaceWrites
from twinledger.state.workspaces import ensure_workspace

ITEM, MORE = "zoho_books.item", "toolshop.tool"


@dataclass
class FakeServed:
    """Two workspaces; the second has one system more."""

    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    writes: tuple[Any, ...] = (
        SimpleNamespace(workspace="plain", objects=(ITEM,), wake_all=lambda: None),
        SimpleNamespace(workspace="more", objects=(ITEM, MORE), wake_all=lambda: None),
    )

    def __iter__(self) -> Any:
        return iter(self.writes)

    def get(self, workspace: str) -> Any:
        return next(one for one in self.writes if one.workspace == workspace)

    async def run(self) -> None:
        await self.stopped.wait()

    def stop(self) -> None:
        self.stopped.set()


async def listed(pool: Pool, object_name: str) -> None:
    """To its end, in both workspaces."""
    await pool.execute(
        """insert into poll_cursor (workspace, object, first_done, caught_up)
           select unnest(array['plain', 'more']), $1, true, true""",
        object_name,
    )


async def opened(pool: Pool) -> list[str]:
    rows = await pool.fetch("select id from workspace where opened_at is not null order by id")
    return [row["id"] for row in rows]


async def test_a_workspace_opens_when_the_systems_it_has_were_read(database: str) -> None:
    pool, served, clock = await open_pool(database, max_size=4), FakeServed(), SystemClock()
    async with pool.acquire() as connection:
        for workspace in ("plain", "more"):
            await ensure_workspace(connection, workspace)
    queue = SettleQueue(pool, cast("Any", None), clock)
    fake = cast("ServedWorkspaces[WorkspaceWrites]", served)
    worker = asyncio.create_task(LoaderWorker(pool, fake, queue, "loader-0", clock).run())

    async def open_are(*workspaces: str) -> None:
        async def they_are() -> bool:
            return await opened(pool) == [*workspaces]

        await eventually(they_are, within_s=10)

    await listed(pool, ITEM)
    await open_are("plain")
    await asyncio.sleep(0.5)
    await open_are("plain")
    await listed(pool, MORE)
    await open_are("more", "plain")
    served.stop()
    await worker
    await pool.close()
