"""Sandbox: everything that is the same for all vendors of one running sandbox."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from .clock import RealClock, VirtualClock
from .faults import Faults
from .grants import GrantBook
from .indexes import Index, Record
from .ledger import Ledger
from .limits import Limiter, LimitSettings
from .randomness import Randomness
from .rendered import RenderedRows
from .store import Table
from .subscriptions import Subscriptions
from .switches import Switches
from .visibility import Visibility
from .webhooks import Dispatcher

if TYPE_CHECKING:
    from .plugin import Vendor

__all__ = ["SITES", "World"]

SITES = ("us", "eu")  # the Zoho data centres that are simulated
T = TypeVar("T")


class World:
    """`parts` is what a snapshot saves: anything with `dump()` and `load(state)`, under a stable name."""

    def __init__(
        self, clock: RealClock | VirtualClock, random: Randomness, switches: Switches, urls: dict[str, str]
    ) -> None:
        self.clock = clock
        self.random = random
        self.switches = switches
        self.ledger = Ledger(clock)
        self.faults = Faults(random.stream("faults"))
        self.webhooks = Dispatcher(clock)
        self.subscriptions = Subscriptions()
        self.counters = Counters()
        self.tables: dict[str, Table] = {}
        self.limiters: dict[str, Limiter] = {}
        self.vendors: list[Vendor] = []
        self.visibility = Visibility()
        self.rendered = RenderedRows()
        self.lagging_until = 0.0
        self._urls = urls
        self._shared: dict[str, Any] = {}
        self._books: dict[str, GrantBook] = {}

    def url(self, host: str) -> str:
        """The base address of a host, without a trailing slash: `freshbooks.api`, `zoho.us.accounts`, ..."""
        return self._urls[host]

    def table(
        self, name: str, indexes: Sequence[Index], *, id_of: Callable[[Record], Any], order: str
    ) -> Table:
        """Makes a table, or hands out the one of that name: Books and Inventory share theirs."""
        if name not in self.tables:
            table = Table(name, indexes, id_of=id_of, order=order)
            table.visibility = self.visibility
            self.tables[name] = table
        return self.tables[name]

    def limiter(self, system: str, settings: LimitSettings) -> Limiter:
        return self.limiters.setdefault(system, Limiter(self.clock, settings))

    def grant_book(self, name: str) -> GrantBook:
        return self._books.setdefault(name, GrantBook(self.clock))

    def shared(self, name: str, make: Callable[[], T]) -> T:
        """Anything two vendor packages hold in common; saved in the snapshot if it can be."""
        if name not in self._shared:
            self._shared[name] = make()
        value: T = self._shared[name]
        return value

    def parts(self) -> dict[str, Any]:
        parts: dict[str, Any] = {
            "clock": self.clock,
            "random": self.random,
            "switches": self.switches,
            "ledger": self.ledger,
            "subscriptions": self.subscriptions,
            "counters": self.counters,
            "webhooks": self.webhooks,
        }
        parts |= {f"grants:{name}": book for name, book in self._books.items()}
        parts |= {f"limits:{name}": limiter for name, limiter in self.limiters.items()}
        parts |= {f"table:{name}": table for name, table in self.tables.items()}
        savable = {
            name: each
            for name, each in self._shared.items()
            if hasattr(each, "dump") and hasattr(each, "load")
        }
        return parts | {f"shared:{name}": each for name, each in savable.items()}

    def vendor(self, system: str) -> "Vendor | None":
        return next((vendor for vendor in self.vendors if vendor.system == system), None)


class Counters:
    """Serial numbers by name: ids, document numbers."""

    def __init__(self) -> None:
        self._values: dict[str, int] = {}

    def next(self, name: str, start: int = 1, step: int = 1) -> int:
        value = self._values.get(name, start - step) + step
        self._values[name] = value
        return value

    def dump(self) -> Any:
        return dict(self._values)

    def load(self, state: Any) -> None:
        self._values = {name: int(value) for name, value in state.items()}
