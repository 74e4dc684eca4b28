"""Sandbox: records in memory, encoded, behind declared indexes.

A record is kept as its JSON bytes: what a handler reads is always its own copy, 50,000 customers of three
systems fit, a page is spliced together without decoding (`orjson.Fragment(table.raw(id))`), and the
snapshot is the bytes themselves. An index is built when it is first asked for.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson

from .indexes import Index, Keyed, Ordered, Record, Text, packed, rank
from .visibility import Visibility

__all__ = ["AnyOf", "Equal", "Filter", "Like", "Page", "Range", "Table", "Where"]


REMEMBERED = 8  # answers to filters, between two writes
WALK = 2_000  # how far into a list a filtered page is looked for row by row


@dataclass(frozen=True, slots=True)
class Equal:
    """A `Keyed` index holds exactly this value."""

    index: str
    value: Hashable


@dataclass(frozen=True, slots=True)
class AnyOf:
    index: str
    values: Sequence[Hashable]


@dataclass(frozen=True, slots=True)
class Range:
    """An `Ordered` index, low <= key < high (or <= high)."""

    index: str
    low: Any = None
    high: Any = None
    high_inclusive: bool = False

    def holds(self, key: Any) -> bool:
        above = self.low is None or key >= self.low
        below = self.high is None or key < self.high or (self.high_inclusive and key == self.high)
        return bool(above and below)


@dataclass(frozen=True, slots=True)
class Like:
    """A `Text` index contains (or starts with) the text, letter case aside."""

    index: str
    text: str
    start: bool = False


@dataclass(frozen=True, slots=True)
class Where:
    """Any condition on the decoded record. Costs a decode per candidate: put an index filter beside it."""

    holds: Callable[[Record], bool]


Filter = Equal | AnyOf | Range | Like | Where


@dataclass(frozen=True, slots=True)
class Page:
    ids: list[str]
    total: int


class Table:
    """`order` names the `Ordered` index of the default order (and of what a list shows at all)."""

    def __init__(
        self, name: str, indexes: Sequence[Index], *, id_of: Callable[[Record], Any], order: str
    ) -> None:
        self.name = name
        self.order = order
        self._id_of = id_of
        self._rows: dict[str, bytes] = {}
        self._declared: dict[str, Index] = {index.name: index for index in indexes}
        self._indexes: dict[str, Index] = {}  # those that were ever asked; the others cost nothing
        self._visible_from: dict[str, float] = {}
        self._writes = 0
        self._memo: list[tuple[Any, list[str]]] = []  # answers since the last write
        self._memo_version = 0
        self.visibility = Visibility()

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def version(self) -> int:
        """Grows with every write."""
        return self._writes

    def __contains__(self, record_id: object) -> bool:
        return record_id in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def id_of(self, record: Record) -> str:
        return str(self._id_of(record))

    def get(self, record_id: str) -> Record | None:
        raw = self._rows.get(record_id)
        return None if raw is None else orjson.loads(raw)

    def raw(self, record_id: str) -> bytes:
        return self._rows[record_id]

    def put(self, record: Record, *, visible_from: float | None = None) -> None:
        record_id = self.id_of(record)
        old = self.get(record_id)
        self._writes += 1
        for index in self._indexes.values():
            if old is not None:
                index.drop(record_id, old)
            index.add(record_id, record)
        self._rows[record_id] = packed(record)
        if old is None and visible_from is not None:
            self._visible_from[record_id] = visible_from

    def remove(self, record_id: str) -> Record | None:
        old = self.get(record_id)
        self._writes += 1
        if old is not None:
            for index in self._indexes.values():
                index.drop(record_id, old)
            del self._rows[record_id]
            self._visible_from.pop(record_id, None)
        return old

    def fill(self, records: Iterable[Record]) -> None:
        """Many at once, for seeding."""
        self._indexes.clear()
        self._writes += 1
        self._rows.update((self.id_of(record), packed(record)) for record in records)

    def find(self, index: str, value: Hashable) -> list[str]:
        """Ids under one exact value, oldest write first."""
        return list(self._keyed(index).find(value))

    def count(self, index: str, value: Hashable) -> int:
        return len(self._keyed(index).find(value))

    def select(
        self,
        filters: Sequence[Filter] = (),
        *,
        order: str | None = None,
        descending: bool = True,
        offset: int = 0,
        limit: int = 100,
    ) -> Page:
        """One page and the exact total. Without filters it never looks at more rows than it returns."""
        ordered, offset = self._ordered(order or self.order), self.visibility.shifted(offset)
        hidden = self._hidden()
        if not filters and not hidden:
            return Page(ordered.slice(offset, limit, descending=descending), len(ordered.rows))
        if len(filters) == 1 and not hidden and isinstance(filters[0], Range):
            page = self._page_of_range(ordered, filters[0], descending, offset, limit)
            if page is not None:
                return page
        ids = self._matching(ordered, filters, descending, hidden)
        return Page(ids[offset : offset + limit], len(ids))

    def _page_of_range(
        self, ordered: Ordered, span: Range, descending: bool, offset: int, limit: int
    ) -> Page | None:
        """The usual poll: without looking at more rows than needed, where that is possible."""
        if span.index == ordered.name:
            return self._slice_range(ordered, span, descending, offset, limit)
        ranged = self._ordered(span.index)
        start, stop = ranged.bounds(span.low, span.high, high_inclusive=span.high_inclusive)
        same_records = ranged.where is ordered.where
        if not same_records or offset + limit > WALK or (stop - start) * 2 < len(ordered.rows):
            return None
        walk = (each for each in ordered.ids(descending=descending) if span.holds(ranged.keys[each]))
        return Page(list(islice(walk, offset, offset + limit)), stop - start)

    def _matching(
        self, ordered: Ordered, filters: Sequence[Filter], descending: bool, hidden: set[str]
    ) -> list[str]:
        """All that match, in order; remembered until the next write, for the pages that follow."""
        asked = (ordered.name, descending, tuple(filters))
        if self._memo_version != self._writes:
            self._memo, self._memo_version = [], self._writes
        known = next((ids for each, ids in self._memo if each == asked), None)
        if known is not None and not hidden:
            return known
        candidates = set(self._candidates(ordered, filters)) - hidden
        if len(candidates) * 4 > len(ordered.rows):
            ids = [each for each in ordered.ids(descending=descending) if each in candidates]
        else:
            rows = [(ordered.keys[each], rank(each)) for each in candidates if each in ordered.keys]
            rows.sort(reverse=descending)
            ids = [str(row[1]) for row in rows]
        if not hidden:
            self._memo = [*self._memo[-REMEMBERED:], (asked, ids)]
        return ids

    def _slice_range(self, ordered: Ordered, span: Range, descending: bool, offset: int, limit: int) -> Page:
        start, stop = ordered.bounds(span.low, span.high, high_inclusive=span.high_inclusive)
        total = stop - start
        if descending:
            low, high = max(start, stop - offset - limit), max(start, stop - offset)
            return Page(list(ordered.between(low, high))[::-1], total)
        low = min(stop, start + offset)
        return Page(list(ordered.between(low, min(stop, low + limit))), total)

    def _candidates(self, ordered: Ordered, filters: Sequence[Filter]) -> Iterable[str]:
        """Narrowest index first; conditions on decoded records last."""
        groups = [self._ids(each) for each in filters if not isinstance(each, Where)]
        groups.sort(key=len)
        ids: Iterable[str] = groups[0] if groups else ordered.keys
        for group in groups[1:]:
            ids = [each for each in ids if each in group]
        for condition in filters:
            if isinstance(condition, Where):
                ids = [each for each in ids if condition.holds(orjson.loads(self._rows[each]))]
        return ids

    def _ids(self, wanted: Filter) -> dict[str, None] | set[str]:
        if isinstance(wanted, Equal):
            return self._keyed(wanted.index).find(wanted.value)
        if isinstance(wanted, AnyOf):
            keyed = self._keyed(wanted.index)
            return {each for value in wanted.values for each in keyed.find(value)}
        if isinstance(wanted, Range):
            ordered = self._ordered(wanted.index)
            bounds = ordered.bounds(wanted.low, wanted.high, high_inclusive=wanted.high_inclusive)
            return set(ordered.between(*bounds))
        if isinstance(wanted, Like):
            text = self._index(wanted.index)
            assert isinstance(text, Text), f"{self.name}.{wanted.index} is no Text index"
            return text.find(wanted.text, start=wanted.start)
        raise TypeError("conditions on records have no index")

    def _hidden(self) -> set[str]:
        after = self.visibility.hidden_after
        if after is None:
            return set()
        return {each for each, moment in self._visible_from.items() if moment > after}

    def index(self, name: str) -> Index:
        """One index, up to date: for walks that `select` has no words for. Ask again after a `fill`."""
        return self._index(name)

    def forget_lag(self, before: float) -> None:
        self._visible_from = {each: at for each, at in self._visible_from.items() if at > before}

    def _index(self, name: str) -> Index:
        index = self._indexes.get(name)
        if index is None:
            index = self._declared[name]
            index.fill((record_id, orjson.loads(raw)) for record_id, raw in self._rows.items())
            self._indexes[name] = index
        return index

    def _ordered(self, name: str) -> Ordered:
        index = self._index(name)
        assert isinstance(index, Ordered), f"{self.name}.{name} is no Ordered index"
        return index

    def _keyed(self, name: str) -> Keyed:
        index = self._index(name)
        assert isinstance(index, Keyed), f"{self.name}.{name} is no Keyed index"
        return index

    def dump(self) -> Any:
        return [orjson.Fragment(raw) for raw in self._rows.values()]

    def load(self, state: Any) -> None:
        self._rows.clear()
        self._visible_from.clear()
        self.fill(state)
