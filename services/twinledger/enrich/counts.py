"""Enrich: what a stored batch adds to the metrics of the sync."""

from __future__ import annotations

from twinledger.enrich.observed import BatchState
from twinledger.kernel.metrics import CONFLICTS, ECHOES, MATCH_DECISIONS, NOOP_WRITES_AVOIDED, OSCILLATIONS

__all__ = ["count"]

_COUNTERS = {"noop": NOOP_WRITES_AVOIDED, "echo": ECHOES, "oscillation": OSCILLATIONS}


def count(state: BatchState) -> None:
    """Once a batch; labels are looked up once for each system and entity."""
    for (what, system, entity), times in state.counted.items():
        _COUNTERS[what].labels(system, entity).inc(times)
    for (bucket, entity), times in state.matched.items():
        MATCH_DECISIONS.labels(bucket, entity).inc(times)
    for conflict in state.conflicts:
        CONFLICTS.labels(conflict.entity_type, conflict.policy).inc()
