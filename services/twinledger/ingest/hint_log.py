"""Ingest, receiving: appends hints to the topic in batches that form by themselves.

While one batch is on its way to the broker the next one gathers; a delivery is answered when its
batch is acknowledged, or refused when that takes too long or too much waits already.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from twinledger.kernel.errors import TransientError
from twinledger.kernel.failpoints import failpoint
from twinledger.road.broker import OutRecord, Producer

__all__ = ["HintLog"]

_MAX_WAITING = 20_000
_AT_ONCE = 2
"""The client has one request on its way to a broker; the second batch is there when it comes back."""

log = structlog.get_logger()


class _Batch:
    def __init__(self) -> None:
        self.records: list[OutRecord] = []
        self.ended = asyncio.Event()
        self.acknowledged = False
        self.leaving = False

    def end(self, acknowledged: bool) -> None:
        """The first word counts: who was told no is not told otherwise later."""
        if not self.ended.is_set():
            self.acknowledged = acknowledged
            self.ended.set()


class HintLog:
    """`append` answers True once the broker has acknowledged, False when it did not in time."""

    def __init__(self, producer: Producer, *, timeout_s: float = 5.0) -> None:
        self._producer = producer
        self._timeout_s = timeout_s
        self._gathering: _Batch | None = None
        self._sending: set[asyncio.Task[None]] = set()
        self._waiting = 0

    async def append(self, records: Sequence[OutRecord]) -> bool:
        if self._waiting + len(records) > _MAX_WAITING:
            return False
        self._waiting += len(records)
        batch = self._open_batch()
        batch.records.extend(records)
        self._send_next()
        try:
            await batch.ended.wait()
            return batch.acknowledged
        finally:
            self._waiting -= len(records)

    async def aclose(self) -> None:
        """Wait for what is on its way."""
        while self._sending:
            await asyncio.wait(self._sending)

    def _open_batch(self) -> _Batch:
        """A batch whose time is over was answered: it is dropped unsent."""
        batch = self._gathering
        if batch is None or batch.ended.is_set():
            batch = self._gathering = _Batch()
            asyncio.get_running_loop().call_later(self._timeout_s, batch.end, False)
        return batch

    def _send_next(self) -> None:
        """Start a batch if fewer than `_AT_ONCE` are on their way; else it goes on gathering."""
        batch = self._gathering
        if batch is not None and not batch.leaving and len(self._sending) < _AT_ONCE:
            batch.leaving = True
            task = asyncio.create_task(self._send(batch))
            self._sending.add(task)
            task.add_done_callback(self._sent)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self._send_next()

    async def _send(self, batch: _Batch) -> None:
        """What came in the same turn of the loop is in."""
        if self._gathering is batch:
            self._gathering = None
        failpoint("webhook.append.before")
        try:
            await self._producer.send_batch(batch.records)
        except TransientError as error:
            log.warning("hints_not_appended", count=len(batch.records), exc_info=error)
            batch.end(False)
        else:
            failpoint("webhook.append.after")
            batch.end(True)
