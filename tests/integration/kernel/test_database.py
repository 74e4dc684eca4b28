from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from tests.conftest import database_address

from twinledger.kernel.database import Pool, migrate, open_pool, transaction
from twinledger.kernel.errors import FatalError, TransientError


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    opened = await open_pool(database, min_size=1, max_size=2)
    await opened.execute("create table t (n int primary key, j jsonb)")
    yield opened
    await opened.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_a.sql").write_text("create table a (n int);")
    (tmp_path / "0002_b.sql").write_text("create table b (n int);")
    return tmp_path


@pytest.fixture
async def empty(database: str) -> AsyncIterator[str]:
    """A database that was never migrated."""
    name = database.rpartition("/")[2].partition("?")[0] + "_empty"
    connection = await asyncpg.connect(database)
    await connection.execute(f"create database {name}")
    yield database_address(database, name)
    await connection.execute(f"drop database {name} with (force)")
    await connection.close()


async def test_migrations_run_once_in_order_and_only_new_ones_later(empty: str, folder: Path) -> None:
    assert await migrate(empty, folder) == ["0001_a.sql", "0002_b.sql"]
    (folder / "0003_c.sql").write_text("alter table b rename to c;")
    assert await migrate(empty, folder) == ["0003_c.sql"]
    assert await migrate(empty, folder) == []


async def test_two_processes_may_migrate_at_once(empty: str, folder: Path) -> None:
    applied = await asyncio.gather(*(migrate(empty, folder) for _ in range(4)))
    assert sorted(applied, key=len) == [[], [], [], ["0001_a.sql", "0002_b.sql"]]


async def test_a_changed_migration_stops_the_process(empty: str, folder: Path) -> None:
    await migrate(empty, folder)
    (folder / "0001_a.sql").write_text("create table a (n bigint);")
    with pytest.raises(FatalError, match=r"0001_a.sql changed"):
        await migrate(empty, folder)


async def test_a_migration_that_fails_leaves_nothing_behind(empty: str, folder: Path) -> None:
    (folder / "0002_b.sql").write_text("create table b (n int); select broken;")
    with pytest.raises(asyncpg.PostgresError):
        await migrate(empty, folder)
    (folder / "0002_b.sql").write_text("create table b (n int);")
    assert await migrate(empty, folder) == ["0002_b.sql"]


async def test_json_goes_in_and_out_as_values(pool: Pool) -> None:
    await pool.execute("insert into t values (1, $1)", {"amount": "12.5", "lines": [None]})
    assert await pool.fetchval("select j from t") == {"amount": "12.5", "lines": [None]}


async def test_a_failed_transaction_leaves_nothing_behind(pool: Pool) -> None:
    with pytest.raises(asyncpg.UniqueViolationError):
        async with transaction(pool) as connection:
            await connection.execute("insert into t values (1, null)")
            await connection.execute("insert into t values (1, null)")
    assert await pool.fetchval("select count(*) from t") == 0


@pytest.mark.parametrize("when", ["in a statement", "between statements"])
async def test_a_database_that_goes_away_is_transient_and_the_pool_goes_on(pool: Pool, when: str) -> None:
    with pytest.raises(TransientError) as lost:
        async with transaction(pool) as connection:
            await connection.execute("insert into t values (1, null)")
            if when == "in a statement":
                await connection.execute("select pg_terminate_backend(pg_backend_pid())")
            else:
                await pool.execute("select pg_terminate_backend($1)", connection.get_server_pid())
                await connection.execute("select 1")
    assert lost.value.error_class == "network"
    async with transaction(pool) as connection:
        assert await connection.fetchval("select count(*) from t") == 0


async def test_an_address_where_nobody_answers_is_transient(pool: Pool) -> None:
    await pool.expire_connections()
    pool.set_connect_args("postgresql://nobody@127.0.0.1:1/x")
    with pytest.raises(TransientError):
        async with transaction(pool):
            pass


async def test_a_missing_table_is_fatal(pool: Pool) -> None:
    with pytest.raises(FatalError, match="migrate"):
        async with transaction(pool) as connection:
            await connection.execute("select * from nowhere")


async def test_misuse_of_a_live_connection_is_not_taken_for_a_lost_one(pool: Pool) -> None:
    with pytest.raises(asyncpg.InterfaceError):
        async with transaction(pool) as connection:
            await asyncio.gather(connection.execute("select 1"), connection.execute("select 2"))
