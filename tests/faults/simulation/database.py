"""Simulation: a real PostgreSQL behind a port: one transaction at a time, in seeded order, in virtual time.

The schema `sim` stands before `pg_catalog`, so the product's own SQL reads `now()` from a setting that goes
out with each `begin`. Nobody hears a NOTIFY here: the stages must do without.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import orjson
from tests.faults.simulation.virtual_time import START, VirtualLoop

from twinledger.kernel.database import migrate

__all__ = ["Port", "SimConnection", "SimPool", "make_template"]

TRACE = None
PATH = "public, sim, pg_catalog"
_STATEMENTS = 2_000
_SIM = """
    create schema if not exists sim;
    create sequence if not exists sim.uuids;
    create or replace function sim.now() returns timestamptz language sql stable
        as $$ select to_timestamp(current_setting('sim.began')::float8) $$;
    create or replace function sim.clock_timestamp() returns timestamptz language sql volatile
        as $$ select to_timestamp(current_setting('sim.clock')::float8) $$;
    create or replace function sim.gen_random_uuid() returns uuid language sql volatile
        as $$ select md5(nextval('sim.uuids')::text)::uuid $$;
"""
_TABLES = "select format('%I', tablename) from pg_tables where schemaname = 'public'"

Step = Callable[[str], None]


async def make_template(server_dsn: str, name: str, address: str) -> None:
    """A migrated database whose defaults read the virtual time."""
    connection = await asyncpg.connect(server_dsn)
    try:
        await connection.execute(f"drop database if exists {name} with (force)")
        await connection.execute(f"create database {name}")
        await connection.execute(f"alter database {name} set search_path = {PATH}")
        await connection.execute(f"alter database {name} set sim.began = '{START.timestamp()}'")
        await connection.execute(f"alter database {name} set sim.clock = '{START.timestamp()}'")
    finally:
        await connection.close()
    inside = await asyncpg.connect(address)
    try:
        await inside.execute(_SIM)
    finally:
        await inside.close()
    await migrate(address)


class Port:
    """The one connection; whose turn it is, is drawn by the seed."""

    def __init__(self, loop: VirtualLoop, connection: asyncpg.Connection[Any]) -> None:
        self._loop, self._connection = loop, connection
        self._told: float | None = None
        self._taken = False
        self._waiting: list[asyncio.Future[None]] = []
        self.rng = random.Random(0)
        self.statements = 0

    @classmethod
    @asynccontextmanager
    async def open(cls, loop: VirtualLoop, address: str) -> AsyncIterator[Port]:
        with loop.at_work():
            connection = await asyncpg.connect(
                address,
                statement_cache_size=_STATEMENTS,
                max_cached_statement_lifetime=0,
                server_settings={"jit": "off", "search_path": PATH},
            )
            await connection.set_type_codec(
                "jsonb",
                schema="pg_catalog",
                encoder=lambda value: orjson.dumps(value).decode(),
                decoder=orjson.loads,
                format="text",
            )
        try:
            yield cls(loop, connection)
        finally:
            with loop.at_work():
                await connection.close()

    async def empty(self, seed: int) -> None:
        """A new world begins."""
        self.rng = random.Random(f"port {seed}")
        self._told = None
        with self._loop.at_work():
            tables = [row[0] for row in await self._connection.fetch(_TABLES)]
            kept = "schema_migration"
            names = ", ".join(name for name in tables if name != kept)
            await self._connection.execute(f"truncate {names} restart identity")
            await self._connection.execute("alter sequence sim.uuids restart")

    async def take(self) -> None:
        """Wait for the turn."""
        if not self._taken:
            self._taken = True
            return
        turn = self._loop.create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn in self._waiting:
                self._waiting.remove(turn)
            else:
                self.give()
            raise

    def give(self) -> None:
        """The turn is somebody else's."""
        self._waiting = [turn for turn in self._waiting if not turn.done()]
        if self._waiting:
            self._waiting.pop(self.rng.randrange(len(self._waiting))).set_result(None)
        else:
            self._taken = False

    def start(self, work: Callable[..., Awaitable[Any]], *arguments: Any) -> asyncio.Task[Any]:
        """One statement, carried to its end even if nobody waits for it any more."""
        self.statements += 1
        if TRACE is not None:
            TRACE.append((round(self._loop.time(), 6), repr(arguments)[:3000]))
        return self._loop.create_task(self._carry(work, arguments))

    async def _carry(self, work: Callable[..., Awaitable[Any]], arguments: Sequence[Any]) -> Any:
        with self._loop.at_work():
            return await work(*arguments)

    def time_settings(self) -> str:
        """What a transaction that begins now has to set; empty when that is set already."""
        now = START.timestamp() + self._loop.time()
        if self._told == now:
            return ""
        self._told = now
        return f"set sim.began = '{now:.6f}'; set sim.clock = '{now:.6f}';"

    def forget_time(self) -> None:
        """A rollback took the settings back."""
        self._told = None

    @property
    def real(self) -> asyncpg.Connection[Any]:
        return self._connection


class SimPool:
    """A stage's pool; it holds nothing, so closing it does nothing."""

    def __init__(self, port: Port, step: Step) -> None:
        self._port, self._step = port, step

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[SimConnection]:
        yield SimConnection(self._port, self._step)

    async def fetch(self, query: str, *arguments: Any) -> list[Any]:
        return await SimConnection(self._port, self._step).fetch(query, *arguments)

    async def fetchrow(self, query: str, *arguments: Any) -> Any:
        return await SimConnection(self._port, self._step).fetchrow(query, *arguments)

    async def fetchval(self, query: str, *arguments: Any) -> Any:
        return await SimConnection(self._port, self._step).fetchval(query, *arguments)

    async def execute(self, query: str, *arguments: Any) -> Any:
        return await SimConnection(self._port, self._step).execute(query, *arguments)

    async def close(self) -> None:
        """The port stays open for the next life."""


class SimConnection:
    """What `pool.acquire()` gives: a transaction, or a single statement, has the port to itself."""

    def __init__(self, port: Port, step: Step) -> None:
        self._port, self._step = port, step
        self._depth = 0
        self._running: asyncio.Future[Any] | None = None

    async def fetch(self, query: str, *arguments: Any) -> list[Any]:
        return await self._do(self._port.real.fetch, query, *arguments)

    async def fetchrow(self, query: str, *arguments: Any) -> Any:
        return await self._do(self._port.real.fetchrow, query, *arguments)

    async def fetchval(self, query: str, *arguments: Any) -> Any:
        return await self._do(self._port.real.fetchval, query, *arguments)

    async def execute(self, query: str, *arguments: Any) -> Any:
        return await self._do(self._port.real.execute, query, *arguments)

    async def executemany(self, query: str, arguments: Sequence[Any]) -> Any:
        return await self._do(self._port.real.executemany, query, arguments)

    def is_closed(self) -> bool:
        return False

    async def add_listener(self, channel: str, heard: Any) -> None:
        """Words get lost here."""

    async def remove_listener(self, channel: str, heard: Any) -> None:
        """Nobody listens."""

    @asynccontextmanager
    async def transaction(self, **_: Any) -> AsyncIterator[None]:
        if self._depth:
            async with self._savepoint():
                yield
            return
        self._step("database.begin")
        await self._port.take()
        self._depth = 1
        try:
            await self._statement(self._port.real.execute, f"begin; {self._port.time_settings()}")
            yield
            self._step("database.commit")
        except BaseException:
            self._end("rollback")
            raise
        await asyncio.shield(self._end("commit"))
        self._step("database.committed")

    @asynccontextmanager
    async def _savepoint(self) -> AsyncIterator[None]:
        name = f"s{self._depth}"
        self._depth += 1
        try:
            await self._statement(self._port.real.execute, f"savepoint {name}")
            yield
        except BaseException:
            await self._statement(self._port.real.execute, f"rollback to savepoint {name}")
            raise
        finally:
            self._depth -= 1
        await self._statement(self._port.real.execute, f"release savepoint {name}")

    def _end(self, how: str) -> asyncio.Task[None]:
        """Commit or roll back, waited for or not, and leave the port to the next."""
        return asyncio.get_running_loop().create_task(self._ended(how))

    async def _ended(self, how: str) -> None:
        try:
            await self._still()
            await self._port.start(self._port.real.execute, how)
        finally:
            self._depth = 0
            if how == "rollback":
                self._port.forget_time()
            self._port.give()

    async def _do(self, work: Callable[..., Awaitable[Any]], query: str, *arguments: Any) -> Any:
        self._step("database.statement")
        if self._depth:
            return await self._statement(work, query, *arguments)
        await self._port.take()
        try:
            if settings := self._port.time_settings():
                await self._statement(self._port.real.execute, settings)
            return await self._statement(work, query, *arguments)
        finally:
            if self._running is None or self._running.done():
                self._port.give()
            else:
                self._running.add_done_callback(lambda _: self._port.give())

    async def _statement(self, work: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
        await self._still()
        self._running = self._port.start(work, *arguments)
        return await asyncio.shield(self._running)

    async def _still(self) -> None:
        """A statement that was given up is carried to its end first."""
        if self._running is not None and not self._running.done():
            await asyncio.wait([self._running])
