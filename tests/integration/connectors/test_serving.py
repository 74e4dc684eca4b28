"""A workspace is served from its last connect to a pause, a loss or a removal; it stops no other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from tests.eventually import eventually

from twinledger.connectors.serving import ServedWorkspaces
from twinledger.kernel.database import Pool, open_pool
from twinledger.kernel.errors import FatalError
from twinledger.state.connections import remove_connection, set_connection_state, store_grant
from twinledger.state.sealing import LocalKeyWrapper, Sealer
from twinledger.state.workspaces import ensure_workspace

PLATFORMS = ("freshbooks", "zoho")
IDS = {"freshbooks": "account_id", "zoho": "organization_id"}


class FakeParts:
    """Runs until stopped, or until it breaks."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.broken = False

    async def run(self) -> None:
        await self.ended.wait()
        if self.broken:
            raise FatalError("these parts are broken")

    def stop(self) -> None:
        self.ended.set()


class Stage:
    """Which workspaces were opened, how often, and which are open now."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.opened: list[str] = []
        self.open_now: dict[str, FakeParts] = {}
        self.served = ServedWorkspaces(pool, self.open, look_every_s=0.05)

    @asynccontextmanager
    async def open(self, workspace: str) -> AsyncIterator[FakeParts]:
        self.opened.append(workspace)
        parts = self.open_now[workspace] = FakeParts()
        try:
            yield parts
        finally:
            del self.open_now[workspace]

    async def serves(self, *workspaces: str) -> None:
        async def exactly() -> bool:
            return {*self.open_now} == {*workspaces}

        await eventually(exactly, within_s=10)


@pytest.fixture
async def stage(database: str) -> AsyncIterator[Stage]:
    pool = await open_pool(database, max_size=4)
    stage = Stage(pool)
    task = asyncio.create_task(stage.served.run())
    yield stage
    stage.served.stop()
    await asyncio.wait_for(task, 10)
    assert stage.open_now == {}
    await pool.close()


async def connect(
    stage: Stage, workspace: str, *platforms: str, ends_in: timedelta = timedelta(hours=1)
) -> None:
    async with stage.pool.acquire() as connection:
        await ensure_workspace(connection, workspace)
        for platform in platforms:
            await store_grant(
                connection,
                Sealer(LocalKeyWrapper(bytes(32))),
                workspace=workspace,
                platform=platform,
                account={IDS[platform]: f"{workspace}-{platform}"},
                access="a",
                refresh="r",
                expires_at=datetime.now(UTC) + ends_in,
            )


async def test_a_workspace_is_served_once_its_last_platform_is_connected(stage: Stage) -> None:
    await connect(stage, "one", *PLATFORMS)
    await connect(stage, "half", "freshbooks")
    await stage.serves("one")
    await connect(stage, "half", "zoho")
    await stage.serves("one", "half")
    assert stage.opened.count("one") == 1


async def test_a_new_consent_starts_its_parts_anew_and_no_others(stage: Stage) -> None:
    await connect(stage, "one", *PLATFORMS)
    await connect(stage, "two", *PLATFORMS)
    await stage.serves("one", "two")
    await connect(stage, "two", "zoho")

    async def again() -> bool:
        return stage.opened.count("two") == 2

    await eventually(again, within_s=10)
    await stage.serves("one", "two")
    assert stage.opened.count("one") == 1


async def test_a_workspace_with_nothing_to_work_over_rests(stage: Stage) -> None:
    await connect(stage, "one", *PLATFORMS)
    await stage.serves("one")
    async with stage.pool.acquire() as connection:
        for platform in PLATFORMS:
            await set_connection_state(connection, "one", platform, "paused")
    await stage.serves()
    async with stage.pool.acquire() as connection:
        await set_connection_state(connection, "one", "zoho", "ok")
    await stage.serves("one")


async def test_a_removed_connection_ends_the_workspaces_service(stage: Stage) -> None:
    await connect(stage, "one", *PLATFORMS)
    await stage.serves("one")
    async with stage.pool.acquire() as connection:
        assert await remove_connection(connection, "one", "zoho", ["zoho_crm", "zoho_books"])
    await stage.serves()


async def test_a_lost_grant_is_served_to_the_end_of_its_last_token(stage: Stage) -> None:
    await connect(stage, "one", *PLATFORMS, ends_in=timedelta(seconds=1))
    async with stage.pool.acquire() as connection:
        for platform in PLATFORMS:
            await set_connection_state(connection, "one", platform, "reconnect_needed")
    await stage.serves("one")
    await stage.serves()


async def test_parts_that_break_are_started_again_and_stop_no_other(stage: Stage) -> None:
    await connect(stage, "one", *PLATFORMS)
    await connect(stage, "two", *PLATFORMS)
    await stage.serves("one", "two")
    stage.open_now["two"].broken = True
    stage.open_now["two"].ended.set()

    async def again() -> bool:
        return stage.opened.count("two") == 2

    await eventually(again, within_s=10)
    assert stage.opened.count("one") == 1
    assert stage.served.get("one") is stage.open_now["one"]
