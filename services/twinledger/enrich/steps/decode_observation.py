"""Enrich, before its steps: an Avro observation record becomes an Observed.

In: Received    Out: Observed, or PermanentError (undecodable, schema_incompatible)
"""

from __future__ import annotations

from collections.abc import Mapping

from twinledger.enrich.observed import Observed
from twinledger.mapping.entity_model import EntityModel
from twinledger.road.broker import Received
from twinledger.road.codec import Codec
from twinledger.road.envelope import Envelope
from twinledger.state.records import ExternalKey

__all__ = ["decode_observation"]

SCHEMA_PREFIX = "observation."


def decode_observation(received: Received, codec: Codec, models: Mapping[str, EntityModel]) -> Observed:
    """Only what the system stated becomes a field: absent differs from null."""
    schema_name, record = codec.decode(received.value)
    entity_type = schema_name.removeprefix(SCHEMA_PREFIX)
    envelope = Envelope.from_headers(received.headers)
    return Observed(
        record["workspace"],
        ExternalKey(record["object"], record["external_id"]),
        entity_type,
        dict(models[entity_type].from_record(record)),
        record["read_started_at"],
        record["content_hash"],
        record["definition"],
        vendor_updated_at=record["vendor_updated_at"],
        reference=record["reference"],
        links=record["links"],
        related=record["related"],
        gone=record["gone"],
        lane=envelope.lane,
        received_at=envelope.received_at,
    )
