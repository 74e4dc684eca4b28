"""Road: counts what a runner settled: verdicts, time, age, dead letters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from twinledger.kernel.clock import Clock
from twinledger.kernel.metrics import DLQ_RECORDS, EVENT_AGE, EVENT_PROCESSING, EVENTS, SCHEMA_ERRORS
from twinledger.road.broker import Received
from twinledger.road.envelope import received_at
from twinledger.road.outcome import DeadLetter, Ok, Skip

__all__ = ["Tally"]


class Tally:
    """The counters of one runner."""

    def __init__(self, stage: str, clock: Clock) -> None:
        self._clock = clock
        self._processing = EVENT_PROCESSING.labels(stage)
        self._age = EVENT_AGE.labels(stage)
        self._events = {
            outcome: EVENTS.labels(stage, outcome) for outcome in ("ok", "skip", "retry", "dead_letter")
        }

    def settled(self, judged: Sequence[tuple[Received, object]], began: float) -> None:
        """Call after the commit; `began` is the monotonic time at which the batch was taken up."""
        if not judged:
            return
        self._processing.observe(self._clock.monotonic() - began)
        # One age a batch, of its first record: reading every header would cost more than it tells.
        received = received_at(judged[0][0].headers)
        if received is not None:
            self._age.observe(max(0.0, (self._clock.now() - received).total_seconds()))
        for outcome, number in Counter(_name_of(verdict) for _, verdict in judged).items():
            self._events[outcome].inc(number)
        for record, verdict in judged:
            if isinstance(verdict, DeadLetter):
                DLQ_RECORDS.labels(record.topic, verdict.reason).inc()
                if verdict.reason == "schema":
                    SCHEMA_ERRORS.labels(record.topic, verdict.error_class).inc()


def _name_of(verdict: object) -> str:
    if isinstance(verdict, Ok):
        return "ok"
    if isinstance(verdict, Skip):
        return "skip"
    return "dead_letter" if isinstance(verdict, DeadLetter) else "retry"
