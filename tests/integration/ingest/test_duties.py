"""One process does a piece of background work; it changes hands when its owner stops or falls silent."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.eventually import eventually
from tests.fakes.clock import FakeClock
from tests.integration.ingest.conftest import running

from twinledger.ingest.duties import Duties
from twinledger.kernel.clock import SystemClock
from twinledger.kernel.database import Pool, open_pool
from twinledger.state.ingest_leases import Duty

DUTIES = [
    Duty("read", "freshbooks.client"),
    Duty("poll", "freshbooks.client"),
    Duty("subscribe", "freshbooks"),
]


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    pool = await open_pool(database)
    yield pool
    await pool.close()


def process(pool: Pool, owner: str) -> Duties:
    return Duties(pool, "w", DUTIES, SystemClock(), owner=owner)


def held(duties: Duties) -> int:
    return sum(duties.holds(duty) for duty in DUTIES)


async def test_one_of_two_processes_holds_them(pool: Pool) -> None:
    first, second = process(pool, "ingest-0"), process(pool, "ingest-1")
    await first._take()
    await second._take()
    assert (held(first), held(second)) == (3, 0)


async def test_a_restarted_process_finds_its_own_at_once(pool: Pool) -> None:
    await process(pool, "ingest-0")._take()
    restarted = process(pool, "ingest-0")
    await restarted._take()
    assert held(restarted) == 3


async def test_a_silent_owner_loses_them(pool: Pool) -> None:
    first, second = process(pool, "ingest-0"), process(pool, "ingest-1")
    await first._take()
    await pool.execute("update ingest_lease set until = clock_timestamp() - interval '1 ms'")
    await second._take()
    await first._take()
    assert (held(first), held(second)) == (0, 3)


async def test_an_owner_that_stops_gives_them_back(pool: Pool) -> None:
    first, second = process(pool, "ingest-0"), process(pool, "ingest-1")
    async with running(first):
        await eventually(lambda: held(first) == 3)
    await second._take()
    assert (held(first), held(second)) == (0, 3)


async def test_memory_never_outlives_the_lease(pool: Pool) -> None:
    clock = FakeClock()
    duties = Duties(pool, "w", DUTIES, clock, owner="ingest-0")
    await duties._take()
    clock.advance(14.9)
    assert held(duties) == 3
    clock.advance(0.2)
    assert held(duties) == 0


async def test_whoever_gets_them_is_told(pool: Pool) -> None:
    told: list[int] = []
    duties = process(pool, "ingest-0")
    duties.on_change = lambda: told.append(held(duties))
    await duties._take()
    await duties._take()
    assert told == [3]
