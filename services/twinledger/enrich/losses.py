"""Enrich: may a target have made `stored` of what it was sent? Pure.

Only what storing a value can lose counts: white space, letter case, the format of a phone number,
decimals, the end of a text. All else was somebody's edit.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from twinledger.mapping.entity_model import CanonicalField

__all__ = ["is_loss"]

_TEXTS = frozenset({"text", "email"})
_FEWEST_DIGITS = 6


def is_loss(sent: Any, stored: Any, field: CanonicalField) -> bool:
    """Texts of a closed set and references are never mangled: another one is another one."""
    if not (isinstance(sent, str) and isinstance(stored, str)) or field.values or field.ref is not None:
        return False
    if field.format == "decimal":
        return _is_rounded(sent, stored)
    if field.format == "phone":
        return _is_same_number(sent, stored) or _is_beginning(sent, stored)
    return field.format in _TEXTS and _is_beginning(sent, stored)


def _is_beginning(sent: str, stored: str) -> bool:
    """Trimmed, in another case, or cut off."""
    kept = _folded(stored)
    return bool(kept) and _folded(sent).startswith(kept)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _is_same_number(sent: str, stored: str) -> bool:
    """The same digits, or all but the country's in front; other letters say something else."""
    ours, theirs = (_digits(text) for text in (sent, stored))
    return len(theirs) >= _FEWEST_DIGITS and ours.endswith(theirs) and not any(map(str.isalpha, stored))


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _is_rounded(sent: str, stored: str) -> bool:
    try:
        exact, kept = Decimal(sent), Decimal(stored)
        places = -int(exact.as_tuple().exponent)
        return any(
            exact.quantize(Decimal(1).scaleb(-fewer), rounding) == kept
            for fewer in range(max(places, 0))
            for rounding in (ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_DOWN)
        )
    except InvalidOperation:
        return False
