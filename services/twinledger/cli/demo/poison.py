"""Demo: one deliberate dead letter: a record nobody can decode, put on the road."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from twinledger.cli.letters import read_letters
from twinledger.kernel.clock import Clock
from twinledger.road.broker import OutRecord
from twinledger.road.envelope import Envelope
from twinledger.road.kafka import KafkaProducer
from twinledger.road.topics import SOURCE_RECORDS, key_of

__all__ = ["dead_letters", "put_on_the_road"]


async def put_on_the_road(bootstrap: str, workspace: str, run: int, clock: Clock) -> None:
    """Bytes that are no Avro, in an envelope that is sound."""
    now = clock.now()
    envelope = Envelope(
        event_id=f"demo-poison-{run}-{now.timestamp():.0f}",
        source="freshbooks.client",
        type="source-record",
        time=now,
        workspace=workspace,
        lane="live",
        received_at=now,
    )
    key = key_of(workspace, "freshbooks.client", f"poison-{run}")
    record = OutRecord(SOURCE_RECORDS.name, key, b"\xffnot a document", tuple(envelope.to_headers()))
    producer = KafkaProducer(bootstrap)
    await producer.start()
    try:
        await producer.send_batch([record])
    finally:
        await producer.stop()


async def dead_letters(
    bootstrap: str, since: datetime, clock: Clock, within_s: float
) -> list[dict[str, Any]]:
    """What left the road since then; waits for the first."""
    deadline = clock.monotonic() + within_s
    while True:
        summaries = [letter.summary() for letter in await read_letters(bootstrap)]
        found = [row for row in summaries if row["at"] >= since.isoformat()]
        if found or clock.monotonic() > deadline:
            return found
        await clock.sleep(0.2)
