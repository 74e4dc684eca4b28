"""Sandbox: the indexes of a table, so that a page costs the same at 1,000 and at 100,000 records."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, Protocol

import orjson
from sortedcontainers import SortedList  # type: ignore[import-untyped]

__all__ = ["Index", "Keyed", "Ordered", "Record", "Text", "packed", "rank"]

Record = dict[str, Any]
REMEMBERED_QUESTIONS, REMEMBERED_MATCHES = 32, 2_000


class Index(Protocol):
    name: str

    def add(self, record_id: str, record: Record) -> None: ...

    def drop(self, record_id: str, record: Record) -> None: ...

    def fill(self, rows: Iterable[tuple[str, Record]]) -> None:
        """Starts afresh with these rows."""
        ...


class Ordered:
    """Sorted by `key`, then by id. Serves sorting, ranges, and exact counts of a range.

    `where` leaves records out for good (deleted ones, say), so that totals need no counting.
    All keys of one index must be comparable with each other: map None to the lowest value.
    """

    def __init__(
        self, name: str, key: Callable[[Record], Any], where: Callable[[Record], bool] | None = None
    ) -> None:
        self.name = name
        self._key = key
        self.where = where
        self.rows: SortedList = SortedList()  # of (key, rank)
        self.keys: dict[str, Any] = {}

    def add(self, record_id: str, record: Record) -> None:
        if self.where is not None and not self.where(record):
            return
        key = self._key(record)
        self.keys[record_id] = key
        self.rows.add((key, rank(record_id)))

    def drop(self, record_id: str, record: Record) -> None:
        key = self.keys.pop(record_id, _ABSENT)
        if key is not _ABSENT:
            self.rows.remove((key, rank(record_id)))

    def fill(self, rows: Iterable[tuple[str, Record]]) -> None:
        fresh = []
        self.keys = {}
        for record_id, record in rows:
            if self.where is None or self.where(record):
                key = self._key(record)
                self.keys[record_id] = key
                fresh.append((key, rank(record_id)))
        self.rows = SortedList(fresh)

    def ids(self, *, descending: bool = False) -> Iterator[str]:
        rows = reversed(self.rows) if descending else iter(self.rows)
        return (str(row[1]) for row in rows)

    def slice(self, offset: int, limit: int, *, descending: bool = False) -> list[str]:
        if not descending:
            return [str(row[1]) for row in self.rows.islice(offset, offset + limit)]
        stop = len(self.rows) - offset
        if stop <= 0:
            return []
        return [str(row[1]) for row in self.rows.islice(max(0, stop - limit), stop, reverse=True)]

    def bounds(self, low: Any, high: Any, *, high_inclusive: bool) -> tuple[int, int]:
        """Positions [start, stop) of keys >= low and < high (or <= high)."""
        start = 0 if low is None else self.rows.bisect_left((low,))
        if high is None:
            return start, len(self.rows)
        stop = self.rows.bisect_left((high,))
        if high_inclusive:
            while stop < len(self.rows) and self.rows[stop][0] == high:
                stop += 1
        return start, max(start, stop)

    def between(self, start: int, stop: int) -> Iterator[str]:
        return (str(row[1]) for row in self.rows.islice(start, stop))


class Keyed:
    """Exact values to ids; a record may have several values (e-mails of contact persons), or none."""

    def __init__(self, name: str, keys: Callable[[Record], Iterable[Hashable]]) -> None:
        self.name = name
        self._keys = keys
        self.ids: dict[Hashable, dict[str, None]] = {}

    def add(self, record_id: str, record: Record) -> None:
        for key in self._keys(record):
            self.ids.setdefault(key, {})[record_id] = None

    def drop(self, record_id: str, record: Record) -> None:
        for key in self._keys(record):
            held = self.ids.get(key)
            if held is not None:
                held.pop(record_id, None)
                if not held:
                    del self.ids[key]

    def fill(self, rows: Iterable[tuple[str, Record]]) -> None:
        self.ids = {}
        for record_id, record in rows:
            self.add(record_id, record)

    def find(self, key: Hashable) -> dict[str, None]:
        return self.ids.get(key, _NONE)


class Text:
    """Lower-cased text per record, for `contains` filters: one pass over strings, no decoding of records.

    The newest questions are remembered and their answers kept up to date, as far as few records match.
    """

    def __init__(self, name: str, text: Callable[[Record], str]) -> None:
        self.name = name
        self._text = text
        self._texts: dict[str, str] = {}
        self._asked: dict[tuple[str, bool], dict[str, None]] = {}

    def add(self, record_id: str, record: Record) -> None:
        text = self._texts[record_id] = self._text(record).casefold()
        for (wanted, start), found in self._asked.items():
            if text.startswith(wanted) if start else wanted in text:
                found[record_id] = None

    def drop(self, record_id: str, record: Record) -> None:
        self._texts.pop(record_id, None)
        for found in self._asked.values():
            found.pop(record_id, None)

    def fill(self, rows: Iterable[tuple[str, Record]]) -> None:
        self._texts = {}
        self._asked = {}
        for record_id, record in rows:
            self.add(record_id, record)

    def find(self, text: str, *, start: bool) -> dict[str, None]:
        """Ids of texts that contain it, or start with it, letter case aside. Not to be kept or changed."""
        wanted = text.casefold()
        found = self._asked.get((wanted, start))
        if found is None:
            held = self._texts.items()
            matching = [each for each, text in held if wanted in text]
            if start:
                matching = [each for each in matching if self._texts[each].startswith(wanted)]
            found = dict.fromkeys(matching)
            if len(found) <= REMEMBERED_MATCHES:
                if len(self._asked) >= REMEMBERED_QUESTIONS:
                    del self._asked[next(iter(self._asked))]
                self._asked[wanted, start] = found
        return found


def packed(value: Any) -> bytes:
    """JSON in exactly its own size: the encoder's answer keeps the 8 KB it was written into."""
    return bytes(memoryview(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)))


def rank(record_id: str) -> Any:
    """Numbers in ids sort as numbers (FreshBooks 9 < 10; Zoho's 19 digits too). One kind of id per table."""
    return int(record_id) if record_id.isdigit() else record_id


_ABSENT = object()
_NONE: dict[str, None] = {}
