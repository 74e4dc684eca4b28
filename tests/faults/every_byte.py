"""All that an installation keeps: what is in its tables, its topics and its logs."""

from __future__ import annotations

from aiokafka import AIOKafkaConsumer, TopicPartition
from tests.faults.conftest import Live

from twinledger.road.topics import ROAD, dead_letter_topic

__all__ = ["every_byte"]

TABLES = "select tablename from pg_tables where schemaname = 'public'"


async def every_byte(live: Live) -> dict[str, bytes]:
    """By place; bytea columns are in hex."""
    logs = live.session.stack.folders.logs
    return {
        "database": await _database(live),
        "topics": await _topics(live.session.stack.broker.address),
        "logs": b"".join(path.read_bytes() for path in sorted(logs.rglob("*")) if path.is_file()),
    }


async def _database(live: Live) -> bytes:
    rows = []
    for table in await live.session.pool.fetch(TABLES):
        name = table["tablename"]
        rows += await live.session.pool.fetch(f'select t::text as row from "{name}" t')
    return "\n".join(row["row"] for row in rows).encode()


async def _topics(bootstrap: str) -> bytes:
    topics = [*ROAD, *map(dead_letter_topic, ROAD)]
    places = [TopicPartition(topic.name, number) for topic in topics for number in range(topic.partitions)]
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    found = bytearray()
    try:
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        await consumer.seek_to_beginning(*places)
        while any([await consumer.position(place) < ends[place] for place in places]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    found += (record.key or b"") + (record.value or b"")
                    found += b"".join(value for _, value in record.headers)
    finally:
        await consumer.stop()
    return bytes(found)
