"""Loader: which calls share one vendor request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

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
    return [Request(sink, _conditioned(calls)) for sink, calls in requests]


def _conditioned(built: list[Built]) -> list[Built]:
    """A vendor takes one condition a request: the newest version we know among its records.

    An edit made since then is refused and observed before we write again. A record without a known
    version (our own write is newer than our last read) leaves the request without a condition.
    """
    moments = [one.call.unmodified_since for one in built]
    known = [moment for moment in moments if moment is not None]
    newest = max(known) if len(known) == len(built) else None
    return [replace(one, call=replace(one.call, unmodified_since=newest)) for one in built]
