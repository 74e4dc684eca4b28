"""Transform through Kafka with Avro: the real program reads what lies in the topic; beside it a bare loop."""

from __future__ import annotations

import os

from tests.bench.documents import freshbooks_client, source_records
from tests.bench.feeding import end_of, feed, producer_of
from tests.bench.figures import Figure, ratio
from tests.bench.lab import Lab, meter, one_stage, reached
from tests.bench.programs import tool_program

from twinledger.road.codec import Codec
from twinledger.road.topics import OBSERVATIONS

__all__ = ["measure"]

_RECORDS = 20_000


async def measure(lab: Lab, rounds: int) -> list[Figure]:
    """A B A B; the first round of each is a warm-up."""
    session = await lab.session("foundation")
    codec, kafka = Codec.from_files(), session.stack.broker.address
    per_s, per_core, bare, notes = [], [], [], []
    async with (
        one_stage(session, "transform", {}) as transform,
        tool_program("bare_loop") as loop,
        producer_of(kafka) as producer,
        end_of(kafka, OBSERVATIONS) as end,
    ):
        cpu = meter(session, transform=transform, load=os.getpid())
        for number in range(rounds + 1):
            bare.append((await loop.ask(records=_RECORDS // 2))["per_s"])
            records = source_records(codec, freshbooks_client, range(_RECORDS), f"Ada{number}", number)
            goal = await end() + _RECORDS

            async def done(goal: int = goal) -> bool:
                return await end() >= goal

            cpu.start()
            began = session.clock.monotonic()
            await feed(producer, records)
            await reached(done, within_s=120, every_s=0.1)
            per_s.append(_RECORDS / (session.clock.monotonic() - began))
            per_core.append(_RECORDS / cpu.used_s("transform"))
            notes.append(cpu.text())
    return _figures(per_s[1:], per_core[1:], bare[1:], notes[1:])


def _figures(per_s: list[float], per_core: list[float], bare: list[float], notes: list[str]) -> list[Figure]:
    held = f"middle round, {notes[len(notes) // 2]}"
    return [
        Figure("transform: through Kafka, Avro in and out", "1/s", per_s, 4_000, note=held),
        Figure("transform: per core", "1/s/core", per_core, 4_000),
        Figure("transform: bare decode, validate, encode", "1/s", bare),
        ratio("transform: per core, ratio to the bare loop", per_core, bare, 0.45),
    ]
