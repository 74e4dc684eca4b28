"""Loader: word of how writes ended, for whoever counts or shows them.

In: ended intents    Out: OutRecords, keyed by workspace and object, many intents in each; counted on the way
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from twinledger.kernel.ids import derived_id
from twinledger.kernel.metrics import INTENTS_ENDED
from twinledger.road.broker import OutRecord
from twinledger.road.codec import Codec
from twinledger.road.envelope import Envelope
from twinledger.road.topics import WRITE_RESULTS, key_of
from twinledger.state.records import Intent, Lane, system_of

__all__ = ["INTENTS_A_RECORD", "Ended", "tell_results"]

INTENTS_A_RECORD = 100


@dataclass(frozen=True, slots=True)
class Ended:
    """An intent and how it ended. `at`: when the vendor had answered."""

    intent: Intent
    state: Literal["confirmed", "rejected"]
    at: datetime
    external_id: str | None = None
    error_class: str | None = None


def tell_results(codec: Codec, ended: Iterable[Ended]) -> list[OutRecord]:
    """Those of an object that ended together share records."""
    together: dict[tuple[str, str, Lane], list[Ended]] = {}
    for one in ended:
        intent = one.intent
        together.setdefault((intent.workspace, intent.target.object, intent.lane), []).append(one)
    return [
        _record(codec, *names, some[first : first + INTENTS_A_RECORD])
        for names, some in together.items()
        for first in range(0, len(some), INTENTS_A_RECORD)
    ]


def _record(codec: Codec, workspace: str, object_name: str, lane: Lane, ended: Sequence[Ended]) -> OutRecord:
    for one in ended:
        INTENTS_ENDED.labels(system_of(object_name), object_name, one.state).inc()
    first, *more = map(_said, ended)
    value = {"workspace": workspace, "object": object_name, **first, "more": more}
    attempts = [f"{one.intent.id} {one.state} {one.intent.attempt}" for one in ended]
    envelope = Envelope(
        event_id=str(derived_id("result", *attempts)),
        source=object_name,
        type="write-result",
        time=ended[-1].at,
        workspace=workspace,
        lane=lane,
        received_at=min(one.intent.received_at or one.at for one in ended),
    )
    return OutRecord(
        WRITE_RESULTS.name,
        key_of(workspace, object_name),
        codec.encode("write-result", value),
        tuple(envelope.to_headers()),
    )


def _said(one: Ended) -> dict[str, Any]:
    return {
        "intent_id": str(one.intent.id),
        "entity_id": str(one.intent.target.entity_id),
        "external_id": one.external_id,
        "state": one.state,
        "error_class": one.error_class,
        "ended_at": one.at,
    }
