"""Keys are replaced under what they seal: every value opens before, between and after (SEC-04)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from twinledger.kernel.database import Pool, open_pool
from twinledger.kernel.errors import FatalError
from twinledger.state.connections import open_application, open_grant, store_grant
from twinledger.state.key_rotation import SEALED, key_versions, rewrap, rotate, verify
from twinledger.state.sealing import LocalKeyWrapper, Sealer, version_of
from twinledger.state.subscriptions import StoredSubscription, ensure_subscription, find_subscription

OLD, NEW = bytes(range(32)), bytes(range(1, 33))
SEALED_COLUMNS = """
    select table_name, column_name from information_schema.columns
     where table_schema = 'public' and data_type = 'bytea'
"""
NOT_SEALED = {
    ("outbox", "key"),
    ("outbox", "value"),
    ("parked", "key"),
    ("parked", "value"),
    ("workspace", "reference_key"),
    ("workspace_key", "wrapped"),
}


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    pool = await open_pool(database, max_size=3)
    sealer = Sealer(LocalKeyWrapper(OLD))
    async with pool.acquire() as connection:
        for workspace in ("one", "two"):
            await store_grant(
                connection,
                sealer,
                workspace=workspace,
                platform="zoho",
                account={"organization_id": workspace},
                access="the access token",
                refresh="the refresh token",
                expires_at=datetime.now(UTC) + timedelta(hours=1),
                application="the application",
            )
            wanted = StoredSubscription(f"key-{workspace}", workspace, "zoho_crm", "zoho_crm.contact", "all")
            await ensure_subscription(connection, sealer, wanted)
    yield pool
    await pool.close()


async def opened(connection: Any, sealer: Sealer, workspace: str = "one") -> tuple[str, str, str | None]:
    grant = await open_grant(connection, sealer, workspace, "zoho")
    assert grant is not None
    assert await find_subscription(connection, sealer, f"key-{workspace}") is not None
    return grant.access, grant.refresh, await open_application(connection, sealer, workspace, "zoho")


ALL = ("the access token", "the refresh token", "the application")


async def test_every_value_is_sealed_anew_and_nobody_notices(pool: Pool) -> None:
    sealer, running = Sealer(LocalKeyWrapper(OLD)), Sealer(LocalKeyWrapper(OLD))
    async with pool.acquire() as connection:
        assert await opened(connection, running) == ALL  # has the first key in memory
        assert await rotate(connection, sealer, "one") == 2
        assert await opened(connection, running) == ALL
        assert (await verify(connection, sealer, "one")).sealed == {2: 4}
        assert (await verify(connection, sealer, "two")).sealed == {1: 4}


async def test_a_running_process_seals_with_the_new_key_from_then_on(pool: Pool) -> None:
    running = Sealer(LocalKeyWrapper(OLD))
    async with pool.acquire() as connection:
        await opened(connection, running)
        await rotate(connection, Sealer(LocalKeyWrapper(OLD)), "one")
        wanted = StoredSubscription("fresh", "one", "zoho_crm", "zoho_crm.account", "all")
        await ensure_subscription(connection, running, wanted)
        assert (
            version_of(await connection.fetchval("select secret from subscription where key = 'fresh'")) == 2
        )


async def test_what_a_process_was_just_sealing_with_the_old_key_still_opens(pool: Pool) -> None:
    sealer = Sealer(LocalKeyWrapper(OLD))
    async with pool.acquire() as connection:
        before = await connection.fetchval("select access_token from connection where workspace = 'one'")
        await rotate(connection, sealer, "one")
        await connection.execute("update connection set access_token = $1 where workspace = 'one'", before)
        assert await opened(connection, Sealer(LocalKeyWrapper(OLD))) == ALL


async def test_the_outer_key_is_replaced_in_two_steps(pool: Pool) -> None:
    both = LocalKeyWrapper(NEW, previous=OLD)
    async with pool.acquire() as connection:
        assert await opened(connection, Sealer(both)) == ALL
        assert await rewrap(connection, both) == len(await key_versions(connection)) == 2
        assert await opened(connection, Sealer(LocalKeyWrapper(NEW))) == ALL
        with pytest.raises(FatalError, match="key-encryption key"):
            await opened(connection, Sealer(LocalKeyWrapper(OLD)))


async def test_a_value_that_was_moved_is_found(pool: Pool) -> None:
    sealer = Sealer(LocalKeyWrapper(OLD))
    async with pool.acquire() as connection:
        await connection.execute("update connection set access_token = refresh_token where workspace = 'one'")
        found = await verify(connection, sealer, "one")
    assert (found.opened, found.failed) == (3, ("connection/access_token/zoho",))


async def test_no_sealed_column_is_forgotten(pool: Pool) -> None:
    """A new bytea column is a ciphertext that rotates, or stands in the list above."""
    columns = {tuple(row.values()) for row in await pool.fetch(SEALED_COLUMNS)} - NOT_SEALED
    assert columns == {(one.table, one.column) for one in SEALED}
