"""Road: the seam to Kafka. Stages see these protocols; `kafka.py` and the tests' memory broker fill them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from twinledger.road.envelope import Headers

__all__ = ["Bounds", "Consumer", "OutRecord", "Partition", "Producer", "Received", "StartFrom"]


class Partition(NamedTuple):
    """One partition of one topic."""

    topic: str
    number: int


@dataclass(frozen=True, slots=True)
class OutRecord:
    """A record to publish; the same key always lands in the same partition."""

    topic: str
    key: bytes
    value: bytes | None
    headers: Headers


@dataclass(frozen=True, slots=True)
class Received:
    """A record as it lies in the topic; `attempt` counts how often it was handed to a step."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes | None
    headers: Headers
    timestamp: datetime
    attempt: int = 1


class Bounds(NamedTuple):
    """First offset a partition still holds and the next one it will give."""

    begin: int
    end: int


StartFrom = Callable[[Sequence[Partition]], Awaitable[Mapping[Partition, int]]]
"""Asked at each assignment: where to read from; a partition left out starts where Kafka says."""


class Producer(Protocol):
    """Publishes records."""

    async def send_batch(self, records: Sequence[OutRecord]) -> None:
        """Returns when every record is acknowledged; TransientError when one is not.

        Records of one key stay in order. After an error some may lie in the topic all the same.
        """
        ...


class Consumer(Protocol):
    """One member of a consumer group."""

    async def start(self, start_from: StartFrom | None = None) -> None:
        """Join the group. With `start_from` nothing is fetched from a partition before it answered."""
        ...

    async def stop(self) -> None: ...

    async def fetch(self, *, max_records: int, timeout_s: float) -> list[Received]:
        """What is there, at most `max_records`, per partition in order; empty after `timeout_s`."""
        ...

    async def bounds(self, partitions: Sequence[Partition]) -> Mapping[Partition, Bounds]: ...

    async def commit(self, next_offsets: Mapping[Partition, int]) -> None:
        """Tell Kafka what is done; partitions no longer assigned are left out."""
        ...

    def seek(self, partition: Partition, offset: int) -> None:
        """Read on from here; no effect on a partition that is no longer assigned."""
        ...

    def assigned(self) -> frozenset[Partition]: ...

    async def cluster_id(self) -> str: ...
