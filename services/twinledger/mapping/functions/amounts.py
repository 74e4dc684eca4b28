"""Mapping functions: decimals. Exact in both directions, canonical text in between."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Any

from twinledger.mapping.errors import ValueFault

__all__ = ["canonical_decimal", "read_decimal", "to_decimal", "with_minor_units"]

_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?", re.ASCII)
_MAX_CHARS = 64


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


@lru_cache(maxsize=8192)
def _from_text(text: str) -> str | None:
    stripped = text.strip()
    if not stripped:
        return None
    if len(stripped) > _MAX_CHARS or _NUMBER.fullmatch(stripped) is None:
        raise ValueFault("a number is expected")
    return canonical_decimal(Decimal(stripped))
