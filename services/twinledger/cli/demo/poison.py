"""Demo: one deliberate dead letter: a record nobody can decode, put on the road."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Pool
from twinledger.road.broker import OutRecord
from twinledger.road.envelope import Envelope
from twinledger.road.kafka import KafkaProducer
from twinledger.road.topics import SOURCE_RECORDS, key_of

__all__ = ["dead_letters", "put_on_the_road"]

_LETTERS = """
    select id, reason, error_class, message, topic, source, created_at from dead_letter
     where created_at >= $1 order by created_at, id
"""


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


async def dead_letters(pool: Pool, since: datetime, clock: Clock, within_s: float) -> list[dict[str, Any]]:
    """What left the road since then; waits for the first."""
    deadline = clock.monotonic() + within_s
    rows = await pool.fetch(_LETTERS, since)
    while not rows and clock.monotonic() < deadline:
        await clock.sleep(0.2)
        rows = await pool.fetch(_LETTERS, since)
    return [dict(row) for row in rows]
