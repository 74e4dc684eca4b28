"""A process is killed between the answer to a refresh and its commit: FreshBooks gives that answer once."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from tests.contract.connectors.refresh_process import GONE
from tests.contract.connectors.sandbox import Admin, Sandbox, allow, oauth_client

from twinledger.connectors import registry
from twinledger.kernel.clock import SystemClock
from twinledger.kernel.database import Pool, open_pool
from twinledger.kernel.http import new_http_client
from twinledger.state.connections import store_grant
from twinledger.state.sealing import LocalKeyWrapper, Sealer

PROGRAM = Path(__file__).with_name("refresh_process.py")


@pytest.fixture
async def pool(database: str, sandbox: Sandbox) -> AsyncIterator[Pool]:
    """With a grant of the sandbox whose access token has ended."""
    pool = await open_pool(database, max_size=2)
    async with new_http_client() as http:
        auth = registry.auth(
            "freshbooks", oauth_client(sandbox, "freshbooks"), http=http, clock=SystemClock()
        )
        grant = await allow(http, auth, ["user:clients:read"])
    async with pool.acquire() as connection:
        await store_grant(
            connection,
            Sealer(LocalKeyWrapper(bytes(32))),
            workspace="w",
            platform="freshbooks",
            account={"account_id": "x"},
            access=grant.access.value,
            refresh=grant.refresh_token,
            expires_at=datetime.now(UTC) - timedelta(hours=1),
        )
    yield pool
    await pool.close()


async def process(database: str, sandbox: Sandbox, fail: str = "") -> int:
    root = Path(__file__).parents[3]
    one = await asyncio.create_subprocess_exec(
        *(sys.executable, str(PROGRAM), database, orjson.dumps(sandbox.urls).decode()),
        env={**os.environ, "FAIL": fail, "PYTHONPATH": f"{root}:{root / 'services'}"},
    )
    return await one.wait()


async def token_calls(sandbox: Sandbox) -> int:
    async with new_http_client() as http:
        rows = await Admin(http, sandbox.urls["admin"]).requests("freshbooks")
    return sum(row["path"].endswith("/oauth/token") for row in rows)


@pytest.mark.control("SEC-05")
async def test_the_next_process_tries_once_and_asks_for_a_reconnect(
    pool: Pool, database: str, sandbox: Sandbox
) -> None:
    before = await token_calls(sandbox)
    assert await process(database, sandbox, "token.store.before:1:kill") == -signal.SIGKILL
    await pool.execute("update connection set refresh_until = clock_timestamp() - interval '1 s'")
    assert [await process(database, sandbox) for _ in range(3)] == [GONE, GONE, GONE]
    assert await pool.fetchval("select state from connection") == "reconnect_needed"
    assert await token_calls(sandbox) - before == 2


@pytest.mark.control("SEC-05")
async def test_a_kill_before_the_call_costs_nothing(pool: Pool, database: str, sandbox: Sandbox) -> None:
    assert await process(database, sandbox, "token.refresh.before:1:kill") == -signal.SIGKILL
    await pool.execute("update connection set refresh_until = clock_timestamp() - interval '1 s'")
    assert await process(database, sandbox) == 0
    assert await pool.fetchval("select state from connection") == "ok"
