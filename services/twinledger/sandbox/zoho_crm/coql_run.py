"""Sandbox, Zoho CRM: runs a parsed COQL query along the best index: a value, a range, an order."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..indexes import Ordered, Record
from .answers import refuse
from .comparing import BadLiteral, comparable, like_pattern, ordering, tests
from .coql_parser import Comparison, Condition, Query
from .module import Module
from .paths import FieldPath, resolve

__all__ = ["matches", "path_of", "run"]

Test = Callable[[Record], bool]
LOWS, HIGHS = {">", ">=", "="}, {"<", "<=", "="}


def path_of(module: Module, name: str) -> FieldPath:
    path = resolve(module, name)
    if path is None:
        details = {"column_name": name, "reason": "column not found"}
        raise refuse("INVALID_QUERY", "invalid query formed", details)
    return path


def run(module: Module, query: Query) -> Iterator[Record]:
    """All matching records in order, from the first; the caller skips and stops."""
    holds = matches(module, query.where) if query.where is not None else None
    conjuncts = list(_conjuncts(query.where))
    orders = query.orders or (("id", False),)
    exact = _by_value(module, conjuncts)
    index = _order_index(module, orders)
    if exact is None and index is not None:
        ids: Iterable[str] = _along(module, index, conjuncts, descending=orders[0][1])
        return (record for record in _records(module, ids) if holds is None or holds(record))
    ids = exact if exact is not None else _narrowest(module, conjuncts)
    rows = [record for record in _records(module, ids) if holds is None or holds(record)]
    for name, descending in reversed([*orders, ("id", False)]):
        path = path_of(module, name)
        rows.sort(key=lambda r, path=path: _sort_key(path, r), reverse=descending)  # type: ignore[misc]
    return iter(rows)


def matches(module: Module, condition: Condition) -> Test:
    if isinstance(condition, Comparison):
        return _comparison(module, condition)
    parts = [matches(module, each) for each in condition.parts]
    if condition.operator == "and":
        return lambda record: all(part(record) for part in parts)
    return lambda record: any(part(record) for part in parts)


def _comparison(module: Module, one: Comparison) -> Test:
    path = path_of(module, one.name)
    operator, negated = one.operator.removeprefix("not "), one.operator.startswith("not ")
    if operator in ("is null", "is not null"):
        absent = operator == "is null"
        return lambda record: (path.kept(record) is None) == absent
    if operator == "like":
        pattern = like_pattern(one.value)
        return lambda record: (
            negated != (pattern.fullmatch(str(path.kept(record) or "").casefold()) is not None)
        )
    most = int(module.org.switch("coql_in_values"))
    if operator == "in" and len(one.value) > most:
        details = {"operator": "in", "limit": most, "column_name": one.name, "reason": "limit exceeded"}
        raise refuse("INVALID_QUERY", "invalid query formed", details)
    test = tests(operator, _wanted(module, path, one))
    return lambda record: negated != test(ordering(path.field, path.kept(record)))


def _wanted(module: Module, path: FieldPath, one: Comparison) -> Any:
    zone = module.org.facts.time_zone
    try:
        if isinstance(one.value, list):
            return {comparable(path.field, each, zone) for each in one.value}
        if isinstance(one.value, tuple):
            return tuple(comparable(path.field, each, zone) for each in one.value)
        return comparable(path.field, one.value, zone)
    except BadLiteral as exc:
        details = {
            "column_name": one.name,
            "operator": one.operator,
            "reason": f"invalid value, {exc} expected",
        }
        raise refuse("INVALID_QUERY", "invalid query formed", details) from exc


def _conjuncts(condition: Condition | None) -> Iterator[Comparison]:
    """Comparisons that all have to hold."""
    if isinstance(condition, Comparison):
        yield condition
    elif condition is not None and condition.operator == "and":
        for part in condition.parts:
            yield from _conjuncts(part)


def _by_value(module: Module, conjuncts: list[Comparison]) -> list[str] | None:
    """Ids through `id =`, `id in` or an exact value of an indexed field."""
    for one in conjuncts:
        values = [one.value] if one.operator == "=" else one.value if one.operator == "in" else None
        if values is None:
            continue
        if one.name == "id":
            return [str(each) for each in dict.fromkeys(values)]
        field = module.fields.get(one.name)
        if field is not None and module.indexed(one.name) and field.data_type not in ("datetime", "currency"):
            return list(dict.fromkeys(each for value in values for each in module.find(one.name, value)))
    return None


def _order_index(module: Module, orders: tuple[tuple[str, bool], ...]) -> Ordered | None:
    if len(orders) > 1 and orders[1][0] != "id":
        return None
    if len(orders) == 2 and orders[0][1] != orders[1][1]:
        return None
    return _index_named(module, orders[0][0])


def _index_named(module: Module, name: str) -> Ordered | None:
    return module.index_for(name) if name in ("id", "Created_Time", "Modified_Time") else None


def _bounds(module: Module, index: Ordered, name: str, conjuncts: list[Comparison]) -> tuple[int, int]:
    start, stop = 0, len(index.rows)
    for one in conjuncts:
        if one.name != name or one.operator not in LOWS | HIGHS | {"between"}:
            continue
        wanted = _wanted(module, path_of(module, name), one)
        low, high = wanted if one.operator == "between" else (wanted, wanted)
        if one.operator in LOWS or one.operator == "between":
            start = max(start, index.bounds(low, None, high_inclusive=False)[0])
        if one.operator in HIGHS or one.operator == "between":
            stop = min(stop, index.rows.bisect_right((high, float("inf"))))
    return start, max(start, stop)


def _along(module: Module, index: Ordered, conjuncts: list[Comparison], *, descending: bool) -> Iterator[str]:
    name = {"id": "id", "created": "Created_Time", "modified": "Modified_Time"}[index.name]
    start, stop = _bounds(module, index, name, conjuncts)
    return (str(row[1]) for row in index.rows.islice(start, stop, reverse=descending))


def _narrowest(module: Module, conjuncts: list[Comparison]) -> Iterable[str]:
    spans = []
    for name in ("id", "Created_Time", "Modified_Time"):
        index = _index_named(module, name)
        assert index is not None
        start, stop = _bounds(module, index, name, conjuncts)
        spans.append((stop - start, start, stop, index))
    _, start, stop, index = min(spans, key=lambda each: each[0])
    return index.between(start, stop)


def _records(module: Module, ids: Iterable[str]) -> Iterator[Record]:
    for each in ids:
        record = module.living(each)
        if record is not None and not record.get("Converted__s"):
            yield record


def _sort_key(path: FieldPath, record: Record) -> tuple[bool, Any]:
    """Empty values first."""
    value = ordering(path.field, path.kept(record))
    return (value is not None, value if value is not None else 0)
