"""Road: publishes committed outbox rows, oldest first, until each has its ack.

A row is taken because it has no ack, never because it lies above the last id: ids are given before
the commit, and a late commit would be skipped. Several relays share the table by SKIP LOCKED.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import structlog

from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Connection, Pool, transaction
from twinledger.kernel.errors import TransientError
from twinledger.kernel.failpoints import failpoint
from twinledger.kernel.metrics import OUTBOX_OLDEST_AGE, OUTBOX_PENDING
from twinledger.road import inbox
from twinledger.road.broker import OutRecord, Producer
from twinledger.road.outbox import CHANNEL
from twinledger.road.stored_headers import from_text

__all__ = ["Relay"]

_TIDY_EVERY_S = 30.0
_RETRY_S = 0.5
_GATHER_S = 0.01
"""What the next commits add goes with it, and whoever hears of a row by its commit is not held up by us."""

log = structlog.get_logger()


class Relay:
    """A worker of the stage; `wake()` after a commit makes it look a moment later."""

    def __init__(
        self, pool: Pool, producer: Producer, *, clock: Clock, max_rows: int = 500, look_every_s: float = 1.0
    ) -> None:
        self._pool, self._producer, self._clock = pool, producer, clock
        self._max_rows, self._look_every_s = max_rows, look_every_s
        self._woken = asyncio.Event()
        self._stopping = False
        self._tidy_at = clock.monotonic()

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        self._stopping = True
        self._woken.set()

    async def run(self) -> None:
        """Until stopped; what is committed by then is still published."""
        async with self._listening():
            while not self._stopping:
                await self._wait()
                await self._survive(self._drain)
                await self._survive(self._tidy_when_due)
            await self._survive(self._drain)

    async def publish_once(self) -> int:
        """One set of rows; the locks hold until the broker has acknowledged. Returns how many."""
        async with transaction(self._pool) as connection:
            failpoint("relay.select.before")
            rows = await connection.fetch(_UNACKED, self._max_rows)
            failpoint("relay.select.after")
            if rows:
                records = [
                    OutRecord(row["topic"], row["key"], row["value"], from_text(row["headers"]))
                    for row in rows
                ]
                failpoint("relay.send.before")
                await self._producer.send_batch(records)
                failpoint("relay.send.after")
                failpoint("relay.ack.before")
                await connection.execute(_ACK, [row["id"] for row in rows])
        failpoint("relay.ack.after")
        return len(rows)

    async def _drain(self) -> None:
        while await self.publish_once() == self._max_rows:
            pass

    async def _survive(self, work: Callable[[], Awaitable[None]]) -> None:
        """The rows are safe in their table: a broker or database that is away only costs time."""
        try:
            await work()
        except TransientError as error:
            log.warning("outbox_waits", exc_info=error, retry_after_s=_RETRY_S)
            await self._clock.sleep(_RETRY_S)
            self._woken.set()

    async def _wait(self) -> None:
        with contextlib.suppress(TimeoutError):  # rows of a dead process are nobody's to announce
            await asyncio.wait_for(self._woken.wait(), self._look_every_s)
            await asyncio.sleep(0 if self._stopping else _GATHER_S)
        self._woken.clear()

    async def _tidy_when_due(self) -> None:
        if self._clock.monotonic() < self._tidy_at:
            return
        self._tidy_at = self._clock.monotonic() + _TIDY_EVERY_S
        async with transaction(self._pool) as connection:
            await _tidy(connection)

    @contextlib.asynccontextmanager
    async def _listening(self) -> AsyncIterator[None]:
        """Hears writers without a relay; without it the look each second still finds their rows."""
        async with self._pool.acquire() as connection:
            await connection.add_listener(CHANNEL, self._heard)
            try:
                yield
            finally:
                with contextlib.suppress(asyncpg.InterfaceError):  # the connection was lost meanwhile
                    await connection.remove_listener(CHANNEL, self._heard)

    def _heard(self, *_: object) -> None:
        self.wake()


async def _tidy(connection: Connection) -> None:
    """Rows stay a day after their ack, to refill a broker that lost its disk; inbox rows go in time too."""
    await connection.execute(_FORGET)
    await inbox.prune(connection)
    row = await connection.fetchrow(_PENDING)
    assert row is not None
    OUTBOX_PENDING.set(row["n"])
    OUTBOX_OLDEST_AGE.set(row["age_s"])


_UNACKED = """
    select id, topic, key, value, headers from outbox
    where acked_at is null order by id limit $1 for update skip locked
"""
_ACK = "update outbox set acked_at = now() where id = any($1::bigint[])"
_FORGET = """
    delete from outbox where id in (
        select id from outbox
        where created_at < now() - interval '24 hours' and acked_at < now() - interval '24 hours'
        limit 20000)
"""
_PENDING = """
    select count(*) as n, coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as age_s
    from outbox where acked_at is null
"""
