"""Sandbox, Zoho finance: lists: filters, sorting, paging, `page_context` (sheet 2.1).

Every published filter and sort column of a resource has an index; unknown parameters are ignored.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..call import Call
from ..indexes import Index, Keyed, Ordered, Text
from ..store import AnyOf, Equal, Filter, Like, Page, Range
from .answers import invalid
from .custom_fields import custom_keys
from .organization import Organization, moment_of
from .shape import day, number

__all__ = ["LARGEST_PAGE", "Columns", "Paging", "filters_of", "indexes_of", "paging_of", "status_filter"]

LARGEST_PAGE = 200
Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Columns:
    """What a list can be asked for. `moments` are time stamps: they sort by instant."""

    texts: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ()
    moments: tuple[str, ...] = ("created_time", "last_modified_time")
    sorts: tuple[str, ...] = ()
    default_sort: str = "created_time"
    default_order: str = "D"
    modified_filter: bool = False
    search: tuple[str, ...] = ()
    line_ids: tuple[str, ...] = ()  # ids that stand on the lines: item_id


def indexes_of(columns: Columns, id_key: str) -> list[Index]:
    made: dict[str, Index] = {"id": Ordered("id", lambda record: int(record[id_key]))}
    for name in columns.moments:
        made[name] = Ordered(name, _moment(name))
    for name in (*columns.days, *columns.amounts):
        made[name] = Ordered(name, _plain(name, "" if name in columns.days else 0.0))
    for name in columns.sorts:
        made.setdefault(name, Ordered(name, _folded(name)))
    for name in columns.texts:
        made[f"={name}"] = Keyed(f"={name}", _one(name))
        made[f"~{name}"] = Text(f"~{name}", _raw(name))
    for name in columns.exact:
        made[f"={name}"] = Keyed(f"={name}", _one(name))
    for name in columns.line_ids:
        made[f"={name}"] = Keyed(f"={name}", _of_lines(name))
    made["custom"] = Keyed("custom", custom_keys)
    made["search"] = Text("search", _joined(columns.search or columns.texts))
    return list(made.values())


def _moment(name: str) -> Callable[[Record], float]:
    return lambda record: moment_of(record[name])


def _plain(name: str, empty: Any) -> Callable[[Record], Any]:
    return lambda record: record.get(name) or empty


def _folded(name: str) -> Callable[[Record], str]:
    return lambda record: str(record.get(name) or "").casefold()


def _raw(name: str) -> Callable[[Record], str]:
    return lambda record: str(record.get(name) or "")


def _one(name: str) -> Callable[[Record], list[str]]:
    return lambda record: [str(record[name]).casefold()] if record.get(name) not in (None, "") else []


def _of_lines(name: str) -> Callable[[Record], set[str]]:
    return lambda record: {str(line[name]) for line in record.get("line_items", ()) if line.get(name)}


def _joined(names: tuple[str, ...]) -> Callable[[Record], str]:
    return lambda record: " ".join(str(record.get(name) or "") for name in names)


def filters_of(call: Call, columns: Columns, organization: Organization) -> list[Filter]:
    asked = {name: value for name, value in call.query if value != ""}
    filters: list[Filter] = []
    for name in columns.texts:
        filters += _text(asked, name)
    for name in (*columns.exact, *columns.line_ids):
        if name in asked:
            filters.append(Equal(f"={name}", asked[name].casefold()))
    for name in columns.days:
        filters += _days(asked, name)
    for name in columns.amounts:
        filters += _amounts(asked, name)
    if "last_modified_time" in asked:
        filters += _modified(asked["last_modified_time"], columns, organization)
    if "search_text" in asked:
        filters.append(Like("search", _short("search_text", asked["search_text"])))
    for name, value in asked.items():
        if name.startswith("cf_"):
            filters.append(Equal("custom", (name, value)))
    return filters


def _short(name: str, value: str) -> str:
    if len(value) > 100:
        raise invalid(name)
    return value


def _text(asked: dict[str, str], name: str) -> list[Filter]:
    found: list[Filter] = []
    if name in asked:
        found.append(Equal(f"={name}", _short(name, asked[name]).casefold()))
    for variant in ("startswith", "contains"):
        if f"{name}_{variant}" in asked:
            wanted = _short(name, asked[f"{name}_{variant}"])
            found.append(Like(f"~{name}", wanted, start=variant == "startswith"))
    return found


def _days(asked: dict[str, str], name: str) -> list[Filter]:
    found: list[Filter] = []
    if name in asked:
        wanted = day(name, asked[name])
        found.append(Range(name, wanted, wanted, high_inclusive=True))
    for variant in ("start", "end", "before", "after"):
        key = f"{name}_{variant}"
        if key in asked:
            wanted = day(key, asked[key])
            found.append(
                {
                    "start": Range(name, wanted),
                    "end": Range(name, None, wanted, high_inclusive=True),
                    "before": Range(name, None, wanted),
                    "after": Range(name, wanted + "~"),  # no date lies between a day and the day with a tilde
                }[variant]
            )
    return found


def _amounts(asked: dict[str, str], name: str) -> list[Filter]:
    found: list[Filter] = []
    tiny = 1e-9
    for suffix in ("", "_less_than", "_less_equals", "_greater_than", "_greater_equals"):
        if name + suffix in asked:
            wanted = number(name + suffix, asked[name + suffix])
            found.append(
                {
                    "": Range(name, wanted, wanted, high_inclusive=True),
                    "_less_than": Range(name, None, wanted),
                    "_less_equals": Range(name, None, wanted, high_inclusive=True),
                    "_greater_than": Range(name, wanted + tiny),
                    "_greater_equals": Range(name, wanted),
                }[suffix]
            )
    return found


def _modified(value: str, columns: Columns, organization: Organization) -> list[Filter]:
    """A plus sign that was not sent as %2B arrives as a blank and is refused."""
    if not columns.modified_filter and not organization.switch("modified_filter_everywhere"):
        return []
    try:
        return [Range("last_modified_time", moment_of(value))]
    except ValueError:
        raise invalid("last_modified_time") from None


@dataclass(frozen=True, slots=True)
class Paging:
    page: int
    per_page: int
    sort_column: str
    sort_order: str
    applied_filter: str

    def context(self, page: Page, report: str) -> dict[str, Any]:
        return {
            "page": self.page,
            "per_page": self.per_page,
            "has_more_page": self.page * self.per_page < page.total,
            "report_name": report,
            "applied_filter": self.applied_filter,
            "sort_column": self.sort_column,
            "sort_order": self.sort_order,
        }


def paging_of(call: Call, columns: Columns, organization: Organization, default_filter: str) -> Paging:
    per_page = _positive(call, "per_page", LARGEST_PAGE)
    if per_page > LARGEST_PAGE:
        if organization.choice("large_page") == "refuse":
            raise invalid("per_page")
        per_page = LARGEST_PAGE
    column = call.arg("sort_column") or columns.default_sort
    order = call.arg("sort_order") or columns.default_order
    if column not in columns.sorts and column != columns.default_sort:
        raise invalid("sort_column")
    if order not in ("A", "D"):
        raise invalid("sort_order")
    return Paging(
        _positive(call, "page", 1), per_page, column, order, call.arg("filter_by") or default_filter
    )


def _positive(call: Call, name: str, default: int) -> int:
    source = call.arg(name)
    if source in (None, ""):
        return default
    if not str(source).isascii() or not str(source).isdigit() or not 0 < int(str(source)) < 10**9:
        raise invalid(name)
    return int(str(source))


def status_filter(words: Mapping[str, tuple[str, ...]], wanted: str, index: str = "=status") -> list[Filter]:
    """`Status.PartiallyPaid` -> the stored words. `All` filters nothing; an unknown word is refused."""
    word = wanted.rpartition(".")[2].replace("_", "").replace(" ", "").casefold()
    if word in ("all", ""):
        return []
    if word not in words:
        raise invalid("filter_by")
    return [AnyOf(index, words[word])]
