"""Ingest, receiving: what a delivery or a sweep hints at, ready for the topic.

In: hints with lane and receipt    Out: OutRecord, keyed by workspace and object
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from twinledger.connectors.base.contract import Hint
from twinledger.kernel.ids import derived_id
from twinledger.road.broker import OutRecord
from twinledger.road.codec import Codec
from twinledger.road.envelope import Envelope, Lane
from twinledger.road.topics import HINTS, key_of

__all__ = ["build_hints"]


def build_hints(
    codec: Codec, workspace: str, hints: Iterable[Hint], *, lane: Lane, received_at: datetime
) -> list[OutRecord]:
    """Ids only; the receipt is what the road's latency is measured from."""
    at = str(received_at.timestamp())
    return [_build(codec, workspace, hint, lane, received_at, at) for hint in hints]


def _build(codec: Codec, workspace: str, hint: Hint, lane: Lane, received_at: datetime, at: str) -> OutRecord:
    value = codec.encode(
        "hint",
        {"workspace": workspace, "object": hint.object, "external_id": hint.external_id, "lane": lane},
    )
    envelope = Envelope(
        event_id=str(derived_id("hint", workspace, hint.object, hint.external_id, at)),
        source=hint.object,
        type="hint",
        time=received_at,
        workspace=workspace,
        lane=lane,
        received_at=received_at,
    )
    return OutRecord(HINTS.name, key_of(workspace, hint.object), value, tuple(envelope.to_headers()))
