"""Enrich on PostgreSQL through Kafka: the real program; beside it a bare UNNEST(500) upsert.

Each round: new customers, then the same ones as CRM and Books hold them (matched by e-mail), then a
changed name of each, for which two writes are planned. At the end the changes once more with a second
process of the stage: one process computes on one core.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.bench.documents import Document, books_contact, crm_contact, freshbooks_client, observations
from tests.bench.feeding import feed, producer_of
from tests.bench.figures import Figure, ratio
from tests.bench.lab import Lab, meter, one_stage, reached
from tests.bench.programs import free_port, tool_program

from twinledger.cli.dev.session import Session
from twinledger.road.broker import OutRecord
from twinledger.road.codec import Codec
from twinledger.road.kafka import KafkaProducer

__all__ = ["measure", "timed"]

_RECORDS = 4_000
_DONE = """select coalesce(sum(next_offset), 0)::bigint from consumer_offset
            where group_name = 'twinledger-enrich' and topic = 'twinledger.observations.v1'"""
_ASSIGNED = 'twinledger_rebalances_total{consumergroup="twinledger-enrich"}'
_PARTS: tuple[tuple[str, Document, str], ...] = (
    ("first", freshbooks_client, "Ada"),
    ("second", crm_contact, "Ada"),
    ("third", books_contact, "Ada"),
    ("change", freshbooks_client, "Eve"),
)


@dataclass
class _Seen:
    per_s: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name, _, _ in _PARTS})
    cpu_us: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    by_two: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


async def measure(lab: Lab, rounds: int) -> list[Figure]:
    """A B A B; the first round of each is a warm-up."""
    session = await lab.session("foundation")
    codec, seen = Codec.from_files(), _Seen()
    async with (
        one_stage(session, "enrich", {}) as enrich,
        tool_program("bare_upsert", session.stack.database.address) as upsert,
        producer_of(session.stack.broker.address) as producer,
    ):
        cpu = meter(session, enrich=enrich, load=os.getpid())
        for number in range(rounds + 1):
            seen.bare.append((await upsert.ask(rows=40_000))["per_s"])
            numbers = range(number * _RECORDS, (number + 1) * _RECORDS)
            for step, (name, document, given) in enumerate(_PARTS):
                records = observations(codec, document, numbers, given, step)
                cpu.start()
                seen.per_s[name].append(await timed(session, producer, records))
            seen.notes.append(cpu.text())
            seen.cpu_us.append(cpu.used_s("enrich") * 1e6 / _RECORDS)
        known = range(_RECORDS)
        async with _a_second(session):
            for number in range(rounds + 1):
                records = observations(codec, freshbooks_client, known, f"Ann{number}", len(_PARTS) + number)
                seen.by_two.append(await timed(session, producer, records))
    return _figures(seen)


@asynccontextmanager
async def _a_second(session: Session) -> AsyncIterator[None]:
    """One more process of the stage, from the moment it has its half of the partitions."""
    port = free_port()
    more = {"TWINLEDGER_INSTANCE": "1", "TWINLEDGER_ADMIN_PORT": str(port)}
    async with one_stage(session, "enrich", more):

        async def shares() -> bool:
            metrics = (await session.http.get(f"http://127.0.0.1:{port}/metrics")).text
            return f"{_ASSIGNED} 1.0" in metrics

        await reached(shares, within_s=60)
        yield


async def timed(session: Session, producer: KafkaProducer, records: list[OutRecord]) -> float:
    """Records a second, from the first one sent until the offsets of all are committed."""
    goal = await session.pool.fetchval(_DONE) + len(records)

    async def done() -> bool:
        return bool(await session.pool.fetchval(_DONE) >= goal)

    began = session.clock.monotonic()
    await feed(producer, records)
    await reached(done, within_s=120)
    return len(records) / (session.clock.monotonic() - began)


def _figures(seen: _Seen) -> list[Figure]:
    first, second, third, change = (seen.per_s[name][1:] for name, _, _ in _PARTS)
    held = f"changes of the middle round, {seen.notes[len(seen.notes) // 2]}"
    return [
        Figure("enrich: changes of known customers", "1/s", change, 1_500, next_gate=2_000, note=held),
        Figure("enrich: changes, two processes of the stage", "1/s", seen.by_two[1:], 2_000),
        Figure("enrich: first sight of customers", "1/s", first, 1_500, next_gate=2_000),
        Figure("enrich: matching a second side", "1/s", second),
        Figure("enrich: matching a third side", "1/s", third),
        Figure("enrich: CPU of the program, a change", "us/record", seen.cpu_us[1:]),
        Figure("enrich: bare UNNEST(500) upsert", "1/s", seen.bare[1:]),
        ratio("enrich: changes, ratio to the bare upsert", change, seen.bare[1:], None),
    ]
