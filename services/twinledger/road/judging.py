"""Road: hands records to a step and keeps the order of each key, whatever the verdicts are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeAlias

from twinledger.kernel.database import Connection
from twinledger.road.broker import Received
from twinledger.road.outcome import Outcome, Retry

__all__ = ["Handler", "Key", "Overtaken", "judge"]

Handler = Callable[[Connection, Sequence[Received]], Awaitable[Sequence[Outcome[None]]]]
"""A stage's pipeline: writes through the connection, never commits, a verdict for each record."""

Key: TypeAlias = tuple[str, bytes]
"""topic and record key"""


class Overtaken(Exception):
    """Later records of a waiting key had their effect: undo, and hold them back from these places on."""

    def __init__(self, held_from: Mapping[Key, int]) -> None:
        super().__init__("records of a waiting key were handled out of order")
        self.held_from = held_from


async def judge(
    handle: Handler, connection: Connection, records: Sequence[Received], held_from: Mapping[Key, int]
) -> list[Outcome[None] | None]:
    """A verdict for each record; None for those held back behind an earlier one of their key."""
    end = len(records)
    places = (
        [i for i, r in enumerate(records) if i < held_from.get((r.topic, r.key), end)]
        if held_from
        else range(end)
    )
    verdicts: list[Outcome[None] | None] = [None] * end
    if places:
        outcomes = await handle(connection, [records[place] for place in places])
        for place, outcome in zip(places, outcomes, strict=True):
            verdicts[place] = outcome
        _check_order(records, places, verdicts)
    return verdicts


def _check_order(
    records: Sequence[Received], places: Sequence[int], verdicts: Sequence[Outcome[None] | None]
) -> None:
    waiting: dict[Key, int] = {}
    overtaken: dict[Key, int] = {}
    for place in places:
        key = (records[place].topic, records[place].key)
        if isinstance(verdicts[place], Retry):
            waiting.setdefault(key, place)
        elif key in waiting:
            overtaken[key] = waiting[key] + 1
    if overtaken:
        raise Overtaken(overtaken)
