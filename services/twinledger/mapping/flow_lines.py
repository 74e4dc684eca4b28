"""Mapping, flows: lines of a derived document: one for each of the trigger's, one for a group of them,
or one made of the trigger itself.

Grouping never changes what is owed: whatever moves an amount is a key of the group or is added up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from twinledger.mapping.entity_model import JSON, CanonicalField
from twinledger.mapping.errors import ValueFault
from twinledger.mapping.flow_amounts import add, line_amount, with_amount
from twinledger.mapping.flow_models import DerivedLines, DerivedValue
from twinledger.mapping.flow_values import Known, Reader, Scope, compile_value, text_field
from twinledger.mapping.paths import MISSING
from twinledger.mapping.yaml_source import Problem

__all__ = ["compile_lines_of"]

Record = Mapping[str, Any]
_QUANTITY, _PRICE = "quantity", "unit_price"


def compile_lines_of(target: CanonicalField, given: DerivedLines, known: Known) -> Reader:
    """Reader of the whole list."""
    if target.fields is None:
        raise Problem(f"{target.path} has no lines", "each")
    if given.each is None:
        return _one_line(target.fields, given, known)
    origin = known.named(given.each, "each")
    if origin.fields is None:
        raise Problem(f"{given.each} of the trigger has no lines", "each")
    given = _with_taxes(target.fields, origin.fields, given)
    names = _line_names(origin, known)
    where = names.condition(given.where, "where")
    readers = _readers(target.fields, given.fields, names, "fields", grouped=bool(given.group_by))
    make = (
        _grouping(target.fields, given, names, readers) if given.group_by else _each(target.fields, readers)
    )
    known.used.update(name.removeprefix(f"{known.what}.") for name in names.used)
    path = origin.path

    def lines(scope: Scope) -> Any:
        found = scope.fields.get(path, MISSING)
        if not isinstance(found, list):
            return found
        currency = scope.fields.get("currency")
        header = {f"{known.what}.{name}": value for name, value in scope.fields.items()}
        stated = [{**with_amount(line, currency), **header} for line in found]
        kept = [line for line in stated if where is None or where(line)]
        return make(kept, scope)

    return lines


def _with_taxes(
    parts: Mapping[str, CanonicalField], of_trigger: Mapping[str, CanonicalField], given: DerivedLines
) -> DerivedLines:
    """Taxes come along by themselves, and group what is taxed alike: without one another sum is owed."""
    taxes = [name for name, part in of_trigger.items() if part.ref == "tax" and name in parts]
    silent = {name: DerivedValue(ref=name) for name in taxes if name not in given.fields}
    keys = [*given.group_by, *(name for name in silent if given.group_by and name not in given.group_by)]
    return given.model_copy(update={"fields": {**given.fields, **silent}, "group_by": keys})


def _line_names(origin: CanonicalField, known: Known) -> Known:
    """Fields of a line, its amount, and the trigger's own under the trigger's name."""
    header = {f"{known.what}.{name}": one for name, one in known.fields.items() if one.fields is None}
    return Known({"amount": text_field("amount", "decimal"), **(origin.fields or {}), **header}, "a line")


def _readers(
    parts: Mapping[str, CanonicalField],
    given: Mapping[str, DerivedValue],
    known: Known,
    place: str,
    *,
    grouped: bool = False,
) -> dict[str, Reader]:
    readers = {}
    for name, value in given.items():
        if name not in parts:
            raise Problem(f"{name} is not a field of a line", place, name)
        try:
            readers[name] = compile_value(parts[name], value, known, grouped=grouped)
        except Problem as problem:
            raise Problem(str(problem), place, name, *problem.place) from problem
    return readers


def _one_line(parts: Mapping[str, CanonicalField], given: DerivedLines, known: Known) -> Reader:
    readers = _readers(parts, given.line, known, "line")
    return lambda scope: [_line(parts, readers, scope)]


def _each(
    parts: Mapping[str, CanonicalField], readers: Mapping[str, Reader]
) -> Callable[[Sequence[Record], Scope], list[dict[str, JSON]]]:
    def make(lines: Sequence[Record], scope: Scope) -> list[dict[str, JSON]]:
        return [
            _line(parts, readers, Scope(line, scope.settings), f"[{index}]")
            for index, line in enumerate(lines)
        ]

    return make


def _line(
    parts: Mapping[str, CanonicalField], readers: Mapping[str, Reader], scope: Scope, at: str = "[0]"
) -> dict[str, JSON]:
    record: dict[str, JSON] = dict.fromkeys(parts)
    for name, reader in readers.items():
        try:
            value = reader(scope)
        except ValueFault as fault:
            raise ValueFault(str(fault), f"{at}.{name}") from fault
        record[name] = None if value is MISSING else value
    return record


# --- groups --------------------------------------------------------------------------------------


def _grouping(
    parts: Mapping[str, CanonicalField], given: DerivedLines, known: Known, readers: Mapping[str, Reader]
) -> Callable[[Sequence[Record], Scope], list[dict[str, JSON]]]:
    for name in given.group_by:
        known.named(name, "group_by")
    _refuse_loss(parts, given)
    keys = tuple(given.group_by)

    def make(lines: Sequence[Record], scope: Scope) -> list[dict[str, JSON]]:
        groups: dict[tuple[Any, ...], list[Record]] = {}
        for line in lines:
            groups.setdefault(tuple(line.get(key) for key in keys), []).append(line)
        made = []
        for index, group in enumerate(groups.values()):
            whole = Scope(group[0], scope.settings, group)
            line = _line(parts, readers, whole, f"[{index}]")
            made.append(_to_the_cent(line, group, scope.fields.get("currency")))
        return made

    return make


def _refuse_loss(parts: Mapping[str, CanonicalField], given: DerivedLines) -> None:
    """What moves an amount is the same in the whole group, or it is added."""
    for name, value in given.fields.items():
        added = value.aggregate in ("sum", "count") or (name == _QUANTITY and str(value.value) == "1")
        same = (value.path or value.ref) in given.group_by and value.aggregate in (None, "first")
        constant = value.aggregate is None and not (value.path or value.ref or value.choose)
        if parts[name].format in ("text", "date") or added or same:
            continue
        if constant and parts[name].format not in ("decimal", "ref"):
            continue
        raise Problem(f"{name} differs in a group: make it a key of group_by or add it up", "fields", name)
    _check_amount(given)


def _check_amount(given: DerivedLines) -> None:
    quantity, price = given.fields.get(_QUANTITY), given.fields.get(_PRICE)
    if quantity is None or price is None:
        return
    piecewise = quantity.aggregate == "sum" and quantity.path == _QUANTITY and price.path == _PRICE
    whole = str(quantity.value) == "1" and price.aggregate == "sum" and price.path == "amount"
    if not whole and not (piecewise and price.aggregate is None):
        raise Problem(
            "add the quantities at one unit_price, or give quantity 1 and add the amounts", "fields", _PRICE
        )


def _to_the_cent(line: dict[str, JSON], group: Sequence[Record], currency: Any) -> dict[str, JSON]:
    """Ledgers round each line: where a group would round otherwise, it is one piece at its amount."""
    if _QUANTITY not in line or any(one.get("amount") is None for one in group):
        return line
    amount = add(one["amount"] for one in group)
    return line if line_amount(line, currency) == amount else {**line, _QUANTITY: "1", _PRICE: amount}
