"""A broker in memory behind the road's protocols: order, groups and offsets; no durability.

A dynamic member that comes or goes has the partitions shared out anew; the place of a static one (with an
`instance`) is kept for its return, for ever: there is no session time-out.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tests.fakes.clock import START

from twinledger.kernel.errors import TransientError
from twinledger.road.broker import Bounds, OutRecord, Partition, Received, StartFrom
from twinledger.road.kafka import partition_of


@dataclass
class MemoryBroker:
    """`refused_sends` and `refused_fetches` fail that many calls; with `waits` an empty fetch takes its
    time-out."""

    cluster: str = "memory"
    partitions: int = 1
    waits: bool = False
    now: Callable[[], datetime] = lambda: START
    log: dict[str, list[Received]] = field(default_factory=lambda: defaultdict(list))
    """Every record of a topic as it came, whatever its partition."""
    committed: dict[tuple[str, Partition], int] = field(default_factory=dict)
    refused_sends: int = 0
    refused_fetches: int = 0
    _parts: dict[Partition, list[Received]] = field(default_factory=lambda: defaultdict(list))
    _groups: dict[str, _Group] = field(default_factory=dict)
    _arrivals: dict[str, list[asyncio.Event]] = field(default_factory=lambda: defaultdict(list))

    async def send_batch(self, records: Sequence[OutRecord]) -> None:
        if self.refused_sends:
            self.refused_sends -= 1
            raise TransientError("the broker did not acknowledge", error_class="network")
        for record in records:
            self.append(record)

    def append(self, record: OutRecord) -> None:
        """Now, whatever is to be refused."""
        number = partition_of(record.key, self._count(record.topic))
        rows = self._parts[Partition(record.topic, number)]
        came = Received(record.topic, number, len(rows), record.key, record.value, record.headers, self.now())
        rows.append(came)
        self.log[record.topic].append(came)
        for arrived in self._arrivals[record.topic]:
            arrived.set()

    def consumer(self, *topics: str, group: str, instance: str | None = None) -> MemoryConsumer:
        return MemoryConsumer(self, topics, group, instance)

    def rows(self, partition: Partition) -> list[Received]:
        return self._parts[partition]

    def all_of(self, topics: Sequence[str]) -> list[Partition]:
        return [Partition(topic, number) for topic in topics for number in range(self._count(topic))]

    def group(self, name: str, topics: Sequence[str]) -> _Group:
        return self._groups.setdefault(name, _Group(self.all_of(topics)))

    def unread(self) -> int:
        """Records that a group's members have still to fetch, all groups together."""
        return sum(group.unread(self) for group in self._groups.values())

    def listen(self, topics: Sequence[str], arrived: asyncio.Event) -> None:
        for topic in topics:
            self._arrivals[topic].append(arrived)

    def ignore(self, topics: Sequence[str], arrived: asyncio.Event) -> None:
        for topic in topics:
            if arrived in self._arrivals[topic]:
                self._arrivals[topic].remove(arrived)

    def _count(self, topic: str) -> int:
        """As in `road/topics.py`: dead letters keep their order across keys."""
        return 1 if topic.startswith("dlq.") else self.partitions


class _Group:
    """Who holds which partition."""

    def __init__(self, partitions: Sequence[Partition]) -> None:
        self._partitions = partitions
        self._members: dict[str, MemoryConsumer] = {}
        self._names = itertools.count()

    def join(self, member: MemoryConsumer, instance: str | None) -> str:
        """The member's name; one that returns has its partitions as they were."""
        if instance is not None and (before := self._members.get(instance)) is not None:
            self._members[instance] = member
            member.give(before.assigned())
            before.give(frozenset())
            return instance
        name = instance or f"member-{next(self._names)}"
        self._members[name] = member
        self._share()
        return name

    def leave(self, name: str) -> None:
        self._members.pop(name)
        self._share()

    def unread(self, broker: MemoryBroker) -> int:
        return sum(
            len(broker.rows(partition)) - member.position(partition)
            for member in self._members.values()
            for partition in member.assigned()
        )

    def _share(self) -> None:
        for place, member in enumerate(self._members.values()):
            held = frozenset(self._partitions[place :: len(self._members)])
            if held != member.assigned():
                member.give(held)


class MemoryConsumer:
    """One member of a group."""

    def __init__(self, broker: MemoryBroker, topics: Sequence[str], group: str, instance: str | None) -> None:
        self._broker, self._topics, self._group, self._instance = broker, topics, group, instance
        self._assigned: frozenset[Partition] = frozenset()
        self._positions: dict[Partition, int] = {}
        self._start_from: StartFrom | None = None
        self._name = ""
        self._is_new = False
        self._arrived = asyncio.Event()
        self.stopped = False

    def give(self, partitions: frozenset[Partition]) -> None:
        """By the group; what was read of a partition by then may still be committed by its reader's state."""
        self._assigned, self._positions, self._is_new = partitions, {}, True
        self._arrived.set()

    async def start(self, start_from: StartFrom | None = None) -> None:
        self._start_from = start_from
        self._broker.listen(self._topics, self._arrived)
        self._name = self._broker.group(self._group, self._topics).join(self, self._instance)
        await self._open()

    async def stop(self) -> None:
        self.stopped = True
        self._broker.ignore(self._topics, self._arrived)
        if self._instance is None:
            self._broker.group(self._group, self._topics).leave(self._name)

    async def fetch(self, *, max_records: int, timeout_s: float) -> list[Received]:
        if self._broker.refused_fetches:
            self._broker.refused_fetches -= 1
            raise TransientError("fetch failed", error_class="network")
        await self._open()
        self._arrived.clear()
        found = self._take(max_records)
        if not found and self._broker.waits:
            await self._wait(timeout_s)
            found = self._take(max_records)
        elif not self._broker.waits:
            await asyncio.sleep(0)
        return found

    async def bounds(self, partitions: Sequence[Partition]) -> Mapping[Partition, Bounds]:
        return {p: Bounds(0, len(self._broker.rows(p))) for p in partitions}

    async def commit(self, next_offsets: Mapping[Partition, int]) -> None:
        for partition, offset in next_offsets.items():
            if partition in self._assigned:
                self._broker.committed[self._group, partition] = offset

    def seek(self, partition: Partition, offset: int) -> None:
        if partition in self._assigned:
            self._positions[partition] = offset
            self._arrived.set()

    def assigned(self) -> frozenset[Partition]:
        return self._assigned

    def position(self, partition: Partition) -> int:
        return self._positions.get(partition, 0)

    async def cluster_id(self) -> str:
        return self._broker.cluster

    async def _open(self) -> None:
        """Ask where to read a new assignment from; it may change again meanwhile."""
        while self._is_new:
            self._is_new = False
            assigned = sorted(self._assigned)
            given = await self._start_from(assigned) if self._start_from else {}
            committed = self._broker.committed
            self._positions = {one: given.get(one, committed.get((self._group, one), 0)) for one in assigned}

    def _take(self, max_records: int) -> list[Received]:
        found: list[Received] = []
        for partition, position in self._positions.items():
            rows = self._broker.rows(partition)[position : position + max_records - len(found)]
            self._positions[partition] = position + len(rows)
            found += rows
        return found

    async def _wait(self, timeout_s: float) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                await self._arrived.wait()
        except TimeoutError:
            return
