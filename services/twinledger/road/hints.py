"""Road: words that records of a vendor should be looked at, ready for the topic.

In: names of records, lane, receipt    Out: OutRecords, keyed by workspace and object, several ids in each
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from twinledger.kernel.ids import derived_id
from twinledger.road.broker import OutRecord
from twinledger.road.codec import Codec
from twinledger.road.envelope import Envelope, Lane
from twinledger.road.topics import HINTS, key_of

__all__ = ["IDS_A_RECORD", "build_hints"]

IDS_A_RECORD = 50
"""One record for hints that come together: a record costs as much as a dozen ids."""


class Named(Protocol):
    """A record at a vendor."""

    @property
    def object(self) -> str: ...

    @property
    def external_id(self) -> str: ...


def build_hints(
    codec: Codec,
    workspace: str,
    names: Iterable[Named],
    *,
    lane: Lane,
    received_at: datetime,
    since: datetime | None = None,
) -> list[OutRecord]:
    """Ids only, each once; the receipt is what the road's latency is measured from. `since`: by the
    database's clock; who has noted another hint of the record after that leaves this one out."""
    by_object: dict[str, dict[str, None]] = {}
    for one in names:
        by_object.setdefault(one.object, {})[one.external_id] = None
    return [
        _build(codec, workspace, name, ids[first : first + IDS_A_RECORD], lane, received_at, since)
        for name, ids in ((name, list(found)) for name, found in by_object.items())
        for first in range(0, len(ids), IDS_A_RECORD)
    ]


def _build(
    codec: Codec,
    workspace: str,
    object_name: str,
    ids: Sequence[str],
    lane: Lane,
    received_at: datetime,
    since: datetime | None,
) -> OutRecord:
    value = codec.encode(
        "hint",
        {
            "workspace": workspace,
            "object": object_name,
            "external_id": ids[0],
            "more_ids": ids[1:],
            "lane": lane,
            "since": since,
        },
    )
    envelope = Envelope(
        event_id=str(derived_id("hint", workspace, object_name, *ids, str(received_at.timestamp()))),
        source=object_name,
        type="hint",
        time=received_at,
        workspace=workspace,
        lane=lane,
        received_at=received_at,
    )
    return OutRecord(HINTS.name, key_of(workspace, object_name), value, tuple(envelope.to_headers()))
