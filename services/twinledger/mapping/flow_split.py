"""Mapping, flows: one trigger, several documents, whose amounts sum to the whole to the cent.

In: fields of the trigger    Out: a part for each document: its name, and the fields it is made of
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from twinledger.mapping.errors import ValueFault
from twinledger.mapping.flow_amounts import add, allocate, line_amount, number
from twinledger.mapping.flow_models import Split
from twinledger.mapping.flow_values import Known
from twinledger.mapping.yaml_source import Problem

__all__ = ["PART_NAMES", "Part", "compile_split", "whole"]

PART_NAMES = ("part", "part_number")
Part = tuple[str, Mapping[str, Any]]
"""What the part is called: it goes into the document's identity; and the trigger as the part sees it."""

_LINES = "lines"
_OF_ALL = ("total", "charged")
"""What the whole comes to: divided by what the lines of each part do, and not known of some of them."""


def whole(fields: Mapping[str, Any]) -> Sequence[Part]:
    """Not split."""
    return [("", fields)]


def compile_split(split: Split | None, known: Known) -> Callable[[Mapping[str, Any]], Sequence[Part]]:
    """How one trigger becomes parts."""
    if split is None:
        return whole
    lines = known.named(_LINES, "split_by")
    if (split.field is None) == (not split.shares):
        raise Problem("give a field of a line, or shares", "split_by")
    if split.field is not None:
        if split.field not in (lines.fields or {}):
            raise Problem(f"{split.field} is not a field of a line", "split_by", "field")
        return _by_field(split.field)
    if len(split.shares) < 2 or any(share <= 0 for share in split.shares):
        raise Problem("two shares or more, each above zero", "split_by", "shares")
    return _by_shares([Decimal(share) for share in split.shares])


def _by_field(name: str) -> Callable[[Mapping[str, Any]], Sequence[Part]]:
    def parts(fields: Mapping[str, Any]) -> Sequence[Part]:
        groups: dict[str, list[Any]] = {}
        for line in _lines(fields):
            groups.setdefault(str(line.get(name) or ""), []).append(line)
        unknown = {name: None for name in _OF_ALL if name in fields}
        return [
            _part({**fields, **unknown}, part, number, lines)
            for number, (part, lines) in enumerate(groups.items(), 1)
        ]

    return parts


def _by_shares(shares: Sequence[Decimal]) -> Callable[[Mapping[str, Any]], Sequence[Part]]:
    def parts(fields: Mapping[str, Any]) -> Sequence[Part]:
        currency = fields.get("currency")
        lines = [_divided(line, index, shares, currency) for index, line in enumerate(_lines(fields))]
        weights = _come_to(lines, shares)
        sums = {name: allocate(fields[name], weights, currency) for name in _OF_ALL if fields.get(name)}
        return [
            _part(
                {**fields, **{name: parts[at] for name, parts in sums.items()}},
                str(at + 1),
                at + 1,
                [line[at] for line in lines],
            )
            for at in range(len(shares))
            if lines
        ]

    return parts


def _come_to(lines: Sequence[Sequence[Mapping[str, Any]]], shares: Sequence[Decimal]) -> Sequence[Decimal]:
    """What each part owes: many small lines, each rounded, stray from the shares by more than a rounding.
    Lines that cancel out leave only the shares to go by."""
    sums = [number(add(line[at]["unit_price"] for line in lines)) for at in range(len(shares))]
    return sums if sum(sums) else shares


def _divided(
    line: Mapping[str, Any], index: int, shares: Sequence[Decimal], currency: Any
) -> list[Mapping[str, Any]]:
    amount = line_amount(line, currency)
    if amount is None:
        raise ValueFault("a line without quantity and unit_price cannot be divided", f"lines[{index}]")
    return [{**line, "quantity": "1", "unit_price": one} for one in allocate(amount, shares, currency)]


def _lines(fields: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    found = fields.get(_LINES)
    return found if isinstance(found, list) else []


def _part(fields: Mapping[str, Any], name: str, number: int, lines: Sequence[Any]) -> Part:
    return name, {**fields, _LINES: lines, "part": name, "part_number": str(number)}
