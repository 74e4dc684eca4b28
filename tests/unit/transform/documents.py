"""Source records of the transform tests, as ingest publishes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from twinledger.road.broker import Received
from twinledger.road.codec import Codec
from twinledger.road.envelope import Envelope
from twinledger.road.topics import SOURCE_RECORDS, key_of

__all__ = ["CLIENT", "READ_AT", "RECEIVED_AT", "source_record"]

READ_AT = datetime(2026, 3, 5, 17, 41, tzinfo=UTC)
RECEIVED_AT = datetime(2026, 3, 5, 17, 40, 59, tzinfo=UTC)
CLIENT = {
    "id": 24018,
    "userid": 24018,
    "organization": "Northpier Studio",
    "fname": "Ada",
    "lname": "Boone",
    "email": " Ada@Northpier.example ",
    "bus_phone": "+1 415 555 0100",
    "p_street": "1 Pier",
    "p_city": "Oakland",
    "p_country": "United States",
    "currency_code": "USD",
    "language": "en",
    "note": "",
    "vis_state": 0,
    "updated": "2026-03-05 12:40:02",
}


def source_record(
    codec: Codec,
    document: Mapping[str, Any] | bytes | None,
    *,
    object_name: str = "freshbooks.client",
    external_id: str = "24018",
    gone: bool = False,
    offset: int = 0,
    related: Mapping[str, Sequence[str]] | None = None,
) -> Received:
    """One record of the source-records topic."""
    body = orjson.dumps(document) if isinstance(document, Mapping) else document
    envelope = Envelope(
        event_id=f"event-{offset}",
        source=object_name,
        type="source-record",
        time=READ_AT,
        workspace="default",
        lane="live",
        received_at=RECEIVED_AT,
        traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    )
    record = {
        "workspace": "default",
        "object": object_name,
        "external_id": external_id,
        "document": body,
        "gone": gone,
        "read_started_at": READ_AT,
        "related": dict(related or {}),
    }
    key = key_of("default", object_name, external_id)
    value = codec.encode("source-record", record)
    return Received(SOURCE_RECORDS.name, 0, offset, key, value, tuple(envelope.to_headers()), READ_AT)
