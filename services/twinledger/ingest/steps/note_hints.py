"""Ingest, hints: a batch of the hints topic becomes due reads.

In: Received    Out: NotedHints, or DeadLetter when it cannot be read or names no object of ours
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from twinledger.kernel.errors import PermanentError
from twinledger.road.broker import Received
from twinledger.road.codec import Codec
from twinledger.road.envelope import Envelope
from twinledger.road.outcome import DeadLetter
from twinledger.state.due_reads import NotedHint

__all__ = ["read_hints"]


def read_hints(
    received: Received, codec: Codec, objects: Collection[str], shared: Mapping[str, str]
) -> list[NotedHint] | DeadLetter:
    """The hints of one record with their receipt and their place in the topic. What two products of a vendor
    show under one id is one record: wherever we hear of it, it is read where we also write it."""
    try:
        envelope = Envelope.from_headers(received.headers)
        _, hint = codec.decode(received.value)
    except PermanentError as error:
        return DeadLetter.of(error)
    name = shared.get(hint["object"], hint["object"])
    if name not in objects:
        return DeadLetter("mapping", "mapping", f"nobody reads {name!r}", rule=name)
    place = (envelope.lane, envelope.received_at, received.partition, received.offset, hint["since"])
    ids = (hint["external_id"], *hint["more_ids"])
    return [NotedHint(hint["workspace"], name, external_id, *place) for external_id in ids]
