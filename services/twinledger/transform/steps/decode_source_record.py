"""Transform, step 1 of 3: bytes from the topic become a source record.

In: Received    Out: SourceRecord, or PermanentError (undecodable, schema_incompatible)
"""

from __future__ import annotations

from twinledger.road.broker import Received
from twinledger.road.codec import Codec
from twinledger.road.envelope import Envelope
from twinledger.transform.source_record import SourceRecord

__all__ = ["decode_source_record"]


def decode_source_record(received: Received, codec: Codec) -> SourceRecord:
    """Envelope and Avro value; the document inside stays bytes."""
    envelope = Envelope.from_headers(received.headers)
    _, record = codec.decode(received.value)
    return SourceRecord(
        envelope,
        received.key,
        record["workspace"],
        record["object"],
        record["external_id"],
        record["document"],
        record["gone"],
        record["read_started_at"],
        record["related"],
    )
