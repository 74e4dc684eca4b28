"""Sandbox, Zoho finance: exact sums beside the records of a table, as one more index."""

from collections.abc import Callable, Iterable
from decimal import Decimal

from ..indexes import Record
from ..store import Table
from .totals import ZERO

__all__ = ["Sums", "sum_of"]


class Sums:
    """Exact sums by key, kept beside the records: what a contact owes without reading its invoices."""

    def __init__(self, name: str, key: Callable[[Record], str], amount: Callable[[Record], Decimal]) -> None:
        self.name = name
        self._key, self._amount = key, amount
        self._sums: dict[str, Decimal] = {}

    def add(self, record_id: str, record: Record) -> None:
        key = self._key(record)
        self._sums[key] = self._sums.get(key, ZERO) + self._amount(record)

    def drop(self, record_id: str, record: Record) -> None:
        self._sums[self._key(record)] -= self._amount(record)

    def fill(self, rows: Iterable[tuple[str, Record]]) -> None:
        self._sums = {}
        for record_id, record in rows:
            self.add(record_id, record)

    def of(self, key: str) -> Decimal:
        return self._sums.get(key, ZERO)


def sum_of(table: Table, index: str, key: str) -> Decimal:
    sums = table.index(index)
    assert isinstance(sums, Sums), f"{table.name}.{index} is no Sums index"
    return sums.of(key)
