"""Road: words that records of a vendor should be looked at, ready for the topic.

In: names of records, lane, receipt    Out: OutRecords, keyed by workspace and object, several ids in each
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class _Heard:
    workspace: str
    lane: Lane
    received_at: datetime
    at: datetime


def build_hints(
    codec: Codec,
    workspace: str,
    names: Iterable[Named],
    *,
    lane: Lane,
    received_at: datetime,
    heard_at: datetime | None = None,
) -> list[OutRecord]:
    """Ids only, each once. `received_at`: what the road's latency is measured from; `heard_at`: when the last
    of the hints was given, if that is later. A read that began after it has served them all."""
    heard = _Heard(workspace, lane, received_at, heard_at or received_at)
    by_object: dict[str, dict[str, None]] = {}
    for one in names:
        by_object.setdefault(one.object, {})[one.external_id] = None
    return [
        _build(codec, heard, name, ids[first : first + IDS_A_RECORD])
        for name, ids in ((name, list(found)) for name, found in by_object.items())
        for first in range(0, len(ids), IDS_A_RECORD)
    ]


def _build(codec: Codec, heard: _Heard, object_name: str, ids: Sequence[str]) -> OutRecord:
    workspace = heard.workspace
    value = codec.encode(
        "hint",
        {
            "workspace": workspace,
            "object": object_name,
            "external_id": ids[0],
            "more_ids": ids[1:],
            "lane": heard.lane,
        },
    )
    envelope = Envelope(
        event_id=str(derived_id("hint", workspace, object_name, *ids, str(heard.at.timestamp()))),
        source=object_name,
        type="hint",
        time=heard.at,
        workspace=workspace,
        lane=heard.lane,
        received_at=heard.received_at,
    )
    return OutRecord(HINTS.name, key_of(workspace, object_name), value, tuple(envelope.to_headers()))
