"""Kernel: connections to PostgreSQL and the ordered migrations.

Every connection speaks orjson for `json` and `jsonb`, and runs without JIT; planning a statement anew for its
values costs more than these short set-based statements themselves.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg
import orjson
from asyncpg.pool import PoolConnectionProxy

from twinledger.kernel.errors import FatalError, TransientError
from twinledger.kernel.resources import migrations_dir

__all__ = ["PLANS", "Connection", "Pool", "migrate", "open_pool", "speak_json", "transaction"]

# Texts: asyncpg's classes are generic in its stubs only.
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

_AWAY = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)
_WRONG_SCHEMA = (
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
    asyncpg.UndefinedFunctionError,
    asyncpg.InsufficientPrivilegeError,
)
PLANS = {"jit": "off", "plan_cache_mode": "force_generic_plan", "enable_seqscan": "off"}
"""How every connection has its statements planned: once, for any values, by the indexes (decision 0032)."""
_JSONB = b"\x01"
"""The version that goes before the text of a `jsonb` in binary form (PostgreSQL, jsonb_recv)."""
_MIGRATION_LOCK = 7_423_901_554_120_883


async def open_pool(dsn: str, *, min_size: int = 2, max_size: int = 10) -> Pool:
    """A pool whose connections keep no session state, so giving one back costs no round trip."""
    return await asyncpg.create_pool(
        dsn,
        min_size=min_size,
        max_size=max_size,
        init=speak_json,
        reset=_keep,
        max_inactive_connection_lifetime=0,
        timeout=10,
        command_timeout=60,
        max_cached_statement_lifetime=0,
        statement_cache_size=1000,
        server_settings={**PLANS, "application_name": "twinledger"},
    )


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Connection]:
    """One transaction on one connection; TransientError when the database is away or went away.

    Whether a commit cut off by that was applied is not known: callers ask the database.
    """
    try:
        async with pool.acquire() as connection:
            try:
                async with connection.transaction():
                    yield connection
            except asyncpg.InterfaceError as error:
                if _is_gone(connection):
                    raise TransientError("the database connection was lost", error_class="network") from error
                raise
    except _AWAY as error:
        raise TransientError("the database is away", error_class="network") from error
    except _WRONG_SCHEMA as error:
        raise FatalError("the database lacks a table, column or grant; try: migrate it") from error


async def migrate(dsn: str, folder: Path | None = None) -> list[str]:
    """Apply what is new, in order of the names; returns the names applied."""
    files = _read(folder or migrations_dir())
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("select pg_advisory_lock($1)", _MIGRATION_LOCK)
        await connection.execute(
            "create table if not exists schema_migration ("
            "name text primary key, checksum text not null, applied_at timestamptz not null default now())"
        )
        known = {row["name"]: row["checksum"] for row in await connection.fetch(_APPLIED)}
        return [name for name, text in files.items() if await _apply(connection, name, text, known)]
    finally:
        await connection.close()


def _is_gone(connection: Connection) -> bool:
    """The pool takes a lost connection back at once: then even the question fails."""
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:
        return True


_APPLIED = "select name, checksum from schema_migration"


def _read(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.sql"))}


async def _apply(
    connection: asyncpg.Connection[asyncpg.Record], name: str, text: str, known: dict[str, str]
) -> bool:
    checksum = hashlib.sha256(text.encode()).hexdigest()
    if name in known:
        if known[name] != checksum:
            raise FatalError(f"migration {name} changed after it was applied; try: add a new file")
        return False
    async with connection.transaction():
        await connection.execute(text)
        await connection.execute(
            "insert into schema_migration (name, checksum) values ($1, $2)", name, checksum
        )
    return True


async def speak_json(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """`json` and `jsonb` to and from Python values, also in rows of rows: those come in binary form alone."""
    for name, encoder, decoder in (("json", orjson.dumps, orjson.loads), ("jsonb", _to_jsonb, _of_jsonb)):
        await connection.set_type_codec(
            name, schema="pg_catalog", encoder=encoder, decoder=decoder, format="binary"
        )


async def _keep(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Nothing to undo: transactions end with their block and no one changes session settings."""


def _to_jsonb(value: Any) -> bytes:
    return _JSONB + orjson.dumps(value)


def _of_jsonb(sent: bytes) -> Any:
    return orjson.loads(sent[len(_JSONB) :])
