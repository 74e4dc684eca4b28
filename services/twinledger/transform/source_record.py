"""Transform: the source record as its steps see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from twinledger.road.envelope import Envelope

__all__ = ["SourceRecord"]


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """One vendor document with its circumstances; `document` is the vendor's JSON, None when gone."""

    envelope: Envelope
    key: bytes
    workspace: str
    object: str
    external_id: str
    document: bytes | None
    gone: bool
    read_started_at: datetime
    related: Mapping[str, Sequence[str]]
