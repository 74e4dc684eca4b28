"""Road: every topic, declared once: name, key, partitions, schemas, retention."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

__all__ = [
    "HINTS",
    "OBSERVATIONS",
    "ROAD",
    "SOURCE_RECORDS",
    "WRITE_INTENTS",
    "WRITE_RESULTS",
    "Topic",
    "dead_letter_topic",
    "ensure_topics",
    "key_of",
]

_DAY_MS = 24 * 3600 * 1000
_SEPARATOR = "\x1f"
MAX_RECORD_BYTES = 2 * 1024 * 1024
"""What a topic takes: more than the codec's cap, so that an oversized record can be dead-lettered whole."""


@dataclass(frozen=True, slots=True)
class Topic:
    """`key` names the parts of the record key; `schemas` are files in schemas/ without suffix."""

    name: str
    key: tuple[str, ...]
    schemas: tuple[str, ...]
    partitions: int = 6
    retention_ms: int = 7 * _DAY_MS
    compaction: Literal["delete", "compact"] = "delete"
    max_record_bytes: int = MAX_RECORD_BYTES


_ENTITIES = ("customer", "deal", "item", "tax", "sales_order", "invoice", "payment")

HINTS = Topic("twinledger.hints.v1", ("workspace", "object"), ("hint",))
SOURCE_RECORDS = Topic(
    "twinledger.source-records.v1", ("workspace", "object", "external_id"), ("source-record",)
)
OBSERVATIONS = Topic(
    "twinledger.observations.v1",
    ("workspace", "object", "external_id"),
    tuple(f"observation.{entity}" for entity in _ENTITIES),
)
WRITE_INTENTS = Topic("twinledger.write-intents.v1", ("workspace", "budget_group"), ("write-intent",))
WRITE_RESULTS = Topic("twinledger.write-results.v1", ("workspace", "object"), ("write-result",))
ROAD = (HINTS, SOURCE_RECORDS, OBSERVATIONS, WRITE_INTENTS, WRITE_RESULTS)


def dead_letter_topic(topic: Topic) -> Topic:
    """One partition: dead letters are few, and their order is kept across keys."""
    return Topic(
        "dlq." + topic.name,
        topic.key,
        topic.schemas,
        partitions=1,
        retention_ms=90 * _DAY_MS,
        max_record_bytes=topic.max_record_bytes + 256 * 1024,
    )


def key_of(*parts: str) -> bytes:
    """The record key of a topic, its parts in the declared order."""
    return _SEPARATOR.join(parts).encode()


async def ensure_topics(
    bootstrap: str, topics: tuple[Topic, ...] = ROAD, *, replication_factor: int = 1
) -> None:
    """Create what is missing, each with its dead-letter topic; existing ones stay as they are."""
    wanted = [form for topic in topics for form in (topic, dead_letter_topic(topic))]
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        answer = await admin.create_topics([_declared(topic, replication_factor) for topic in wanted])
    finally:
        await admin.close()
    for name, code, *detail in answer.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise error(f"topic {name}: {detail}")


def _declared(topic: Topic, replication_factor: int) -> NewTopic:
    return NewTopic(
        topic.name,
        topic.partitions,
        replication_factor,
        topic_configs={
            "retention.ms": str(topic.retention_ms),
            "cleanup.policy": topic.compaction,
            "max.message.bytes": str(topic.max_record_bytes),
        },
    )
