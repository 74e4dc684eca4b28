"""Road: the loop under both runners: fetch, settle, and now and then tell Kafka how far it is.

A broker or database that is away pauses the loop; nothing is skipped and nothing is dead-lettered.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

import structlog

from twinledger.kernel.clock import Clock
from twinledger.kernel.errors import TransientError
from twinledger.road.broker import Consumer, Partition, Received, StartFrom

__all__ = ["ReadLoop"]

_FETCH_TIMEOUT_S = 0.25
_COMMIT_EVERY_S = 1.0
_BACKOFF_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)

T = TypeVar("T")
Settle = Callable[[Sequence[Received]], Awaitable[None]]

log = structlog.get_logger()


class ReadLoop:
    """Runs until `stop()`; what was fetched by then is settled first."""

    def __init__(self, consumer: Consumer, clock: Clock, *, max_records: int) -> None:
        self._consumer, self._clock, self._max_records = consumer, clock, max_records
        self._stopping = False
        self._done: dict[Partition, int] = {}
        self._commit_at = clock.monotonic() + _COMMIT_EVERY_S

    def stop(self) -> None:
        self._stopping = True

    async def run(
        self,
        settle: Settle,
        *,
        between: Callable[[], Awaitable[None]] | None = None,
        at_end: Callable[[], Awaitable[None]] | None = None,
        start_from: StartFrom | None = None,
    ) -> None:
        """`between` runs after each fetch, also an empty one; `at_end` before the last commit."""
        await self._consumer.start(start_from)
        try:
            while not self._stopping:
                records = await self.persist(self._fetch)
                if records:
                    await settle(records)
                if between is not None:
                    await between()
                if self._clock.monotonic() >= self._commit_at:
                    await self._commit()
            if at_end is not None:
                await at_end()
            await self._commit()
        finally:
            await self._consumer.stop()

    def done(self, records: Iterable[Received]) -> None:
        """These are settled; the offset goes to Kafka with the next commit."""
        for record in records:
            self._done[Partition(record.topic, record.partition)] = record.offset + 1

    async def persist(self, work: Callable[[], Awaitable[T]]) -> T:
        """Repeat until broker and database are back; once stopping, the failure ends the loop."""
        failures = 0
        while True:
            try:
                return await work()
            except TransientError as error:
                if self._stopping:
                    raise
                wait_s = error.retry_after_s or _BACKOFF_S[min(failures, len(_BACKOFF_S) - 1)]
                failures += 1
                log.warning("road_waits", exc_info=error, attempt=failures, retry_after_s=wait_s)
                await self._clock.sleep(wait_s)

    async def _fetch(self) -> list[Received]:
        return await self._consumer.fetch(max_records=self._max_records, timeout_s=_FETCH_TIMEOUT_S)

    async def _commit(self) -> None:
        self._commit_at = self._clock.monotonic() + _COMMIT_EVERY_S
        if not self._done:
            return
        try:
            await self._consumer.commit(self._done)
        except TransientError as error:
            log.warning("offsets_not_committed", exc_info=error)
        else:
            self._done = {}
