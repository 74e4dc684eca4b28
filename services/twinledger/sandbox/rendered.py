"""Sandbox: rows as lists show them, encoded, kept until their record is written again.

A page that is asked for twice is spliced together without decoding a record. Nothing has to be told of
writes: a row counts only while the table still holds the very bytes it was made of.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from typing import Any

import orjson

from .indexes import Record, packed
from .store import Table

__all__ = ["RenderedRows"]

MOST_BYTES = 40_000_000
MOST_VIEWS = 200
OVERHEAD = 400  # of one kept row, beside its bytes
_Kept = tuple[bytes, Hashable, orjson.Fragment]


class RenderedRows:
    """One for all tables; when it is full, the view longest not asked for goes."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._views: OrderedDict[Hashable, dict[str, _Kept]] = OrderedDict()
        self._sizes: dict[Hashable, int] = {}
        self._bytes = 0

    def of(
        self,
        table: Table,
        ids: Iterable[str],
        view: Hashable,
        stamp: Hashable,
        render: Callable[[Record], Any],
    ) -> list[orjson.Fragment]:
        """`view` is which form of a row it is; `stamp` all it depends on beside its own record."""
        key = (table.name, view)
        kept = self._views.setdefault(key, {})
        self._views.move_to_end(key)
        rows, grown = [], 0
        for each in ids:
            raw, held = table.raw(each), kept.get(each)
            if held is None or held[0] is not raw or held[1] != stamp:
                encoded = packed(render(orjson.loads(raw)))
                grown += len(encoded) + OVERHEAD if held is None else 0
                held = kept[each] = (raw, stamp, orjson.Fragment(encoded))
            rows.append(held[2])
        self._sizes[key] = self._sizes.get(key, 0) + grown
        self._bytes += grown
        self._shrink()
        return rows

    def _shrink(self) -> None:
        while self._views and (self._bytes > self._most_bytes or len(self._views) > MOST_VIEWS):
            oldest, _ = self._views.popitem(last=False)
            self._bytes -= self._sizes.pop(oldest)
