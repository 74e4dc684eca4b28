"""Road: the runners. A step judges; a runner fetches, parks, dead-letters, publishes and commits.

StatelessRunner (transform): read, judge, publish, wait for the acks, then commit to Kafka.
TransactionalRunner (all others): effects, parked records, dead letters and offsets in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

import asyncpg

from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Pool
from twinledger.kernel.errors import FatalError, TransientError
from twinledger.kernel.failpoints import failpoint
from twinledger.road.broker import Consumer, OutRecord, Partition, Producer, Received
from twinledger.road.dead_letters import DeadLetterOffice
from twinledger.road.failures import WaitLadder, verdict_on
from twinledger.road.judging import Handler, Key, Overtaken
from twinledger.road.lanes import Lanes
from twinledger.road.offsets import Offsets, OffsetsMoved
from twinledger.road.outcome import DeadLetter, Ok, Outcome, Retry, Skip
from twinledger.road.parking import Wait
from twinledger.road.read_loop import ReadLoop
from twinledger.road.settling import Settled, Settling
from twinledger.road.tally import Tally

__all__ = ["MAX_RECORDS", "PureHandler", "StatelessRunner", "TransactionalRunner"]

MAX_RECORDS = 500
_LOOK_FOR_DUE_S = 0.5
_COLLISIONS = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError)

T = TypeVar("T")

PureHandler = Callable[[Sequence[Received]], Sequence[Outcome[Sequence[OutRecord]]]]
"""A pipeline without state; it never waits: a Retry from it stops the process."""


class StatelessRunner:
    """At least once: after a kill, records since the last commit are published again with the same ids."""

    def __init__(
        self,
        *,
        consumer: Consumer,
        producer: Producer,
        handler: PureHandler,
        office: DeadLetterOffice,
        clock: Clock,
        max_records: int = MAX_RECORDS,
    ) -> None:
        self._producer, self._handler, self._office, self._clock = producer, handler, office, clock
        self._loop = ReadLoop(consumer, clock, max_records=max_records)
        self._tally = Tally(office.stage, clock)

    async def run(self) -> None:
        await self._loop.run(self._settle)

    def stop(self) -> None:
        self._loop.stop()

    async def _settle(self, records: Sequence[Received]) -> None:
        began = self._clock.monotonic()
        judged = self._judge(records)
        outgoing = [out for record, verdict in judged for out in self._outgoing(record, verdict)]
        if outgoing:
            await self._loop.persist(partial(self._producer.send_batch, outgoing))
        self._loop.done(records)
        self._tally.settled(judged, began)

    def _judge(
        self, records: Sequence[Received]
    ) -> list[tuple[Received, Ok[Sequence[OutRecord]] | Skip | DeadLetter]]:
        """An exception is halved down to the record that causes it."""
        failpoint("runner.handle.before")
        try:
            judged = list(zip(records, map(_never_waits, self._handler(records)), strict=True))
        except FatalError:
            raise
        except Exception as error:
            if len(records) == 1:
                return [(records[0], verdict_on(error))]
            middle = len(records) // 2
            return self._judge(records[:middle]) + self._judge(records[middle:])
        failpoint("runner.handle.after")
        return judged

    def _outgoing(
        self, record: Received, verdict: Ok[Sequence[OutRecord]] | Skip | DeadLetter
    ) -> Sequence[OutRecord]:
        if isinstance(verdict, Ok):
            return verdict.value
        return [self._office.letter(record, verdict)] if isinstance(verdict, DeadLetter) else ()


class TransactionalRunner:
    """Effectively once: the offset is in the same transaction as what the records did."""

    def __init__(
        self,
        *,
        consumer: Consumer,
        pool: Pool,
        handler: Handler,
        office: DeadLetterOffice,
        ladder: WaitLadder,
        clock: Clock,
        after_commit: Sequence[Callable[[], None]] = (),
        max_records: int = MAX_RECORDS,
        lanes: int = 1,
    ) -> None:
        """`lanes`: transactions side by side, each of partitions of its own."""
        self._consumer, self._pool, self._clock = consumer, pool, clock
        self._lanes = Lanes(self._settle, lanes=lanes, max_records=max_records)
        self._after_commit = after_commit
        self._offsets = Offsets(office.group)
        self._settling = Settling(pool, handler, office, ladder, self._offsets)
        self._loop = ReadLoop(consumer, clock, max_records=max_records)
        self._tally = Tally(office.stage, clock)
        self._max_records = max_records
        self._topics: set[str] = set()
        self._parked = True
        self._assignments = 0
        self._look_for_due_at = 0.0

    async def run(self) -> None:
        try:
            await self._loop.run(
                self._lanes.put, between=self._between, at_end=self._lanes.drain, start_from=self._starts
            )
        finally:
            await self._lanes.aclose()

    def stop(self) -> None:
        self._loop.stop()

    async def _starts(self, partitions: Sequence[Partition]) -> dict[Partition, int]:
        self._lanes.forget()
        self._topics |= {partition.topic for partition in partitions}
        self._assignments += 1
        self._parked = True  # perhaps by the partitions' earlier owner
        starts = partial(self._offsets.starts, self._pool, self._consumer, partitions)
        return await self._loop.persist(starts)

    async def _settle(self, records: Sequence[Received]) -> None:
        """An exception is halved down to the record that causes it, first half first."""
        parts = [records]
        while parts:
            part = parts.pop()
            try:
                await self._commit(part)
            except (FatalError, TransientError):
                raise
            except Exception as error:
                if len(part) > 1:
                    middle = len(part) // 2
                    parts += [part[middle:], part[:middle]]
                else:
                    await self._commit(part, instead=verdict_on(error))
        self._loop.done(records)
        self._look_for_due_at = 0.0  # the batch may have woken some

    async def _commit(self, part: Sequence[Received], instead: DeadLetter | None = None) -> None:
        """Repeat until it stands; a batch that another owner has overtaken shrinks to what is left."""
        held: dict[Key, int] = {}
        while part:
            began = self._clock.monotonic()
            try:
                settled = await self._loop.persist(partial(self._attempt, part, held, instead))
            except OffsetsMoved as moved:
                part, held = moved.left_of(part), {}
                self._parked = True  # perhaps by that other owner
            except Overtaken as overtaken:
                held |= overtaken.held_from
            except _COLLISIONS:
                continue
            else:
                return self._committed(settled, began)

    async def _attempt(
        self, part: Sequence[Received], held: Mapping[Key, int], instead: DeadLetter | None
    ) -> Settled:
        if instead is not None:
            return await self._settling.bury(part[0], instead)
        return await self._settling.settle(part, held, behind_parked=self._parked)

    def _committed(self, settled: Settled, began: float) -> None:
        self._parked |= any(isinstance(fate, Wait) for _, fate in settled)
        self._tally.settled(settled, began)
        for announce in self._after_commit:
            announce()

    async def _between(self) -> None:
        self._lanes.collect()
        if self._parked and self._clock.monotonic() >= self._look_for_due_at:
            await self._lanes.drain()
            await self._settle_due()

    async def _settle_due(self) -> None:
        """Parked records whose time has come, until none is or none moves."""
        while await self._due_moved():
            pass
        self._look_for_due_at = self._clock.monotonic() + _LOOK_FOR_DUE_S
        assignments = self._assignments
        parked = await self._loop.persist(self._settling.any_parked)
        if assignments == self._assignments:
            self._parked = parked

    async def _due_moved(self) -> bool:
        try:
            return await self._try_due(max_records=self._max_records)
        except (FatalError, TransientError):
            raise
        except _COLLISIONS:
            return True
        except Exception:  # a bad record, or a key out of order: one at a time tells which
            heads = partial(self._settling.due_heads, list(self._topics), max_records=self._max_records)
            moved = [await self._try_one_due(head) for head in await self._loop.persist(heads)]
            return any(moved)

    async def _try_one_due(self, head: int) -> bool:
        try:
            return await self._try_due(max_records=1, only=head)
        except (FatalError, TransientError):
            raise
        except _COLLISIONS:
            return True
        except Exception as error:
            return await self._try_due(max_records=1, only=head, instead=verdict_on(error))

    async def _try_due(
        self, *, max_records: int, only: int | None = None, instead: DeadLetter | None = None
    ) -> bool:
        began = self._clock.monotonic()
        work = partial(
            self._settling.settle_due,
            list(self._topics),
            max_records=max_records,
            only=only,
            instead=instead,
        )
        settled = await self._loop.persist(work)
        if settled:
            self._committed(settled, began)
        return any(not isinstance(fate, Wait) for _, fate in settled)


def _never_waits(verdict: Outcome[T]) -> Ok[T] | Skip | DeadLetter:
    if isinstance(verdict, Retry):
        raise FatalError("a step without state asked to wait")
    return verdict
