"""Ingest, reading and polling: documents as read become source records, bytes untouched.

In: SourceDocument with lane and receipt    Out: OutRecord, keyed by workspace, object and id
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from twinledger.connectors.base.contract import SourceDocument
from twinledger.kernel.ids import derived_id
from twinledger.road.broker import OutRecord
from twinledger.road.codec import Codec
from twinledger.road.envelope import Envelope, Lane
from twinledger.road.topics import SOURCE_RECORDS, key_of

__all__ = ["build_source_record", "digest_of"]


def build_source_record(
    codec: Codec, workspace: str, document: SourceDocument, *, lane: Lane, received_at: datetime
) -> OutRecord:
    """The same document gives the same event id, however often it is read."""
    value = codec.encode(
        "source-record",
        {
            "workspace": workspace,
            "object": document.object,
            "external_id": document.external_id,
            "document": None if document.gone else document.document,
            "gone": document.gone,
            "read_started_at": document.read_started_at,
            "related": {name: list(ids) for name, ids in document.related.items()},
        },
    )
    event_id = derived_id(
        "source-record", workspace, document.object, document.external_id, digest_of(document).hex()
    )
    envelope = Envelope(
        event_id=str(event_id),
        source=document.object,
        type="source-record",
        time=document.read_started_at,
        workspace=workspace,
        lane=lane,
        received_at=received_at,
    )
    key = key_of(workspace, document.object, document.external_id)
    return OutRecord(SOURCE_RECORDS.name, key, value, tuple(envelope.to_headers()))


def digest_of(document: SourceDocument) -> bytes:
    """Names what was read: the bytes, what is related, and whether it is gone."""
    digest = hashlib.blake2b(document.document, digest_size=16)
    digest.update(repr((document.gone, sorted(document.related.items()))).encode())
    return digest.digest()
