"""Road: the broker protocols over aiokafka. Nobody else imports it, `topics.py` aside."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError, MessageSizeTooLargeError

from twinledger.kernel.errors import TransientError
from twinledger.kernel.failpoints import failpoint
from twinledger.kernel.metrics import REBALANCES
from twinledger.kernel.together import all_of
from twinledger.road.broker import Bounds, OutRecord, Partition, Received, StartFrom
from twinledger.road.topics import MAX_RECORD_BYTES, Topic

__all__ = ["KafkaConsumer", "KafkaProducer", "partition_of"]

_MAX_REQUEST_BYTES = 2 * MAX_RECORD_BYTES
_WORTH_A_BATCH = 16


def partition_of(key: bytes, partitions: int) -> int:
    """CRC-32 as librdkafka's default; in C, where the Java client's murmur2 would be Python here."""
    return zlib.crc32(key) % partitions


class KafkaProducer:
    """Idempotent, acknowledged by all in-sync replicas.

    Without linger a quiet stream is sent at once; under load records gather by themselves while the
    request before them is under way.
    """

    def __init__(self, bootstrap: str, *, linger_ms: int = 0) -> None:
        self._bootstrap, self._linger_ms = bootstrap, linger_ms
        self._producer: AIOKafkaProducer | None = None

    async def start(self) -> None:
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            enable_idempotence=True,
            acks="all",
            linger_ms=self._linger_ms,
            max_request_size=_MAX_REQUEST_BYTES,
            max_batch_size=256 * 1024,
            request_timeout_ms=15_000,
        )
        async with _as_transient("the broker does not answer"):
            await self._producer.start()

    async def stop(self) -> None:
        if self._producer is not None:
            await self._producer.stop()

    async def send_batch(self, records: Sequence[OutRecord]) -> None:
        assert self._producer is not None, "start() first"
        failpoint("producer.send.before")
        async with _as_transient("the broker did not acknowledge"):
            topics = {record.topic for record in records}
            counts = {topic: len(await self._producer.partitions_for(topic)) for topic in topics}
            by_partition: dict[Partition, list[OutRecord]] = {}
            for record in records:
                _check_size(record)
                place = Partition(record.topic, partition_of(record.key, counts[record.topic]))
                by_partition.setdefault(place, []).append(record)
            pending: list[asyncio.Future[Any]] = []
            for place, rows in by_partition.items():
                submit = self._submit_each if len(rows) < _WORTH_A_BATCH else self._submit_together
                pending += await submit(place, rows)
            await all_of(pending)
        failpoint("producer.send.after")

    async def _submit_each(self, place: Partition, records: Sequence[OutRecord]) -> list[asyncio.Future[Any]]:
        """Few records join what other callers have waiting for the partition."""
        assert self._producer is not None, "start() first"
        return [
            await self._producer.send(
                place.topic, key=r.key, value=r.value, headers=list(r.headers), partition=place.number
            )
            for r in records
        ]

    async def _submit_together(
        self, place: Partition, records: Sequence[OutRecord]
    ) -> list[asyncio.Future[Any]]:
        """A batch of their own, or as many as they fill: a future for each record would cost more than it."""
        assert self._producer is not None, "start() first"
        pending = []
        batch = self._producer.create_batch()
        for record in records:
            if not _append(batch, record):
                pending.append(await self._producer.send_batch(batch, place.topic, partition=place.number))
                batch = self._producer.create_batch()
                _append(batch, record)  # an empty batch takes a record of any size
        pending.append(await self._producer.send_batch(batch, place.topic, partition=place.number))
        return pending


class KafkaConsumer:
    """A group member with manual commits; static membership when `instance` is given."""

    def __init__(
        self,
        bootstrap: str,
        topics: Iterable[Topic],
        *,
        group: str,
        instance: str | None = None,
        session_timeout_s: float = 10,
    ) -> None:
        self._bootstrap, self._group = bootstrap, group
        self._topics = [topic.name for topic in topics]
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap,
            group_id=group,
            group_instance_id=f"{group}-{instance}" if instance is not None else None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=int(session_timeout_s * 1000),
            heartbeat_interval_ms=int(session_timeout_s * 100),  # also how soon a rebalance is heard of
            max_partition_fetch_bytes=_MAX_REQUEST_BYTES,
        )
        self._listener = _Assignments(self._consumer, group)

    async def start(self, start_from: StartFrom | None = None) -> None:
        self._listener.start_from = start_from
        self._consumer.subscribe(self._topics, listener=self._listener)
        async with _as_transient("the broker does not answer"):
            await self._consumer.start()

    async def stop(self) -> None:
        await self._consumer.stop()

    async def fetch(self, *, max_records: int, timeout_s: float) -> list[Received]:
        failpoint("consumer.fetch.before")
        self._listener.raise_failure()
        async with _as_transient("fetch failed"):
            found = await self._consumer.getmany(timeout_ms=int(timeout_s * 1000), max_records=max_records)
        is_open = self._listener.is_open
        records = [_received(r) for part, rows in found.items() if is_open(part) for r in rows]
        failpoint("consumer.fetch.after")
        return records

    async def bounds(self, partitions: Sequence[Partition]) -> Mapping[Partition, Bounds]:
        asked = [TopicPartition(*partition) for partition in partitions]
        async with _as_transient("offsets are not known"):
            begins = await self._consumer.beginning_offsets(asked)
            ends = await self._consumer.end_offsets(asked)
        return {Partition(*part): Bounds(begins[part], ends[part]) for part in asked}

    async def commit(self, next_offsets: Mapping[Partition, int]) -> None:
        held = self.assigned()
        offsets = {TopicPartition(*part): at for part, at in next_offsets.items() if part in held}
        if not offsets:
            return
        failpoint("consumer.commit.before")
        try:
            await self._consumer.commit(offsets)
        except (CommitFailedError, IllegalStateError):
            return  # the partitions moved on; their new owner reads these records again
        except KafkaError as error:
            raise TransientError("offsets were not committed", error_class="network") from error
        failpoint("consumer.commit.after")

    def seek(self, partition: Partition, offset: int) -> None:
        if partition in self.assigned():
            self._consumer.seek(TopicPartition(*partition), offset)

    def assigned(self) -> frozenset[Partition]:
        return frozenset(Partition(*part) for part in self._consumer.assignment())

    async def cluster_id(self) -> str:
        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
        async with _as_transient("the broker does not answer"):
            await admin.start()
            try:
                return str((await admin.describe_cluster())["cluster_id"])
            finally:
                await admin.close()


class _Assignments(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is untyped
    """Opens a partition only after its start is set.

    aiokafka may fetch from Kafka's own position before the listener has run; such records are not
    handed on, and the seek brings them again if they count.
    """

    def __init__(self, consumer: AIOKafkaConsumer, group: str) -> None:
        self._consumer = consumer
        self._assigned = REBALANCES.labels(group)
        self._open: frozenset[Any] | None = None
        self._failure: BaseException | None = None
        self.start_from: StartFrom | None = None

    def is_open(self, part: Any) -> bool:
        return self.start_from is None or (self._open is not None and part in self._open)

    def raise_failure(self) -> None:
        """aiokafka swallows what a listener raises; the next fetch brings it to the runner."""
        if self._failure is not None:
            raise self._failure

    async def on_partitions_revoked(self, revoked: Any) -> None:
        self._open = None

    async def on_partitions_assigned(self, assigned: Any) -> None:
        self._assigned.inc()
        if self.start_from is None:
            return
        try:
            starts = await self.start_from([Partition(*part) for part in sorted(assigned)])
        except asyncio.CancelledError:
            raise
        except BaseException as failure:
            self._failure = failure
            raise
        for partition, offset in starts.items():
            self._consumer.seek(TopicPartition(*partition), offset)
        self._open = frozenset(assigned)


def _check_size(record: OutRecord) -> None:
    """Refused here: after a refusal by the broker an idempotent client never comes back into sequence."""
    if len(record.value or b"") > MAX_RECORD_BYTES:
        raise MessageSizeTooLargeError(f"{len(record.value or b'')} bytes for {record.topic}")


def _append(batch: Any, record: OutRecord) -> bool:
    """False when the batch is full."""
    appended = batch.append(timestamp=None, key=record.key, value=record.value, headers=list(record.headers))
    return appended is not None


@asynccontextmanager
async def _as_transient(message: str) -> AsyncIterator[None]:
    try:
        yield
    except (KafkaError, OSError) as error:
        raise TransientError(message, error_class="network") from error


def _received(record: Any) -> Received:
    return Received(
        record.topic,
        record.partition,
        record.offset,
        record.key or b"",
        record.value,
        record.headers,
        datetime.fromtimestamp(record.timestamp / 1000, UTC),
    )
