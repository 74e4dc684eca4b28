"""Simulation: a real PostgreSQL behind a port: one transaction at a time, in seeded order, in virtual time.

The schema `sim` stands before `pg_catalog`, so the product's own SQL reads `now()` from a setting that goes
out with each `begin`. Nobody hears a NOTIFY here: the stages must do without.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from contextvars import copy_context
from typing import Any

import asyncpg
import orjson
from tests.faults.simulation.virtual_time import START, VirtualLoop

from twinledger.kernel.database import migrate

__all__ = ["Port", "SimConnection", "SimPool", "make_template"]

PATH = "public, sim, pg_catalog"
_STATEMENTS = 2_000
_PATIENCE_S = 60.0
_SLOW, _SLOW_S = 0.5, 0.01
"""Half of the transactions take a moment: others gather meanwhile."""
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
        self._is_open = False
        self._waiting: list[asyncio.Future[None]] = []
        self._context = copy_context()
        self._carried: asyncio.Task[Any] | None = None
        self._behind: set[asyncio.Task[None]] = set()
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
        port = cls(loop, connection)
        try:
            yield port
        finally:
            await port.still()
            with loop.at_work():
                await connection.close()

    async def empty(self, seed: int) -> None:
        """A new world begins."""
        self.rng = random.Random(f"port {seed}")
        await self.still()
        with self._loop.at_work():
            await self._connection.execute("rollback")
            self.rolled_back()
            tables = [row[0] for row in await self._connection.fetch(_TABLES)]
            kept = "schema_migration"
            names = ", ".join(name for name in tables if name != kept)
            await self._connection.execute(f"truncate {names} restart identity")
            await self._connection.execute("alter sequence sim.uuids restart")

    async def take(self) -> None:
        """Wait for the turn."""
        await self._turn()
        if self.rng.random() < _SLOW:
            try:
                await asyncio.sleep(self.rng.expovariate(1 / _SLOW_S))
            except asyncio.CancelledError:
                self.give()
                raise

    async def _turn(self) -> None:
        if not self._taken:
            self._taken = True
            return
        turn = self._loop.create_future()
        self._waiting.append(turn)
        patience = self._loop.call_later(_PATIENCE_S, _lose_patience, turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it had been granted meanwhile
                self.give()
            raise
        finally:
            patience.cancel()

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
        task = self._loop.create_task(self._carry(work, arguments), context=self._context.copy())
        self._carried = task
        return task

    async def still(self) -> None:
        """Until nothing is left to end, and the last statement is carried to its end."""
        while self._behind:
            await asyncio.wait(tuple(self._behind))
        if self._carried is not None and not self._carried.done():
            await asyncio.wait([self._carried])

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Goes on whatever becomes of the stage that asked for it."""
        task = self._loop.create_task(work, context=self._context.copy())
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)

    async def _carry(self, work: Callable[..., Awaitable[Any]], arguments: Sequence[Any]) -> Any:
        with self._loop.at_work():
            return await work(*arguments)

    def begin(self) -> str:
        """Whatever was committed before is so with this: nobody else can look at the database between."""
        text = f"{'commit; ' if self._is_open else ''}begin; {self.time_settings()}"
        self._is_open = True
        return text

    def rolled_back(self) -> None:
        self._is_open, self._told = False, None

    def time_settings(self) -> str:
        """What a statement of now has to be preceded by; empty when that is set already."""
        now = START.timestamp() + self._loop.time()
        if self._told == now:
            return ""
        self._told = now
        return f"set sim.began = '{now:.6f}'; set sim.clock = '{now:.6f}';"

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
        self._depth, self._wrote = 0, False
        self._running: asyncio.Future[Any] | None = None

    async def fetch(self, query: str, *arguments: Any) -> list[Any]:
        rows: list[Any] = await self._do(self._port.real.fetch, query, *arguments)
        return rows

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
        async with self._turn():
            yield
            self._step("database.commit")
        self._step("database.committed")

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """All that is written inside stands afterwards, or none of it."""
        await self._port.take()
        self._depth = 1
        try:
            yield
        except BaseException:
            self._end(undo=True)
            raise
        self._end(undo=False)

    @asynccontextmanager
    async def _savepoint(self) -> AsyncIterator[None]:
        name = f"s{self._depth}"
        self._depth += 1
        try:
            if not self._wrote:
                await self._begin()
            await self._statement(self._port.real.execute, f"savepoint {name}")
            yield
        except BaseException:
            await self._statement(self._port.real.execute, f"rollback to savepoint {name}")
            raise
        finally:
            self._depth -= 1
        await self._statement(self._port.real.execute, f"release savepoint {name}")

    def _end(self, *, undo: bool) -> None:
        """Leave the port to the next; what was written stands from here on, or is taken back first."""
        if (self._wrote and undo) or not _is_done(self._running):
            self._port.spawn(self._ended(undo=self._wrote and undo))
        else:
            self._left()

    async def _ended(self, *, undo: bool) -> None:
        await self._still()
        if undo:
            await self._port.start(self._port.real.execute, "rollback")
            self._port.rolled_back()
        self._left()

    def _left(self) -> None:
        self._depth, self._wrote = 0, False
        self._port.give()

    async def _do(self, work: Callable[..., Awaitable[Any]], query: str, *arguments: Any) -> Any:
        self._step("database.statement")
        if not self._depth:
            async with self._turn():
                return await self._in_turn(work, query, *arguments)
        return await self._in_turn(work, query, *arguments)

    async def _in_turn(self, work: Callable[..., Awaitable[Any]], query: str, *arguments: Any) -> Any:
        """The first statement that writes opens the transaction: until then there is nothing to keep."""
        if not self._wrote and not _only_reads(query):
            await self._begin()
        elif not self._wrote and (settings := self._port.time_settings()):
            await self._statement(self._port.real.execute, settings)
        try:
            return await self._statement(work, query, *arguments)
        except asyncpg.PostgresError as error:
            if not self._wrote:
                raise RuntimeError("a read failed, and took what was committed before it along") from error
            raise

    async def _begin(self) -> None:
        self._wrote = True
        try:
            await self._statement(self._port.real.execute, self._port.begin())
        except asyncpg.PostgresError as error:
            raise RuntimeError("the commit before was refused") from error

    async def _statement(self, work: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
        await self._still()
        self._running = self._port.start(work, *arguments)
        return await asyncio.shield(self._running)

    async def _still(self) -> None:
        """A statement that was given up is carried to its end first."""
        if self._running is not None and not self._running.done():
            await asyncio.wait([self._running])


def _lose_patience(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_exception(RuntimeError("one transaction has waited a minute for another to end"))


def _is_done(running: asyncio.Future[Any] | None) -> bool:
    return running is None or running.done()


def _only_reads(query: str) -> bool:
    """Whoever has the port to himself needs no transaction to read in."""
    return query.lstrip()[:6].lower() == "select" and "budget_take" not in query and "notify" not in query
