"""Sandbox, Zoho finance: the organization that Books, Inventory and Expense share: ids, zone, currency."""

from datetime import datetime
from zoneinfo import ZoneInfo

from ..world import World
from ..zoho_accounts.sites import ORGANIZATIONS, USERS

__all__ = ["Organization", "moment_of"]


FIRST_ID = {"us": 4_150_868_000_000_012_001, "eu": 7_231_094_000_000_012_001}


class Organization:
    """Time stamps are the organization's local time with a numeric offset and no colon (sheet 2.1)."""

    price_precision = 2

    def __init__(self, world: World, site: str) -> None:
        facts = ORGANIZATIONS[site]
        self.world, self.site, self.facts, self.users = world, site, facts, USERS[site]
        self.id, self.name, self.currency_code = facts.organization_id, facts.name, facts.currency
        self.zone = ZoneInfo(facts.time_zone)

    def new_id(self) -> str:
        return str(self.world.counters.next(f"zoho.{self.site}.finance.id", FIRST_ID[self.site], 2))

    def stamp(self, moment: float | None = None) -> str:
        at = self.world.clock.now() if moment is None else moment
        return datetime.fromtimestamp(at, self.zone).strftime("%Y-%m-%dT%H:%M:%S%z")

    def today(self, moment: float | None = None) -> str:
        at = self.world.clock.now() if moment is None else moment
        return datetime.fromtimestamp(at, self.zone).date().isoformat()

    def seconds_since(self, stamp: str) -> float:
        return self.world.clock.now() - moment_of(stamp)

    def switch(self, name: str) -> bool:
        return self.world.switches.on(f"zoho_books.{name}")

    def choice(self, name: str) -> str:
        return str(self.world.switches.get(f"zoho_books.{name}"))

    def code(self, name: str) -> int:
        return int(self.world.switches.get(f"zoho_books.{name}"))


def moment_of(stamp: str) -> float:
    """Seconds since the epoch of such a stamp: sorting the text would be wrong across a clock change."""
    return datetime.fromisoformat(stamp).timestamp()
