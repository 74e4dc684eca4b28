"""Road: one transaction for a set of records: effects, parked ones, dead letters, offset.

Records come from a topic (`settle`) or from the parked table (`settle_due`); the same handler judges
both, and the same rules keep the order of each key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from twinledger.kernel.database import Connection, Pool, transaction
from twinledger.kernel.failpoints import failpoint
from twinledger.road import outbox, parking
from twinledger.road.broker import Received
from twinledger.road.dead_letters import DeadLetterOffice, insert_rows
from twinledger.road.failures import WaitLadder
from twinledger.road.judging import Handler, Key, judge
from twinledger.road.offsets import Offsets
from twinledger.road.outcome import DeadLetter, Ok, Outcome, Retry, Skip
from twinledger.road.parking import Parked, Wait

__all__ = ["Fate", "Settled", "Settling"]

Fate: TypeAlias = Ok[None] | Skip | DeadLetter | Wait
"""What becomes of a record: its verdict, with a wait or the end of the ladder in the place of Retry."""

Settled: TypeAlias = list[tuple[Received, Fate]]

_BEHIND = Wait(parking.BEHIND, 0.0)


class Settling:
    """The transactions of one runner."""

    def __init__(
        self, pool: Pool, handler: Handler, office: DeadLetterOffice, ladder: WaitLadder, offsets: Offsets
    ) -> None:
        self._pool, self._handler, self._office = pool, handler, office
        self._ladder, self._offsets = ladder, offsets

    async def settle(
        self, records: Sequence[Received], held_from: Mapping[Key, int], *, behind_parked: bool
    ) -> Settled:
        """Overtaken or OffsetsMoved when it was undone; `behind_parked`: the group may hold parked keys."""
        async with transaction(self._pool) as connection:
            held = dict(held_from)
            if behind_parked:
                held |= dict.fromkeys(await parking.parked_keys(connection, self._office.group, records), 0)
            verdicts = await self._judged(connection, records, held)
            settled = [(r, self._fate(v, 0)) for r, v in zip(records, verdicts, strict=True)]
            waiting = [(record, fate) for record, fate in settled if isinstance(fate, Wait)]
            await parking.park(connection, self._office.group, waiting)
            await self._write_letters(connection, settled)
            await self._offsets.advance(connection, records)
            failpoint("runner.commit.before")
        failpoint("runner.commit.after")
        return settled

    async def bury(self, record: Received, verdict: DeadLetter) -> Settled:
        """A record whose handling raises, standing alone."""
        async with transaction(self._pool) as connection:
            await self._write_letters(connection, [(record, verdict)])
            await self._offsets.advance(connection, [record])
            failpoint("runner.commit.before")
        failpoint("runner.commit.after")
        return [(record, verdict)]

    async def settle_due(
        self,
        topics: Sequence[str],
        *,
        max_records: int,
        only: int | None = None,
        instead: DeadLetter | None = None,
    ) -> Settled:
        """Parked records whose time has come; `only` one of them, which with `instead` is not tried."""
        async with transaction(self._pool) as connection:
            parked = await parking.due(
                connection, self._office.group, topics, max_records=max_records, only=only
            )
            if not parked:
                return []
            records = [row.record for row in parked]
            verdicts: Sequence[Outcome[None] | None] = (
                [instead] if instead else await self._judged(connection, records, {})
            )
            settled = [
                (row.record, self._fate(v, _step(row, v))) for row, v in zip(parked, verdicts, strict=True)
            ]
            await self._write_letters(connection, settled, parked)
            await self._move_on(connection, parked, settled)
            failpoint("runner.commit.before")
        failpoint("runner.commit.after")
        return settled

    async def due_heads(self, topics: Sequence[str], *, max_records: int) -> list[int]:
        """Parked ids that `only` may name."""
        async with transaction(self._pool) as connection:
            return await parking.due_heads(connection, self._office.group, topics, max_records=max_records)

    async def any_parked(self) -> bool:
        """Whether the group holds any parked record at all."""
        async with transaction(self._pool) as connection:
            return await parking.any_parked(connection, self._office.group)

    async def _judged(
        self, connection: Connection, records: Sequence[Received], held_from: Mapping[Key, int]
    ) -> list[Outcome[None] | None]:
        failpoint("runner.handle.before")
        verdicts = await judge(self._handler, connection, records, held_from)
        failpoint("runner.handle.after")
        return verdicts

    def _fate(self, verdict: Outcome[None] | None, step: int) -> Fate:
        if verdict is None:
            return _BEHIND
        return self._ladder.wait(verdict, step) if isinstance(verdict, Retry) else verdict

    async def _write_letters(
        self, connection: Connection, settled: Settled, parked: Sequence[Parked] = ()
    ) -> None:
        since = {id(row.record): row.since for row in parked}
        letters = [
            self._office.letter(record, fate, since.get(id(record)))
            for record, fate in settled
            if isinstance(fate, DeadLetter)
        ]
        await outbox.append(connection, letters)
        await insert_rows(connection, letters)

    async def _move_on(self, connection: Connection, parked: Sequence[Parked], settled: Settled) -> None:
        """What was judged leaves or waits again; what stands behind stays as it is."""
        fates = [(row.id, fate) for row, (_, fate) in zip(parked, settled, strict=True)]
        await parking.leave(connection, [row_id for row_id, fate in fates if not isinstance(fate, Wait)])
        waits = [(row_id, fate) for row_id, fate in fates if isinstance(fate, Wait) and fate is not _BEHIND]
        await parking.postpone(connection, waits)


def _step(parked: Parked, verdict: Outcome[None] | None) -> int:
    return parked.step_for(verdict.waits_for) if isinstance(verdict, Retry) else parked.step
