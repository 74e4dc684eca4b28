"""FreshBooks lists: paging, `search[...]` filters, `include[]`, sort, and the quirks of each. Sheet 4.

A filter key that a resource does not know is ignored with 200: the commonest mistake of integrations.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from ..call import Call
from ..indexes import Index, Keyed, Ordered, Record
from ..store import AnyOf, Equal, Filter, Like, Range, Where
from .errors import Detail, accounting_refusal
from .wire import decimal_of

__all__ = [
    "Paging",
    "SearchKey",
    "among_all",
    "amount_is",
    "amounts",
    "days",
    "flag",
    "found_by",
    "includes_of",
    "like",
    "merge_ranges",
    "number",
    "read_paging",
    "read_search",
    "sorted_by",
    "standard_indexes",
    "text",
    "without_updated",
]

MAX_PER_PAGE = 100
_SEARCH = re.compile(r"^search\[([^\]]+)\](\[\])?$")


@dataclass(frozen=True, slots=True)
class Paging:
    page: int
    per_page: int

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.per_page

    def pages(self, total: int) -> int:
        return -(-total // self.per_page)

    def counts(self, total: int) -> dict[str, int]:
        return {"page": self.page, "pages": self.pages(total), "per_page": self.per_page, "total": total}


@dataclass(frozen=True, slots=True)
class SearchKey:
    """`make` turns the raw value into a filter; ValueError = a wrong value, refused with `errno`.

    `many` takes the values of `search[keys][]` at once.
    """

    make: Callable[[str], Filter]
    errno: int = 1004
    many: Callable[[list[str]], Filter] | None = None


def read_paging(call: Call, default: int) -> Paging:
    """Capped silently at 100; page 0 is page 1; anything else that is no positive number is refused."""
    page = _positive(call, "page", 1, 1014)
    per_page = _positive(call, "per_page", default, 1013)
    return Paging(max(1, page), min(MAX_PER_PAGE, max(1, per_page)))


def _positive(call: Call, key: str, default: int, errno: int) -> int:
    raw = call.arg(key)
    if raw is None or raw == "":
        return default
    if not raw.isascii() or not raw.isdigit() or len(raw) > 9:
        raise accounting_refusal(
            call, 422, Detail(errno, f"'{key}' must be a positive integer.", key, None, raw)
        )
    return int(raw)


def read_search(call: Call, keys: Mapping[str, SearchKey]) -> list[Filter]:
    """Also takes the bare `key=True` that one SDK sends for booleans."""
    filters: list[Filter] = []
    many: dict[str, list[str]] = {}
    for raw_key, value in call.query:
        match = _SEARCH.match(raw_key)
        name = match.group(1) if match else raw_key
        key = keys.get(name)
        if key is None or (match is None and value.lower() not in {"true", "false"}):
            continue
        if match is not None and match.group(2):
            many.setdefault(name, []).append(value)
        else:
            filters.append(_made(call, name, key, key.make, value))
    for name, values in many.items():
        key = keys[name]
        filters.append(_made(call, name, key, key.many or _last(key.make), values))
    return filters


def _last(make: Callable[[str], Filter]) -> Callable[[list[str]], Filter]:
    return lambda values: make(values[-1])


def _made(call: Call, name: str, key: SearchKey, make: Callable[[Any], Filter], value: Any) -> Filter:
    try:
        return make(value)
    except ValueError as exc:
        message = f"'{name}' has an invalid value."
        raise accounting_refusal(call, 422, Detail(key.errno, message, name, None, value)) from exc


def includes_of(call: Call) -> set[str]:
    return {value for key, value in call.query if key in {"include[]", "include"}}


def text(index: str) -> SearchKey:
    """Exact text of a `Keyed` index."""
    return SearchKey(lambda value: Equal(index, value), many=lambda values: AnyOf(index, values))


def number(index: str) -> SearchKey:
    """An id or another whole number of a `Keyed` index; also takes `search[ids][]`."""
    return SearchKey(
        lambda value: Equal(index, int(value)),
        1024,
        lambda values: AnyOf(index, [int(each) for each in values]),
    )


def like(index: str) -> SearchKey:
    return SearchKey(lambda value: Like(index, value))


def found_by(holds: Callable[[dict[str, Any], str], bool]) -> SearchKey:
    """A condition without an index, for tables that stay small."""
    return SearchKey(lambda value: Where(lambda record: holds(record, value)))


def flag(holds: Callable[[dict[str, Any]], bool]) -> SearchKey:
    """`search[has_receipt]=true`, any case; no value needed means true."""

    def make(value: str) -> Filter:
        wanted = value.lower() in {"true", "1", ""}
        if not wanted and value.lower() not in {"false", "0"}:
            raise ValueError(value)
        return Where(lambda record: holds(record) is wanted)

    return SearchKey(make, 1032)


def days(name: str, index: str) -> dict[str, SearchKey]:
    """`<name>_min` is inclusive, `<name>_max` strictly less; whole days only, a time part is cut off."""
    return {
        f"{name}_min": SearchKey(lambda value: Range(index, low=_day(value)), 1023),
        f"{name}_max": SearchKey(lambda value: Range(index, high=_day(value)), 1023),
    }


def _day(value: str) -> str:
    return date.fromisoformat(value.strip()[:10]).isoformat()


def amounts(name: str, read: Callable[[dict[str, Any]], Any]) -> dict[str, SearchKey]:
    def low(value: str) -> Filter:
        bound = _decimal(value)
        return Where(lambda record: read(record) is not None and read(record) >= bound)

    def high(value: str) -> Filter:
        bound = _decimal(value)
        return Where(lambda record: read(record) is not None and read(record) < bound)

    return {f"{name}_min": SearchKey(low, 1024), f"{name}_max": SearchKey(high, 1024)}


def amount_is(read: Callable[[dict[str, Any]], Any]) -> SearchKey:
    def make(value: str) -> Filter:
        wanted = _decimal(value)
        return Where(lambda record: bool(read(record) == wanted))

    return SearchKey(make, 1024)


def _decimal(value: str) -> Any:
    bound = decimal_of(value)
    if bound is None:
        raise ValueError(value)
    return bound


def sorted_by(call: Call, sorts: Mapping[str, str]) -> tuple[str, bool] | None:
    """(index, descending) of `sort=<key>_asc|_desc`; an unknown key is ignored like an unknown filter."""
    raw = call.arg("sort") or ""
    key, _, direction = raw.rpartition("_")
    if direction not in {"asc", "desc"} or key not in sorts:
        return None
    return sorts[key], direction == "desc"


def merge_ranges(filters: Sequence[Filter]) -> list[Filter]:
    """Two halves of a range over one index become one, which costs two bisects instead of two sets."""
    merged: list[Filter] = []
    spans: dict[str, Range] = {}
    for each in filters:
        if not isinstance(each, Range):
            merged.append(each)
            continue
        held = spans.get(each.index)
        low = each.low if held is None or each.low is not None else held.low
        high = each.high if held is None or each.high is not None else held.high
        spans[each.index] = Range(each.index, low, high, each.high_inclusive)
    return [*merged, *spans.values()]


def standard_indexes(id_of: Callable[[Record], Any], is_living: Callable[[Record], bool]) -> list[Index]:
    """What every accounting resource is listed by; `all...` hold the deleted records, too."""
    return [
        Ordered("id", id_of, where=is_living),
        Ordered("all", id_of),
        Ordered("updated", _updated, where=is_living),
        Ordered("all_updated", _updated),
        Keyed("vis_state", lambda record: (record.get("vis_state", 0),)),
    ]


def _updated(record: Record) -> str:
    return str(record.get("updated") or "")


def without_updated(filters: Sequence[Filter]) -> list[Filter]:
    return [each for each in filters if not (isinstance(each, Range) and each.index == "updated")]


def among_all(wanted: Filter) -> Filter:
    """The same range over the index that also holds deleted records."""
    if isinstance(wanted, Range) and wanted.index == "updated":
        return replace(wanted, index="all_updated")
    return wanted
