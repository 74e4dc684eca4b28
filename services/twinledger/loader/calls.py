"""Loader: which calls share one vendor request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from twinledger.connectors.base.contract import Sink
from twinledger.loader.steps.build_calls import Built
from twinledger.state.records import system_of

__all__ = ["Request", "requests_of"]


@dataclass(frozen=True, slots=True)
class Request:
    """Calls of one object and operation that the vendor takes together."""

    sink: Sink
    built: Sequence[Built]


def requests_of(built: Sequence[Built], sinks: Mapping[str, Sink]) -> list[Request]:
    """In queue order: a request fills while the vendor takes more of the same, and never waits to."""
    requests: list[tuple[Sink, list[Built]]] = []
    filling: dict[tuple[str, str], list[Built]] = {}
    for one in built:
        sink = sinks[system_of(one.call.object)]
        kind = (one.call.object, one.call.op)
        current = filling.get(kind)
        if current is None or len(current) >= sink.max_batch.get(one.call.object, 1):
            current = []
            filling[kind] = current
            requests.append((sink, current))
        current.append(one)
    return [Request(sink, calls) for sink, calls in requests]
