"""What was committed is published, and only that; the relay skips nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import pytest
from tests.eventually import eventually
from tests.fakes.broker import MemoryBroker
from tests.fakes.clock import FakeClock

from twinledger.kernel.clock import SystemClock
from twinledger.kernel.database import Pool, transaction
from twinledger.road import outbox
from twinledger.road.broker import OutRecord
from twinledger.road.relay import Relay

OUT = "out.v1"


def records(*values: int) -> list[OutRecord]:
    return [OutRecord(OUT, b"k", str(value).encode(), (("ce_id", b"\xff"),)) for value in values]


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker()


@asynccontextmanager
async def running(
    pool: Pool, broker: MemoryBroker, *, count: int = 1, look_every_s: float = 0.5
) -> AsyncIterator[Sequence[Relay]]:
    relays = [
        Relay(pool, broker, clock=SystemClock(), max_rows=7, look_every_s=look_every_s) for _ in range(count)
    ]
    tasks = [asyncio.create_task(relay.run()) for relay in relays]
    yield relays
    for relay in relays:
        relay.stop()
    await asyncio.wait_for(asyncio.gather(*tasks), 15)


async def append(pool: Pool, rows: Sequence[OutRecord]) -> None:
    async with transaction(pool) as connection:
        await outbox.append(connection, rows)


def published(broker: MemoryBroker) -> list[int]:
    return [int(record.value or b"-1") for record in broker.log[OUT]]


async def test_rows_are_published_in_order_with_their_exact_headers(pool: Pool, broker: MemoryBroker) -> None:
    await append(pool, records(*range(40)))
    async with running(pool, broker) as (relay,):
        relay.wake()
        await eventually(lambda: len(broker.log[OUT]) == 40)
    assert published(broker) == list(range(40))
    assert broker.log[OUT][0].headers == (("ce_id", b"\xff"),)
    assert await pool.fetchval("select count(*) from outbox where acked_at is null") == 0


async def test_what_was_rolled_back_is_never_published(pool: Pool, broker: MemoryBroker) -> None:
    with pytest.raises(ZeroDivisionError):
        async with transaction(pool) as connection:
            await outbox.append(connection, records(1))
            raise ZeroDivisionError
    await append(pool, records(2))
    assert await Relay(pool, broker, clock=FakeClock()).publish_once() == 1
    assert published(broker) == [2]


async def test_a_late_commit_with_a_lower_id_is_not_skipped(pool: Pool, broker: MemoryBroker) -> None:
    relay = Relay(pool, broker, clock=FakeClock())
    async with transaction(pool) as early:
        await outbox.append(early, records(1))
        async with transaction(pool) as late:
            await outbox.append(late, records(2))
        assert await relay.publish_once() == 1
        assert published(broker) == [2]
    assert await relay.publish_once() == 1
    assert published(broker) == [2, 1]


async def test_two_relays_share_the_rows_and_publish_each_once(pool: Pool, broker: MemoryBroker) -> None:
    async with running(pool, broker, count=3) as relays:
        for first in range(0, 300, 10):
            await append(pool, records(*range(first, first + 10)))
            for relay in relays:
                relay.wake()
        await eventually(lambda: len(broker.log[OUT]) >= 300)
    assert sorted(published(broker)) == list(range(300))


async def test_a_broker_that_refuses_costs_time_and_no_record(pool: Pool, broker: MemoryBroker) -> None:
    broker.refused_sends = 2
    await append(pool, records(1, 2))
    async with running(pool, broker) as (relay,):
        relay.wake()
        await eventually(lambda: len(broker.log[OUT]) == 2)
    assert published(broker) == [1, 2]


async def test_a_writer_without_a_relay_wakes_one_by_notify(pool: Pool, broker: MemoryBroker) -> None:
    async with running(pool, broker, look_every_s=3600):
        await eventually(lambda: listening(pool))
        async with transaction(pool) as connection:
            await outbox.append(connection, records(1))
            await outbox.call_relay(connection)
        await eventually(lambda: published(broker) == [1])


async def test_stopping_publishes_what_was_committed_before(pool: Pool, broker: MemoryBroker) -> None:
    async with running(pool, broker):
        await append(pool, records(*range(20)))
    assert published(broker) == list(range(20))


async def test_rows_are_forgotten_a_day_after_their_ack_and_never_without_one(
    pool: Pool, broker: MemoryBroker
) -> None:
    await append(pool, records(1, 2, 3))
    old, young = timedelta(hours=25), timedelta(hours=23)
    await age(pool, 1, old, acked=True)
    await age(pool, 2, young, acked=True)
    await age(pool, 3, old, acked=False)
    broker.refused_sends = 1000
    async with running(pool, broker):
        await eventually(lambda: forgotten(pool, 1))
        kept = await pool.fetch("select id from outbox order by id")
    assert [row["id"] for row in kept] == [2, 3]
    broker.refused_sends = 0


async def age(pool: Pool, row: int, by: timedelta, *, acked: bool) -> None:
    await pool.execute(
        "update outbox set created_at = now() - $2::interval, "
        "acked_at = case when $3 then now() - $2::interval end where id = $1",
        row,
        by,
        acked,
    )


async def forgotten(pool: Pool, row: int) -> bool:
    return not await pool.fetchval("select exists (select from outbox where id = $1)", row)


async def test_a_record_without_value_is_a_row_too(pool: Pool, broker: MemoryBroker) -> None:
    await append(pool, [OutRecord(OUT, b"k", None, ())])
    await append(pool, [])
    await Relay(pool, broker, clock=FakeClock()).publish_once()
    assert [record.value for record in broker.log[OUT]] == [None]


async def test_an_append_that_cannot_be_stored_stores_nothing(pool: Pool) -> None:
    with pytest.raises(asyncpg.PostgresError):
        await append(pool, [*records(1), OutRecord("no\0zero", b"k", b"v", ())])
    assert await pool.fetchval("select count(*) from outbox") == 0


async def listening(pool: Pool) -> bool:
    """Whether some session has sent LISTEN: its backend shows it as the last statement."""
    return bool(
        await pool.fetchval(
            "select count(*) from pg_stat_activity "
            "where datname = current_database() and query ilike 'listen%outbox%'"
        )
    )
