"""Road: transactions side by side, each of partitions of its own; one computes while another waits.

A partition is in one transaction at a time, so what comes of it meanwhile waits here, in order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from twinledger.road.broker import Partition, Received

__all__ = ["Lanes"]

_WORTH_A_LANE = 50
"""Transactions of fewer records cost more than they save time."""

Settle = Callable[[Sequence[Received]], Awaitable[None]]


class Lanes:
    """Up to `lanes` calls of `settle` at a time, with up to `max_records` together."""

    def __init__(self, settle: Settle, *, lanes: int, max_records: int) -> None:
        self._settle, self._lanes = settle, lanes
        self._max_records, self._max_share = max_records, max(1, max_records // lanes)
        self._waiting: dict[Partition, list[Received]] = {}
        self._running: dict[asyncio.Task[None], frozenset[Partition]] = {}

    async def put(self, records: Sequence[Received]) -> None:
        """Take these over; comes back when there is room for more, or with the failure of a transaction."""
        for record in records:
            self._waiting.setdefault(Partition(record.topic, record.partition), []).append(record)
        self._start()
        while self._running and sum(map(len, self._waiting.values())) >= self._max_records:
            await self._one_ends()

    async def drain(self) -> None:
        """Until nothing waits and nothing runs."""
        while self._running:
            await self._one_ends()

    def collect(self) -> None:
        """Raise what a transaction failed with, and start what its partitions have waiting."""
        for task in [task for task in self._running if task.done()]:
            del self._running[task]
            task.result()
        self._start()

    def forget(self) -> None:
        """What waits is read again from the broker: the partitions were assigned anew."""
        self._waiting.clear()

    async def aclose(self) -> None:
        """Nothing is left running behind; what a transaction was in is undone."""
        self._waiting.clear()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._running.clear()

    async def _one_ends(self) -> None:
        await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        self.collect()

    def _start(self) -> None:
        while len(self._running) < self._lanes and (share := self._share()):
            held = frozenset(Partition(record.topic, record.partition) for record in share)
            self._running[asyncio.ensure_future(self._settle(share))] = held

    def _share(self) -> list[Received]:
        """Whole partitions that nobody holds, until the records are one lane's part of what waits."""
        held = frozenset().union(*self._running.values())
        free = [partition for partition in self._waiting if partition not in held]
        total = sum(len(self._waiting[partition]) for partition in free)
        idle = self._lanes - len(self._running)
        part = total if total < idle * _WORTH_A_LANE else -(-total // idle)
        share: list[Received] = []
        for partition in free:
            if len(share) >= min(part, self._max_share):
                break
            share += self._take(partition, self._max_share - len(share))
        return share

    def _take(self, partition: Partition, most: int) -> list[Received]:
        records = self._waiting.pop(partition)
        if len(records) > most:
            self._waiting[partition] = records[most:]
        return records[:most]
