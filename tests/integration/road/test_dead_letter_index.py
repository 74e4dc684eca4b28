"""The index can be made from the topic alone, and reading it twice changes nothing."""

from __future__ import annotations

import asyncio
import dataclasses

from tests.eventually import eventually
from tests.fakes.clock import START, FakeClock
from tests.unit.road.received import received

from twinledger.cli.dev.broker import Broker
from twinledger.kernel.clock import SystemClock
from twinledger.kernel.database import Pool, transaction
from twinledger.kernel.ids import new_rng, new_ulid
from twinledger.road.broker import OutRecord, Received
from twinledger.road.dead_letter_indexer import dead_letter_indexer
from twinledger.road.dead_letters import DeadLetterOffice, index_dead_letters, insert_rows
from twinledger.road.kafka import KafkaProducer
from twinledger.road.outcome import DeadLetter, Ok, Skip
from twinledger.road.topics import Topic, ensure_topics

OFFICE = DeadLetterOffice(group="transform", stage="transform", release="0", clock=FakeClock())
RECORD = received("k", 17, topic="twinledger.observations.v1", headers=(("ce_source", b"freshbooks.client"),))


def read_back(letter: OutRecord, offset: int) -> Received:
    return Received(letter.topic, 0, offset, letter.key, letter.value, letter.headers, START)


async def test_letters_read_from_their_topic_get_their_place(pool: Pool) -> None:
    letter = OFFICE.letter(RECORD, DeadLetter("mapping", "mapping", "no"))
    foreign = received("x", 3, topic="dlq.t")
    async with transaction(pool) as connection:
        await insert_rows(connection, [letter])
    assert await places(pool) == [(None, None)]
    for _ in range(2):
        async with transaction(pool) as connection:
            verdicts = await index_dead_letters(connection, [read_back(letter, 5), foreign])
        assert verdicts == [Ok(None), Skip("foreign")]
    assert await places(pool) == [(0, 5)]
    assert await pool.fetchval("select source from dead_letter") == "freshbooks.client"


async def test_a_decision_about_a_letter_survives_the_index_being_made_again(pool: Pool) -> None:
    letter = OFFICE.letter(RECORD, DeadLetter("mapping", "mapping", "no"))
    async with transaction(pool) as connection:
        await insert_rows(connection, [letter, letter])
        await connection.execute("update dead_letter set status = 'discarded'")
        await index_dead_letters(connection, [read_back(letter, 5)])
    assert await pool.fetchval("select status from dead_letter") == "discarded"


async def test_a_poison_key_and_poison_headers_can_be_indexed(pool: Pool) -> None:
    poison = dataclasses.replace(RECORD, key=b"\xff\x00k", headers=(("ce_source", b"\x00\xff"),))
    async with transaction(pool) as connection:
        await insert_rows(connection, [OFFICE.letter(poison, DeadLetter("schema", "undecodable", "m"))])
    assert await pool.fetchval("select record_key from dead_letter") == "\ufffdk"


async def test_the_indexer_notes_letters_of_a_stage_without_a_database(pool: Pool, kafka: Broker) -> None:
    clock = SystemClock()
    topic = Topic(f"indexed.{new_ulid(clock)}", ("key",), ())
    await ensure_topics(kafka.address, (topic,))
    producer = KafkaProducer(kafka.address)
    await producer.start()
    letter = OFFICE.letter(received("k", 17, topic=topic.name), DeadLetter("schema", "undecodable", "m"))
    await producer.send_batch([letter])
    await producer.stop()
    indexer = dead_letter_indexer(
        kafka.address, pool, clock=clock, rng=new_rng(1), release="0", topics=(topic,), group=topic.name
    )
    task = asyncio.create_task(indexer.run())
    await eventually(lambda: indexed(pool))
    indexer.stop()
    await asyncio.wait_for(task, 20)
    assert await places(pool) == [(0, 0)]


async def indexed(pool: Pool) -> bool:
    return bool(await places(pool))


async def places(pool: Pool) -> list[tuple[int | None, int | None]]:
    return [tuple(row) for row in await pool.fetch("select dlq_partition, dlq_offset from dead_letter")]
