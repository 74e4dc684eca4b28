"""CLI: reads dead letters from their topics, which are the truth; the database only indexes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from twinledger.kernel.errors import TransientError
from twinledger.road.broker import Bounds, Partition, Received
from twinledger.road.kafka import KafkaConsumer
from twinledger.road.topics import ROAD, dead_letter_topic

__all__ = ["Letter", "read_letters"]

_TOPICS = tuple(dead_letter_topic(topic) for topic in ROAD)
_PATIENCE_S = 15.0


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter: the original record with the reasons in its headers."""

    record: Received
    headers: Mapping[str, str]

    @property
    def id(self) -> str:
        return self.headers.get("twinledger-dlq-id", "")

    def summary(self) -> dict[str, Any]:
        """What a list shows."""
        return {
            "id": self.id,
            "at": self.headers.get("twinledger-dlq-last-failed-at", ""),
            "reason": self.headers.get("twinledger-dlq-reason", ""),
            "error_class": self.headers.get("twinledger-dlq-error-class", ""),
            "message": self.headers.get("__dlq.errors.message", ""),
            "stage": self.headers.get("twinledger-dlq-service", ""),
            "source": self.headers.get("ce_source", ""),
            "topic": self.headers.get("__dlq.errors.topic", ""),
        }


async def read_letters(bootstrap: str) -> list[Letter]:
    """Every letter the topics still hold, oldest first; letters are few."""
    consumer = KafkaConsumer(bootstrap, _TOPICS, group="twinledger-cli")
    await consumer.start()
    try:
        places = [Partition(topic.name, number) for topic in _TOPICS for number in range(topic.partitions)]
        bounds = await consumer.bounds(places)
        left = {place for place, bound in bounds.items() if bound.end > bound.begin}
        found: list[Letter] = []
        while left:
            found += await _some(consumer, bounds, left)
    finally:
        await consumer.stop()
    return sorted(found, key=lambda letter: (letter.summary()["at"], letter.id))


async def _some(
    consumer: KafkaConsumer, bounds: Mapping[Partition, Bounds], left: set[Partition]
) -> list[Letter]:
    records = await consumer.fetch(max_records=500, timeout_s=_PATIENCE_S)
    if not records:
        raise TransientError("the dead-letter topics do not answer", error_class="network")
    for record in records:
        place = Partition(record.topic, record.partition)
        if record.offset + 1 >= bounds[place].end:
            left.discard(place)
    return [
        Letter(record, {name: value.decode("utf-8", "replace") for name, value in record.headers})
        for record in records
    ]
