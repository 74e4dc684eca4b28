"""Simulation: a real PostgreSQL behind a port: one transaction at a time, in seeded order, in virtual time.

Nobody hears a NOTIFY here: the stages must do without.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from tests.faults.simulation.port import Port

__all__ = ["SimConnection", "SimPool"]

Step = Callable[[str], None]


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


def _is_done(running: asyncio.Future[Any] | None) -> bool:
    return running is None or running.done()


def _only_reads(query: str) -> bool:
    """Whoever has the port to himself needs no transaction to read in."""
    return query.lstrip()[:6].lower() == "select" and "budget_take" not in query and "notify" not in query
