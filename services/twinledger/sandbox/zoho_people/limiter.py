"""Sandbox, Zoho People: a threshold per endpoint and minute; passing it locks for 5 minutes (5.4)."""

from ..clock import Clock
from ..limits import MINUTE_S, Limiter, LimitSettings, Over, SlidingWindow
from ..switches import Switches

__all__ = ["LOCK_S", "PeopleLimiter"]

LOCK_S = 300.0
READ, UPDATE, INSERT = 400, 300, 100


class PeopleLimiter(Limiter):
    """`settings.minute` is the threshold of getRecords; the others move with it."""

    def __init__(self, clock: Clock, settings: LimitSettings, switches: Switches) -> None:
        super().__init__(clock, settings)
        self._switches = switches
        self._windows: dict[str, SlidingWindow] = {}
        self._locked_until: dict[str, float] = {}

    def admit(self, cost: int) -> Over | None:
        """Day and in flight; the minute belongs to the endpoints."""
        minute, self.settings.minute = self.settings.minute, None
        try:
            return super().admit(cost)
        finally:
            self.settings.minute = minute

    def admit_endpoint(self, endpoint: str) -> Over | None:
        cap, now = self._cap(endpoint), self._clock.now()
        if cap is None:
            return None
        locked_s = self._locked_until.get(endpoint, 0.0) - now
        if locked_s > 0:
            return Over("minute", cap, locked_s)
        window = self._windows.setdefault(endpoint, SlidingWindow(MINUTE_S))
        if window.at(now) >= cap:
            self._locked_until[endpoint] = now + LOCK_S
            return Over("minute", cap, LOCK_S)
        window.add(now)
        return None

    def _cap(self, endpoint: str) -> int | None:
        read = self.settings.minute
        if read is None:
            return None
        old = self._switches.on("zoho_people.insert_threshold_old")
        cap = {"insertRecord": UPDATE if old else INSERT, "updateRecord": UPDATE}.get(endpoint, READ)
        return read * cap // READ
