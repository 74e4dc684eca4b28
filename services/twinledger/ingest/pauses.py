"""Ingest: when a system is not to be asked: it said so, it is down, or its grant is gone.

A wait of the whole system costs no record a step of its ladder (delivery.md section 3).
"""

from __future__ import annotations

from twinledger.kernel.clock import Clock
from twinledger.kernel.errors import PermanentError, TransientError

__all__ = ["SystemPause"]

_FAILURES_TO_OPEN = 5
_FIRST_OPEN_S = 5.0
_LONGEST_OPEN_S = 300.0
_GRANT_LOOK_S = 5.0
_TOLD = frozenset({"rate_limited", "day_cap", "concurrency", "auth_expired"})
_DOWN = frozenset({"network", "target_down"})


class SystemPause:
    """Told waits and a circuit breaker for one system: it opens at five failures in a row, then one read
    tries the ground; each time that fails it stays open twice as long."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until = 0.0
        self._failures = 0
        self._open_s = _FIRST_OPEN_S

    def wait_s(self) -> float:
        """Seconds until the system may be asked again."""
        return max(0.0, self._until - self._clock.monotonic())

    def answered(self) -> None:
        """It works."""
        self._failures = 0
        self._open_s = _FIRST_OPEN_S

    def failed(self, error: TransientError) -> bool:
        """Note a failure; True when it is the record's own and costs it a step."""
        if error.error_class in _TOLD:
            self._wait(error.retry_after_s or 1.0)
            return False
        if error.error_class not in _DOWN:
            return True
        self._failures += 1
        if self._failures < _FAILURES_TO_OPEN:
            return True
        self._wait(self._open_s)
        self._open_s = min(2 * self._open_s, _LONGEST_OPEN_S)
        return False

    def refused(self, error: PermanentError) -> bool:
        """True when the grant is gone: nothing is wrong with the record, it waits for a person."""
        if error.error_class != "grant_revoked":
            return False
        self._wait(_GRANT_LOOK_S)
        return True

    def _wait(self, seconds: float) -> None:
        self._until = max(self._until, self._clock.monotonic() + seconds)
