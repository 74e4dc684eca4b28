from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import pytest
from tests.unit.road.received import received

from twinledger.kernel.database import Connection
from twinledger.road.broker import Received
from twinledger.road.judging import Overtaken, judge
from twinledger.road.outcome import Ok, Outcome, Retry, Skip

NO_CONNECTION = cast(Connection, None)
RECORDS = [received("a", 0), received("b", 1), received("a", 2), received("b", 3)]


class Scripted:
    """Waits for the records at these offsets, notes what it was handed."""

    def __init__(self, waits_at: set[int]) -> None:
        self.waits_at = waits_at
        self.handed: list[list[int]] = []

    async def __call__(self, connection: Connection, records: Sequence[Received]) -> Sequence[Outcome[None]]:
        self.handed.append([record.offset for record in records])
        return [Retry("parent") if record.offset in self.waits_at else Ok(None) for record in records]


async def test_all_records_go_to_the_step_at_once() -> None:
    step = Scripted(set())
    assert await judge(step, NO_CONNECTION, RECORDS, {}) == [Ok(None)] * 4
    assert step.handed == [[0, 1, 2, 3]]


async def test_a_key_whose_first_record_waits_is_undone_from_the_next_place_on() -> None:
    with pytest.raises(Overtaken) as undone:
        await judge(Scripted({0}), NO_CONNECTION, RECORDS, {})
    assert undone.value.held_from == {("t", b"a"): 1}


async def test_held_records_are_not_handed_to_the_step() -> None:
    step = Scripted({0})
    verdicts = await judge(step, NO_CONNECTION, RECORDS, {("t", b"a"): 1})
    assert verdicts == [Retry("parent"), Ok(None), None, Ok(None)]
    assert step.handed == [[0, 1, 3]]


async def test_a_key_that_waits_to_its_end_needs_no_undoing() -> None:
    assert (await judge(Scripted({2}), NO_CONNECTION, RECORDS, {}))[2] == Retry("parent")
    assert (await judge(Scripted({0, 2}), NO_CONNECTION, RECORDS, {}))[0] == Retry("parent")


async def test_with_every_key_held_the_step_is_not_called() -> None:
    step = Scripted(set())
    held = {("t", b"a"): 0, ("t", b"b"): 0}
    assert await judge(step, NO_CONNECTION, RECORDS, held) == [None] * 4
    assert step.handed == []


async def test_a_verdict_too_few_is_an_error() -> None:
    async def forgetful(connection: Connection, records: Sequence[Received]) -> Sequence[Outcome[None]]:
        return [Skip("first only")]

    with pytest.raises(ValueError, match="zip"):
        await judge(forgetful, NO_CONNECTION, RECORDS, {})
