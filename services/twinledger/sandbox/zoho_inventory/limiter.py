"""Sandbox, Zoho Inventory: minute and in flight are one limit with Books, the day by switch (sheet 7)."""

from ..clock import Clock
from ..limits import Limiter, Over
from ..switches import Switches
from ..zoho_books.limiter import FinanceLimiter

__all__ = ["SharedLimiter"]


class SharedLimiter(FinanceLimiter):
    """The settings are Books' own: changing a limit of one product changes it for both."""

    def __init__(self, clock: Clock, switches: Switches, books: Limiter) -> None:
        self._books = books
        super().__init__(clock, books.settings, switches)
        self.minute = books.minute

    @property
    def running(self) -> int:
        return self._books.running

    @running.setter
    def running(self, value: int) -> None:
        self._books.running = value

    def admit(self, cost: int) -> Over | None:
        shared = bool(self._switches.get("zoho_inventory.shares_day_quota"))
        own = self.day
        if shared:
            self.day = self._books.day
        try:
            return super().admit(cost)
        finally:
            self.day = own
