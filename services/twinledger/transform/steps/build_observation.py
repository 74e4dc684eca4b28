"""Transform, step 3 of 3: canonical fields become an observation, same key, ready for the topic.

In: SourceRecord, Reading    Out: OutRecord
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import orjson

from twinledger.kernel.ids import derived_id
from twinledger.mapping.entity_model import EntityModel
from twinledger.mapping.lens import Reading
from twinledger.road.broker import OutRecord
from twinledger.road.codec import Codec
from twinledger.road.envelope import Envelope
from twinledger.road.topics import OBSERVATIONS
from twinledger.transform.source_record import SourceRecord

__all__ = ["build_observation", "content_hash"]


def build_observation(
    source: SourceRecord,
    reading: Reading,
    definition: str,
    models: Mapping[str, EntityModel],
    codec: Codec,
) -> OutRecord:
    """The same document under the same mapping gives the same bytes and the same id."""
    model = models[reading.entity]
    digest = content_hash(source, reading)
    record = model.to_record(reading.fields)
    record["workspace"] = source.workspace
    record["object"] = source.object
    record["external_id"] = source.external_id
    record["vendor_updated_at"] = reading.updated_at
    record["read_started_at"] = source.read_started_at
    record["gone"] = source.gone
    record["reference"] = reading.reference
    record["links"] = reading.links
    record["related"] = source.related
    record["definition"] = definition
    record["content_hash"] = digest
    headers = _envelope(source, reading, definition, digest).to_headers()
    return OutRecord(OBSERVATIONS.name, source.key, codec.encode(model.schema_name, record), tuple(headers))


def content_hash(source: SourceRecord, reading: Reading) -> str:
    """Names what the record says, whatever its stamps: equal text, equal content."""
    said = [reading.fields, reading.links, source.related, source.gone]
    text = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(text, digest_size=16).hexdigest()


def _envelope(source: SourceRecord, reading: Reading, definition: str, digest: str) -> Envelope:
    before = source.envelope
    version = reading.updated_at.isoformat() if reading.updated_at is not None else ""
    event_id = derived_id("observation", source.workspace, source.object, source.external_id, version, digest)
    return Envelope(
        event_id=str(event_id),
        source=source.object,
        type="observation",
        time=before.time,
        workspace=source.workspace,
        lane=before.lane,
        received_at=before.received_at,
        definition=definition,
        reference=reading.reference,
        traceparent=before.traceparent,
    )
