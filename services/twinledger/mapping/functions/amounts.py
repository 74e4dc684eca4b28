"""Mapping functions: decimals. Exact in both directions, canonical text in between."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_DOWN, Context, Decimal
from functools import lru_cache
from typing import Any

from twinledger.mapping.errors import ValueFault

__all__ = ["allocated", "canonical_decimal", "read_decimal", "to_decimal", "with_minor_units"]

_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?", re.ASCII)
_MAX_CHARS = 64
_WIDE = Context(prec=60)


def canonical_decimal(value: Decimal) -> str:
    """No exponent, no needless zeros, no plus, no minus zero: equal numbers are equal texts."""
    if not value.is_finite() or not -_MAX_CHARS < value.adjusted() < _MAX_CHARS:
        raise ValueFault("a finite number of sensible size is expected")
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if len(text) > _MAX_CHARS:  # it could not be read back
        raise ValueFault("a finite number of sensible size is expected")
    return "0" if text in ("-0", "") else text


def read_decimal(value: Any) -> str | None:
    """A number, or its text. A float is refused: it has already lost digits."""
    if value is None or value == "":
        return None
    if type(value) is str:
        return _from_text(value)
    if type(value) is Decimal:
        return canonical_decimal(value)
    if type(value) is int:
        return canonical_decimal(Decimal(value))
    raise ValueFault("a number is expected")


def to_decimal(text: str) -> Decimal:
    """Canonical text -> the number to put into a vendor's JSON."""
    return Decimal(text)


def with_minor_units(text: str) -> str:
    """Canonical text with at least two decimals, as vendors print money."""
    whole, _, cents = text.partition(".")
    return f"{whole}.{cents:0<2}"


def allocated(total: Decimal, weights: Sequence[Decimal], decimals: int) -> list[Decimal]:
    """`total` in parts by weight whose sum is `total`, to the last unit: the largest remainders get
    what is left. Without any weight the first part gets it all."""
    whole = sum(weights, Decimal(0))
    if not whole:
        return [total if at == 0 else Decimal(0) for at in range(len(weights))]
    unit = Decimal(1).scaleb(-decimals)
    exact = [_WIDE.divide(total * weight, whole) for weight in weights]
    parts = [part.quantize(unit, ROUND_DOWN, _WIDE) for part in exact]
    rest = total - sum(parts, Decimal(0))
    step = unit.copy_sign(rest)
    by_remainder = sorted(range(len(parts)), key=lambda at: (-(exact[at] - parts[at]) * step, at))
    for turn in range(int(rest / step)):
        parts[by_remainder[turn % len(parts)]] += step
        rest -= step
    parts[by_remainder[0]] += rest
    return parts


@lru_cache(maxsize=8192)
def _from_text(text: str) -> str | None:
    stripped = text.strip()
    if not stripped:
        return None
    if len(stripped) > _MAX_CHARS or _NUMBER.fullmatch(stripped) is None:
        raise ValueFault("a number is expected")
    return canonical_decimal(Decimal(stripped))
