"""Ingest, receiving: appends hints to the topic in batches that form by themselves.

While one batch is on its way to the broker the next one gathers, and what gathers shares records; a
delivery is answered when its batch is acknowledged, or refused when that takes too long or too much waits
already.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import structlog

from twinledger.connectors.base.contract import Hint
from twinledger.kernel.errors import TransientError
from twinledger.kernel.failpoints import failpoint
from twinledger.road.broker import OutRecord, Producer
from twinledger.road.codec import Codec
from twinledger.road.hints import build_hints

__all__ = ["HintLog"]

_MAX_WAITING = 20_000
_AT_ONCE = 2
"""The client has one request on its way to a broker; the second batch is there when it comes back."""

log = structlog.get_logger()


class _Batch:
    def __init__(self) -> None:
        self.hints: dict[str, list[Hint]] = {}
        self.received_at: datetime | None = None
        self.ended = asyncio.Event()
        self.acknowledged = False
        self.leaving = False

    def add(self, workspace: str, hints: Sequence[Hint], received_at: datetime) -> None:
        """The receipt of the first counts for all: they wait together."""
        self.hints.setdefault(workspace, []).extend(hints)
        self.received_at = self.received_at or received_at

    def records(self, codec: Codec) -> list[OutRecord]:
        assert self.received_at is not None, "add() first"
        return [
            record
            for workspace, hints in self.hints.items()
            for record in build_hints(codec, workspace, hints, lane="live", received_at=self.received_at)
        ]

    def end(self, acknowledged: bool) -> None:
        """The first word counts: who was told no is not told otherwise later."""
        if not self.ended.is_set():
            self.acknowledged = acknowledged
            self.ended.set()


class HintLog:
    """`append` answers True once the broker has acknowledged, False when it did not in time."""

    def __init__(self, producer: Producer, codec: Codec, *, timeout_s: float = 5.0) -> None:
        self._producer, self._codec = producer, codec
        self._timeout_s = timeout_s
        self._gathering: _Batch | None = None
        self._sending: set[asyncio.Task[None]] = set()
        self._waiting = 0

    async def append(self, workspace: str, hints: Sequence[Hint], received_at: datetime) -> bool:
        if self._waiting + len(hints) > _MAX_WAITING:
            return False
        self._waiting += len(hints)
        batch = self._open_batch()
        batch.add(workspace, hints, received_at)
        self._send_next()
        try:
            await batch.ended.wait()
            return batch.acknowledged
        finally:
            self._waiting -= len(hints)

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
            await self._producer.send_batch(batch.records(self._codec))
        except TransientError as error:
            log.warning("hints_not_appended", count=sum(map(len, batch.hints.values())), exc_info=error)
            batch.end(False)
        else:
            failpoint("webhook.append.after")
            batch.end(True)
