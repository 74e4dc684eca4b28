"""A broker in memory behind the road's protocols: order and offsets, no durability and no rebalance."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.fakes.clock import START

from twinledger.kernel.errors import TransientError
from twinledger.road.broker import Bounds, OutRecord, Partition, Received, StartFrom


@dataclass
class MemoryBroker:
    """One partition a topic. `refused_sends` and `refused_fetches` fail that many calls."""

    cluster: str = "memory"
    log: dict[str, list[Received]] = field(default_factory=lambda: defaultdict(list))
    committed: dict[tuple[str, Partition], int] = field(default_factory=dict)
    refused_sends: int = 0
    refused_fetches: int = 0

    async def send_batch(self, records: Sequence[OutRecord]) -> None:
        if self.refused_sends:
            self.refused_sends -= 1
            raise TransientError("the broker did not acknowledge", error_class="network")
        for record in records:
            rows = self.log[record.topic]
            rows.append(Received(record.topic, 0, len(rows), record.key, record.value, record.headers, START))

    def consumer(self, *topics: str, group: str) -> MemoryConsumer:
        return MemoryConsumer(self, topics, group)


class MemoryConsumer:
    """Holds every partition of its topics."""

    def __init__(self, broker: MemoryBroker, topics: Sequence[str], group: str) -> None:
        self._broker, self._group = broker, group
        self._partitions = [Partition(topic, 0) for topic in topics]
        self._positions: dict[Partition, int] = {}
        self.stopped = False

    async def start(self, start_from: StartFrom | None = None) -> None:
        given = await start_from(self._partitions) if start_from else {}
        for partition in self._partitions:
            known = self._broker.committed.get((self._group, partition), 0)
            self._positions[partition] = given.get(partition, known)

    async def stop(self) -> None:
        self.stopped = True

    async def fetch(self, *, max_records: int, timeout_s: float) -> list[Received]:
        if self._broker.refused_fetches:
            self._broker.refused_fetches -= 1
            raise TransientError("fetch failed", error_class="network")
        found: list[Received] = []
        for partition, position in self._positions.items():
            rows = self._broker.log[partition.topic][position : position + max_records - len(found)]
            self._positions[partition] = position + len(rows)
            found += rows
        await asyncio.sleep(0)
        return found

    async def bounds(self, partitions: Sequence[Partition]) -> Mapping[Partition, Bounds]:
        return {p: Bounds(0, len(self._broker.log[p.topic])) for p in partitions}

    async def commit(self, next_offsets: Mapping[Partition, int]) -> None:
        for partition, offset in next_offsets.items():
            self._broker.committed[self._group, partition] = offset

    def seek(self, partition: Partition, offset: int) -> None:
        self._positions[partition] = offset

    def assigned(self) -> frozenset[Partition]:
        return frozenset(self._partitions)

    async def cluster_id(self) -> str:
        return self._broker.cluster
