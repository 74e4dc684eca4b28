"""Kernel: words between processes by PostgreSQL's NOTIFY, heard on a connection of its own.

A word said while the line is down is lost: what it announces must be found without it, later.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable

import asyncpg

from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Connection, Pool

__all__ = ["SEPARATOR", "listen"]

SEPARATOR = "\x1f"
"""Between the parts of a word."""
_LISTEN_AGAIN_S = 2.0
_AWAY = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)


async def listen(pool: Pool, channel: str, heard: Callable[[str], None], clock: Clock) -> None:
    """Until cancelled; `heard` is given each payload."""
    while True:
        with contextlib.suppress(*_AWAY):
            async with _listening(pool, channel, heard) as connection:
                while not connection.is_closed():
                    await clock.sleep(_LISTEN_AGAIN_S)
        await clock.sleep(_LISTEN_AGAIN_S)


@contextlib.asynccontextmanager
async def _listening(pool: Pool, channel: str, heard: Callable[[str], None]) -> AsyncIterator[Connection]:
    def pass_on(connection: object, process: int, channel: str, payload: object) -> None:
        heard(str(payload))

    async with pool.acquire() as connection:
        await connection.add_listener(channel, pass_on)
        try:
            yield connection
        finally:
            if not connection.is_closed():
                await connection.remove_listener(channel, pass_on)
