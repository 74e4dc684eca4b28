"""Sandbox, Zoho finance: limits per organization (sheet 7); with code 43 a flood is blocked for an hour."""

from ..clock import Clock
from ..limits import Limiter, LimitSettings, Over
from ..switches import Switches

__all__ = ["BLOCK_S", "FinanceLimiter"]

BLOCK_S = 3600.0


class FinanceLimiter(Limiter):
    def __init__(self, clock: Clock, settings: LimitSettings, switches: Switches) -> None:
        super().__init__(clock, settings)
        self._switches = switches
        self._blocked_until = 0.0

    def admit(self, cost: int) -> Over | None:
        now = self._clock.now()
        if self._blocked_until > now and self.settings.minute is not None:
            return Over("minute", self.settings.minute, self._blocked_until - now)
        over = super().admit(cost)
        if over is not None and over.limit == "minute" and self._switches.get("zoho_books.minute_code") == 43:
            self._blocked_until = now + BLOCK_S
            return Over("minute", over.cap, BLOCK_S)
        return over
