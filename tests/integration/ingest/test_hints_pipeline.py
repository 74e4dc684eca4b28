"""Hints from the topic become due reads in one transaction, and wake who reads them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from tests.fakes.clock import START

from twinledger.connectors.base.contract import Hint
from twinledger.ingest.pipeline import HintsPipeline
from twinledger.kernel.database import Pool, open_pool
from twinledger.road.broker import Received
from twinledger.road.codec import Codec
from twinledger.road.hints import build_hints
from twinledger.road.outcome import DeadLetter, Ok
from twinledger.state.due_reads import CHANNEL

OBJECT = "freshbooks.client"


class FakeReaders:
    def __init__(self, *, here: bool) -> None:
        self.here = here
        self.woken: list[tuple[str, str]] = []

    def reads(self, workspace: str, object_name: str) -> bool:
        return self.here

    def wake(self, workspace: str, object_name: str) -> None:
        self.woken.append((workspace, object_name))


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    pool = await open_pool(database)
    yield pool
    await pool.close()


def batch(codec: Codec, *ids: str) -> list[Received]:
    """A record for each id."""
    records = [
        record
        for one in ids
        for record in build_hints(codec, "w", [Hint(OBJECT, one)], lane="live", received_at=START)
    ]
    return [
        Received(record.topic, 0, place, record.key, record.value, record.headers, START)
        for place, record in enumerate(records)
    ]


@pytest.mark.control("SEC-07")
async def test_ten_thousand_copies_are_one_due_read(pool: Pool) -> None:
    codec = Codec.from_files()
    pipeline = HintsPipeline(codec, {OBJECT}, {}, FakeReaders(here=True))
    copies = batch(codec, "7") * 500
    async with pool.acquire() as connection:
        for _ in range(20):
            verdicts = await pipeline.handle(connection, copies)
    assert verdicts == [Ok(None)] * 500
    assert await pool.fetchval("select count(*) from due_read") == 1


async def test_readers_wake_after_the_commit_and_not_before(pool: Pool) -> None:
    codec, readers = Codec.from_files(), FakeReaders(here=True)
    pipeline = HintsPipeline(codec, {OBJECT}, {}, readers)
    async with pool.acquire() as connection:
        await pipeline.handle(connection, batch(codec, "7", "8"))
    assert readers.woken == []
    pipeline.committed()
    assert readers.woken == [("w", OBJECT)]
    pipeline.committed()
    assert len(readers.woken) == 1


async def test_a_reader_in_another_process_is_told(pool: Pool) -> None:
    codec = Codec.from_files()
    heard: list[object] = []

    def hear(*told: object) -> None:
        heard.append(told[3])

    async with pool.acquire() as listening, pool.acquire() as connection:
        await listening.add_listener(CHANNEL, hear)
        pipeline = HintsPipeline(codec, {OBJECT}, {}, FakeReaders(here=False))
        async with connection.transaction():
            await pipeline.handle(connection, batch(codec, "7"))
        await listening.fetchval("select 1")
        await listening.remove_listener(CHANNEL, hear)
    assert heard == [f"w\x1f{OBJECT}"]


async def test_a_bad_hint_leaves_its_neighbours_alone(pool: Pool) -> None:
    codec = Codec.from_files()
    pipeline = HintsPipeline(codec, {OBJECT}, {}, FakeReaders(here=True))
    first, second, third = batch(codec, "1", "2", "3")
    async with pool.acquire() as connection:
        verdicts = await pipeline.handle(connection, [first, replace(second, value=b"junk"), third])
    assert [type(verdict) for verdict in verdicts] == [Ok, DeadLetter, Ok]
    rows = await pool.fetch("select external_id from due_read order by 1")
    assert [row["external_id"] for row in rows] == ["1", "3"]
