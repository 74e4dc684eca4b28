"""Mapping, flows: money to the cent. Decimals only, wide enough for every product and sum."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Any

from babel.numbers import get_currency_precision

from twinledger.mapping.errors import ValueFault
from twinledger.mapping.functions.amounts import canonical_decimal, read_decimal

__all__ = ["add", "allocate", "line_amount", "number", "with_amount"]

_WIDE = Context(prec=300, rounding=ROUND_HALF_UP)
_PARTS = ("quantity", "unit_price")


@lru_cache(maxsize=64)
def _smallest(currency: str | None) -> Decimal:
    """A cent, or what stands for it: one yen, one fils."""
    return Decimal(1).scaleb(-get_currency_precision(currency or "USD"))


def add(values: Iterable[Any]) -> str:
    """Sum of canonical decimals."""
    total = Decimal(0)
    for value in values:
        total = _WIDE.add(total, number(value))
    return canonical_decimal(total)


def number(value: Any) -> Decimal:
    """A canonical decimal as a number."""
    text = read_decimal(value)
    if text is None:
        raise ValueFault("an amount is missing")
    return Decimal(text)


def line_amount(line: Mapping[str, Any], currency: str | None) -> str | None:
    """Quantity times price as ledgers round it, None where the line does not say both."""
    if any(line.get(part) is None for part in _PARTS):
        return None
    product = _WIDE.multiply(*(number(line[part]) for part in _PARTS))
    return canonical_decimal(product.quantize(_smallest(currency), context=_WIDE))


def with_amount(line: Mapping[str, Any], currency: str | None) -> Mapping[str, Any]:
    """The line and its amount, under a name that conditions and aggregates know."""
    return {**line, "amount": line_amount(line, currency)}


def allocate(amount: str, shares: Sequence[Decimal], currency: str | None) -> list[str]:
    """Parts in proportion, whose sum is the amount: each ends where the shares up to it end."""
    whole, total = sum(shares, Decimal(0)), number(amount)
    ends, share = [Decimal(0)], Decimal(0)
    for one in shares:
        share += one
        exact = _WIDE.divide(_WIDE.multiply(total, share), whole)
        ends.append(exact.quantize(_smallest(currency), context=_WIDE))
    ends[-1] = total
    return [canonical_decimal(_WIDE.subtract(end, start)) for start, end in pairwise(ends)]
