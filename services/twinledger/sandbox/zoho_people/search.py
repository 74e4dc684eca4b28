"""Sandbox, Zoho People: SearchColumn, searchParams and modifiedtime of getRecords (5.1)."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ..call import Call
from ..store import Equal, Filter, Range, Where
from .form import FIELDS, FormError
from .loose_json import LooseError, parse_loose

__all__ = ["search_filters"]

COLUMNS = {"EMPLOYEEID": "employee_id", "EMPLOYEEMAILALIAS": "email"}
Test = Callable[[str, str], bool]
OPERATORS: dict[str, Test] = {
    "is": lambda held, wanted: held.casefold() == wanted.casefold(),
    "is not": lambda held, wanted: held.casefold() != wanted.casefold(),
    "contains": lambda held, wanted: wanted.casefold() in held.casefold(),
    "not contains": lambda held, wanted: wanted.casefold() not in held.casefold(),
    "starts with": lambda held, wanted: held.casefold().startswith(wanted.casefold()),
    "ends with": lambda held, wanted: held.casefold().endswith(wanted.casefold()),
    "is empty": lambda held, wanted: held == "",
    "is not empty": lambda held, wanted: held != "",
}


def search_filters(call: Call) -> list[Filter]:
    filters: list[Filter] = []
    column = call.arg("SearchColumn") or call.arg("searchColumn")
    value = call.arg("SearchValue") or call.arg("searchValue")
    if column:
        if column.upper() not in COLUMNS:
            raise FormError(7013, f"Invalid search column: {column}")
        if not value:
            raise FormError(7042, "Invalid search value")
        filters.append(Equal(COLUMNS[column.upper()], value.casefold()))
    if call.arg("modifiedtime"):
        filters.append(Range("modified", _moment(str(call.arg("modifiedtime")))))
    if call.arg("searchParams"):
        filters.append(Where(_condition(str(call.arg("searchParams")))))
    return filters


def _moment(source: str) -> float:
    if not source.isascii() or not source.isdigit():
        raise FormError(7016, "Invalid modifiedtime")
    return int(source) / 1000


def _condition(source: str) -> Callable[[dict[str, Any]], bool]:
    """Conditions joined with a vertical bar; `searchCriteria` OR joins one to those before it."""
    tests = [_test(part) for part in source.split("|") if part.strip()]

    def holds(record: dict[str, Any]) -> bool:
        result = True
        for number, (test, either) in enumerate(tests):
            passed = test(record)
            result = passed if number == 0 else ((result or passed) if either else (result and passed))
        return result

    return holds


def _test(part: str) -> tuple[Callable[[dict[str, Any]], bool], bool]:
    try:
        given = parse_loose(part)
    except LooseError:
        raise FormError(7016, "Invalid searchParams") from None
    if not isinstance(given, dict):
        raise FormError(7016, "Invalid searchParams")
    name, wanted = str(given.get("searchField", "")), str(given.get("searchText", ""))
    if name not in FIELDS:
        raise FormError(7013, f"Invalid field name: {name}")
    operator = str(given.get("searchOperator") or "Contains").casefold()
    either = str(given.get("searchCriteria", "AND")).upper() == "OR"
    if operator == "between":
        low, _, high = wanted.partition(";")
        return lambda record: _key(low) <= _key(record.get(name, "")) <= _key(high), either
    if operator not in OPERATORS:
        raise FormError(7043, f"Invalid search operator: {operator}")
    test = OPERATORS[operator]
    return lambda record: test(str(record.get(name, "")), wanted), either


def _key(source: str) -> str:
    """Dates compare as dates, all else as text."""
    try:
        return datetime.strptime(source.strip(), "%d-%b-%Y").replace(tzinfo=UTC).date().isoformat()
    except ValueError:
        return source.strip().casefold()
