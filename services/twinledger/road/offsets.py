"""Road: where each group reads on, kept with the state its records had effect on.

PostgreSQL wins over Kafka after a restart. Positions only move forward, and only from where the
batch began: a process that lost its partition cannot commit what the new owner has already done.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import structlog

from twinledger.kernel.database import Connection, Pool, transaction
from twinledger.kernel.failpoints import failpoint
from twinledger.road.broker import Bounds, Consumer, Partition, Received

__all__ = ["Offsets", "OffsetsMoved"]

log = structlog.get_logger()


class OffsetsMoved(Exception):
    """Another process went past the start of this batch; `positions` is where it is now."""

    def __init__(self, positions: Mapping[Partition, int]) -> None:
        super().__init__("another owner moved the offsets")
        self.positions = positions

    def left_of(self, records: Iterable[Received]) -> list[Received]:
        """Those of the batch that nobody has handled yet."""
        return [r for r in records if r.offset >= self.positions.get(Partition(r.topic, r.partition), 0)]


class Offsets:
    """The positions of one consumer group."""

    def __init__(self, group: str) -> None:
        self._group = group
        self._cluster_id = ""

    async def starts(
        self, pool: Pool, consumer: Consumer, partitions: Sequence[Partition]
    ) -> dict[Partition, int]:
        """Where to read from at an assignment; a lost topic is read from its beginning."""
        failpoint("offsets.load.before")
        self._cluster_id = await consumer.cluster_id()
        bounds = await consumer.bounds(partitions)
        async with transaction(pool) as connection:
            here, elsewhere = await self._load(connection, partitions)
            starts = {}
            for partition in partitions:
                loss = _loss(here.get(partition), bounds[partition], partition in elsewhere)
                starts[partition] = (
                    bounds[partition].begin if loss else here.get(partition, bounds[partition].begin)
                )
                if loss:
                    self._report(loss, partition, here.get(partition), bounds[partition])
                    await connection.execute(_FORGET, self._group, self._cluster_id, *partition)
        failpoint("offsets.load.after")
        return starts

    async def advance(self, connection: Connection, records: Iterable[Received]) -> None:
        """Count these as done, in the transaction of their effects; OffsetsMoved when too late."""
        first: dict[Partition, int] = {}
        following: dict[Partition, int] = {}
        for record in records:
            partition = Partition(record.topic, record.partition)
            first.setdefault(partition, record.offset)
            following[partition] = record.offset + 1
        topics, numbers = zip(*first, strict=True)
        moved = await connection.fetch(
            _ADVANCE,
            self._group,
            self._cluster_id,
            list(topics),
            list(numbers),
            list(first.values()),
            list(following.values()),
        )
        if len(moved) < len(first):
            raise OffsetsMoved(await self.current(connection, list(first)))

    async def current(self, connection: Connection, partitions: Sequence[Partition]) -> dict[Partition, int]:
        """Positions on this cluster."""
        here, _ = await self._load(connection, partitions)
        return here

    async def _load(
        self, connection: Connection, partitions: Sequence[Partition]
    ) -> tuple[dict[Partition, int], set[Partition]]:
        topics, numbers = zip(*partitions, strict=True) if partitions else ((), ())
        rows = await connection.fetch(_LOAD, self._group, list(topics), list(numbers))
        here, elsewhere = {}, set()
        for row in rows:
            partition = Partition(row["topic"], row["partition"])
            if row["cluster_id"] == self._cluster_id:
                here[partition] = row["next_offset"]
            else:
                elsewhere.add(partition)
        return here, elsewhere

    def _report(self, loss: str, partition: Partition, ours: int | None, bounds: Bounds) -> None:
        log.error(
            "topic_lost",
            reason=loss,
            group=self._group,
            topic=partition.topic,
            partition=partition.number,
            position=ours,
            begin=bounds.begin,
            end=bounds.end,
            cluster_id=self._cluster_id,
        )


def _loss(ours: int | None, bounds: Bounds, known_elsewhere: bool) -> str | None:
    if ours is None:
        return "another_cluster" if known_elsewhere else None
    if bounds.end < ours:
        return "end_below_ours"
    return "begin_above_ours" if ours < bounds.begin else None


_LOAD = """
    select cluster_id, topic, partition, next_offset from consumer_offset
    where group_name = $1 and (topic, partition) in (select * from unnest($2::text[], $3::int[]))
"""
_ADVANCE = """
    insert into consumer_offset as o (group_name, cluster_id, topic, partition, batch_start, next_offset)
    select $1, $2, * from unnest($3::text[], $4::int[], $5::bigint[], $6::bigint[])
    on conflict (group_name, cluster_id, topic, partition) do update
        set batch_start = excluded.batch_start, next_offset = excluded.next_offset, updated_at = now()
        where o.next_offset <= excluded.batch_start
    returning topic
"""
_FORGET = """
    delete from consumer_offset
    where group_name = $1 and cluster_id = $2 and topic = $3 and partition = $4
"""
