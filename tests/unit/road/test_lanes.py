"""Lanes: a partition in one transaction at a time, its records in order, failures heard."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from twinledger.road.broker import Received
from twinledger.road.lanes import Lanes

_AT = datetime(2026, 11, 26, tzinfo=UTC)


def records(partition: int, first: int, number: int) -> list[Received]:
    return [Received("observations", partition, first + i, b"k", b"v", (), _AT) for i in range(number)]


@dataclass
class Transactions:
    """Each call stays open until `end` names its place in the order of calls."""

    begun: list[Sequence[Received]] = field(default_factory=list)
    open: list[asyncio.Future[None]] = field(default_factory=list)

    async def settle(self, share: Sequence[Received]) -> None:
        self.begun.append(share)
        self.open.append(asyncio.get_running_loop().create_future())
        await self.open[-1]

    def end(self, place: int, failure: Exception | None = None) -> None:
        if failure is None:
            self.open[place].set_result(None)
        else:
            self.open[place].set_exception(failure)

    def offsets(self) -> list[list[tuple[int, int]]]:
        return [[(r.partition, r.offset) for r in share] for share in self.begun]


async def turn() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_partition_is_in_one_transaction_at_a_time_and_its_records_keep_their_order() -> None:
    seen = Transactions()
    lanes = Lanes(seen.settle, lanes=2, max_records=1_000)
    await lanes.put(records(0, 0, 2))
    await turn()
    await lanes.put([*records(0, 2, 2), *records(1, 0, 1)])
    await turn()
    assert seen.offsets() == [[(0, 0), (0, 1)], [(1, 0)]]
    seen.end(0)
    await turn()
    lanes.collect()
    await turn()
    assert seen.offsets()[2:] == [[(0, 2), (0, 3)]]
    await lanes.aclose()


async def test_much_work_is_shared_by_the_lanes_and_little_is_not() -> None:
    seen = Transactions()
    lanes = Lanes(seen.settle, lanes=2, max_records=1_000)
    await lanes.put([r for partition in range(4) for r in records(partition, 0, 50)])
    await turn()
    assert [len(share) for share in seen.begun] == [100, 100]
    await lanes.aclose()
    few = Transactions()
    lanes = Lanes(few.settle, lanes=2, max_records=1_000)
    await lanes.put([r for partition in range(4) for r in records(partition, 0, 5)])
    await turn()
    assert [len(share) for share in few.begun] == [20]
    await lanes.aclose()


async def test_a_transaction_takes_no_more_than_its_part_of_the_most_records() -> None:
    seen = Transactions()
    lanes = Lanes(seen.settle, lanes=2, max_records=100)
    putting = asyncio.ensure_future(lanes.put(records(0, 0, 180)))
    await turn()
    assert [len(share) for share in seen.begun] == [50]
    assert not putting.done(), "130 wait: there is no room for more"
    seen.end(0)
    await turn()
    assert [share[0].offset for share in seen.begun] == [0, 50]
    assert putting.done()
    await lanes.aclose()


async def test_a_failure_of_a_transaction_reaches_the_next_look() -> None:
    seen = Transactions()
    lanes = Lanes(seen.settle, lanes=1, max_records=1_000)
    await lanes.put(records(0, 0, 1))
    await turn()
    seen.end(0, RuntimeError("no such table"))
    await turn()
    with pytest.raises(RuntimeError, match="no such table"):
        lanes.collect()


async def test_draining_settles_what_waits_too() -> None:
    seen = Transactions()
    lanes = Lanes(seen.settle, lanes=1, max_records=1_000)
    await lanes.put(records(0, 0, 1))
    await lanes.put(records(0, 1, 1))
    draining = asyncio.ensure_future(lanes.drain())
    await turn()
    seen.end(0)
    await turn()
    assert not draining.done()
    seen.end(1)
    await draining
    assert seen.offsets() == [[(0, 0)], [(0, 1)]]


async def test_what_waits_is_forgotten_when_partitions_are_assigned_anew() -> None:
    seen = Transactions()
    lanes = Lanes(seen.settle, lanes=1, max_records=1_000)
    await lanes.put(records(0, 0, 1))
    await lanes.put(records(0, 1, 1))
    await turn()
    lanes.forget()
    seen.end(0)
    await lanes.drain()
    assert seen.offsets() == [[(0, 0)]]
