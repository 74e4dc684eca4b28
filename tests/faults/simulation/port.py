"""Simulation: the one connection to PostgreSQL; whose turn it is, is drawn by the seed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from contextvars import copy_context
from typing import Any

import asyncpg
from tests.faults.simulation.template import PATH
from tests.faults.simulation.virtual_time import START, VirtualLoop

from twinledger.kernel.database import PLANS, speak_json

__all__ = ["Port"]

_STATEMENTS = 2_000
_PATIENCE_S = 60.0
_SLOW, _SLOW_S = 0.5, 0.01
"""Half of the transactions take a moment: others gather meanwhile."""
_TABLES = "select format('%I', tablename) from pg_tables where schemaname = 'public'"


class Port:
    """Admits one transaction at a time, and tells it the virtual time."""

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
                server_settings={**PLANS, "search_path": PATH},
            )
            await speak_json(connection)
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


def _lose_patience(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_exception(RuntimeError("one transaction has waited a minute for another to end"))
