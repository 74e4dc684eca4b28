"""Ingest, hints: a batch of the hints topic becomes due reads.

In: Received    Out: NotedHint, or DeadLetter when it cannot be read or names no object of ours
"""

from __future__ import annotations

from collections.abc import Collection

from twinledger.kernel.errors import PermanentError
from twinledger.road.broker import Received
from twinledger.road.codec import Codec
from twinledger.road.envelope import Envelope
from twinledger.road.outcome import DeadLetter
from twinledger.state.due_reads import NotedHint

__all__ = ["read_hint"]


def read_hint(received: Received, codec: Codec, objects: Collection[str]) -> NotedHint | DeadLetter:
    """The hint with its receipt and its place in the topic."""
    try:
        envelope = Envelope.from_headers(received.headers)
        _, hint = codec.decode(received.value)
    except PermanentError as error:
        return DeadLetter.of(error)
    if hint["object"] not in objects:
        return DeadLetter("mapping", "mapping", f"nobody reads {hint['object']!r}", rule=hint["object"])
    return NotedHint(
        hint["workspace"],
        hint["object"],
        hint["external_id"],
        envelope.lane,
        envelope.received_at,
        received.partition,
        received.offset,
    )
