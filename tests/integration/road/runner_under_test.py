"""A transactional runner over a memory broker and a real database, driven by a script of verdicts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from tests.fakes.broker import MemoryBroker

from twinledger.kernel.clock import SystemClock
from twinledger.kernel.database import Connection, Pool
from twinledger.kernel.ids import new_rng
from twinledger.road.broker import OutRecord, Received
from twinledger.road.dead_letters import DeadLetterOffice
from twinledger.road.failures import WaitLadder
from twinledger.road.outcome import Ok, Outcome
from twinledger.road.runner import TransactionalRunner

IN = "in.v1"
GROUP = "g"
Verdict = Outcome[None] | Exception
Script = Mapping[str, Sequence[Verdict]]
"""What to say of a value the first time, the second time ...; at the end and for others: Ok."""


def record(key: str, value: str, **headers: bytes) -> OutRecord:
    return OutRecord(IN, key.encode(), value.encode(), (("ce_id", value.encode()), *headers.items()))


class Step:
    """Writes an effect for each Ok; notes what it was handed, rolled back or not."""

    def __init__(self, script: Script | None = None) -> None:
        self._script = {value: list(verdicts) for value, verdicts in (script or {}).items()}
        self.handed: list[list[str]] = []
        self.attempts: dict[str, int] = {}

    async def __call__(self, connection: Connection, records: Sequence[Received]) -> list[Outcome[None]]:
        values = [(r.value or b"").decode() for r in records]
        self.handed.append(values)
        self.attempts |= {value: r.attempt for value, r in zip(values, records, strict=True)}
        verdicts = [self._say(value) for value in values]
        done = [
            (r.key.decode(), value)
            for r, value, verdict in zip(records, values, verdicts, strict=True)
            if isinstance(verdict, Ok)
        ]
        await connection.executemany("insert into effect (key, value) values ($1, $2)", done)
        return verdicts

    def _say(self, value: str) -> Outcome[None]:
        left = self._script.get(value)
        verdict: Verdict = left[0] if left else Ok(None)
        if isinstance(verdict, Exception):
            if len(left or ()) > 1:
                del (left or [])[0]
            raise verdict
        if left:
            left.pop(0)
        return verdict


@asynccontextmanager
async def running(
    pool: Pool,
    broker: MemoryBroker,
    step: Step,
    *,
    waits_s: Sequence[float] = (0.0, 0.0),
    group: str = GROUP,
) -> AsyncIterator[asyncio.Task[None]]:
    """The runner at work; it is stopped at the end unless it ended by itself."""
    clock = SystemClock()
    runner = TransactionalRunner(
        consumer=broker.consumer(IN, group=group),
        pool=pool,
        handler=step,
        office=DeadLetterOffice(group=group, stage="enrich", release="0", clock=clock),
        ladder=WaitLadder(new_rng(1), waits_s),
        clock=clock,
    )
    task = asyncio.create_task(runner.run())
    try:
        yield task
    finally:
        runner.stop()
        await asyncio.wait([task], timeout=15)
    assert task.done(), "the runner did not stop"


async def effects(pool: Pool) -> list[str]:
    return [row["value"] for row in await pool.fetch("select value from effect order by id")]


async def letters(pool: Pool) -> list[tuple[str, str]]:
    """(value, reason) of every dead letter in the outbox."""
    rows = await pool.fetch(
        "select o.value, d.reason from outbox o join dead_letter d "
        "on o.headers like '%' || d.id || '%' order by o.id"
    )
    return [(row["value"].decode(), row["reason"]) for row in rows]


async def parked(pool: Pool) -> list[str]:
    return [row["value"].decode() for row in await pool.fetch("select value from parked order by id")]


async def next_offset(pool: Pool) -> int | None:
    found = await pool.fetchval("select next_offset from consumer_offset where group_name = $1", GROUP)
    return None if found is None else int(found)
