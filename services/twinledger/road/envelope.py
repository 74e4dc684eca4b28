"""Road: what every record says about itself in its Kafka headers (CloudEvents, binary mode)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, cast, get_args

from twinledger.kernel.errors import PermanentError

__all__ = ["Envelope", "EnvelopeError", "Headers", "Lane", "received_at"]

Lane = Literal["live", "retry", "verify", "backfill"]
Headers = tuple[tuple[str, bytes], ...]

_LANES = {lane.encode(): cast(Lane, lane) for lane in get_args(Lane)}
_SPEC_VERSION = ("ce_specversion", b"1.0")


class EnvelopeError(PermanentError):
    """The headers are not ours or not whole."""

    def __init__(self, message: str) -> None:
        super().__init__(message, error_class="undecodable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Identity and circumstances of one record; `event_id` is derived from what it carries."""

    event_id: str
    source: str
    """system.object, for example `freshbooks.client`"""
    type: str
    """what the record is, for example `source-record`"""
    time: datetime
    workspace: str
    lane: Lane
    received_at: datetime
    """ingest's receipt of the first word of this change"""
    definition: str | None = None
    """mapping and version, for example `freshbooks.client@3`"""
    intent_id: str | None = None
    reference: str | None = None
    traceparent: str | None = None

    def to_headers(self) -> list[tuple[str, bytes]]:
        """In the order of `delivery.md`; absent ones are left out."""
        time = _text_of(self.time)
        received = time if self.received_at is self.time else _text_of(self.received_at)
        headers = [
            _SPEC_VERSION,
            ("ce_id", self.event_id.encode()),
            ("ce_source", self.source.encode()),
            ("ce_type", self.type.encode()),
            ("ce_time", time),
            ("twinledger-workspace", self.workspace.encode()),
            ("twinledger-lane", self.lane.encode()),
            ("twinledger-received-at", received),
        ]
        if self.definition is not None:
            headers.append(("twinledger-definition", self.definition.encode()))
        if self.intent_id is not None:
            headers.append(("twinledger-intent", self.intent_id.encode()))
        if self.reference is not None:
            headers.append(("twinledger-reference", self.reference.encode()))
        if self.traceparent is not None:
            headers.append(("traceparent", self.traceparent.encode()))
        return headers

    @classmethod
    def from_headers(cls, headers: Iterable[tuple[str, bytes]]) -> Envelope:
        """EnvelopeError names the header that is missing or unreadable."""
        found = dict(headers)
        try:
            return cls(
                event_id=found["ce_id"].decode(),
                source=found["ce_source"].decode(),
                type=found["ce_type"].decode(),
                time=_time_of(found["ce_time"]),
                workspace=found["twinledger-workspace"].decode(),
                lane=_LANES[found["twinledger-lane"]],
                received_at=_time_of(found["twinledger-received-at"]),
                definition=_optional(found, "twinledger-definition"),
                intent_id=_optional(found, "twinledger-intent"),
                reference=_optional(found, "twinledger-reference"),
                traceparent=_optional(found, "traceparent"),
            )
        except KeyError as missing:
            raise EnvelopeError(f"header missing or unknown: {missing}") from missing
        except (ValueError, AttributeError) as unreadable:  # a null header has no decode()
            raise EnvelopeError("a header is null, no UTF-8 text or no time") from unreadable


def received_at(headers: Iterable[tuple[str, bytes]]) -> datetime | None:
    """Ingest's receipt alone; None where it is missing or unreadable."""
    for name, value in headers:
        if name == "twinledger-received-at" and value:
            try:
                return _time_of(value)
            except ValueError:
                return None
    return None


def _text_of(at: datetime) -> bytes:
    utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    return (utc.isoformat()[: -len("+00:00")] + "Z").encode()


def _time_of(text: bytes) -> datetime:
    at = datetime.fromisoformat(text.decode())
    if at.tzinfo is None:
        raise ValueError("time without zone")
    return at


def _optional(found: dict[str, bytes], name: str) -> str | None:
    value = found.get(name)
    return None if value is None else value.decode()
