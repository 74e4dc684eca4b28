"""Writes gathered into one statement do what they would have done one after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from twinledger.kernel.database import Pool, open_pool, transaction
from twinledger.kernel.writes import Writes


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    opened = await open_pool(database, min_size=1, max_size=1)
    await opened.execute("create table a (n int primary key, word text); create table b (n int, j jsonb)")
    await opened.execute("insert into a values (1, 'old'), (2, 'old')")
    yield opened
    await opened.close()


async def test_each_part_has_its_own_arguments(pool: Pool) -> None:
    writes = Writes()
    await writes.execute("update a set word = $2 where n = $1", 1, "new")
    await writes.execute(
        "insert into b select n, $2::text::jsonb from unnest($1::int[]) as t(n)", [7, 8], '{"k": 1}'
    )
    await writes.execute("delete from a where n = $1 returning n", 2)
    async with transaction(pool) as connection:
        await writes.send(connection)
    assert [tuple(row) for row in await pool.fetch("select n, word from a")] == [(1, "new")]
    assert [tuple(row) for row in await pool.fetch("select n, j from b")] == [(7, {"k": 1}), (8, {"k": 1})]


async def test_they_stand_or_fall_together(pool: Pool) -> None:
    writes = Writes()
    await writes.execute("insert into b values ($1, null)", 7)
    await writes.execute("insert into a values ($1, $2)", 1, "there already")
    async with pool.acquire() as connection:
        with pytest.raises(asyncpg.UniqueViolationError):
            await writes.send(connection)
    assert await pool.fetchval("select count(*) from b") == 0


async def test_nothing_gathered_sends_nothing(pool: Pool) -> None:
    async with transaction(pool) as connection:
        await Writes().send(connection)
        assert await connection.fetchval("select pg_current_xact_id_if_assigned()") is None
