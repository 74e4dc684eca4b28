"""Mapping functions: texts. Empty becomes None, lines end with \\n, letters are composed (NFC)."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any

import pycountry

from twinledger.mapping.errors import ValueFault

__all__ = [
    "read_currency",
    "read_email",
    "read_flag",
    "read_language",
    "read_one_line",
    "read_text",
    "read_trimmed",
]

_LINE_ENDS = re.compile(r"\r\n?")
_LINES = re.compile(r"\s*\n\s*")


def read_text(value: Any) -> str | None:
    """Text as the vendor holds it; NUL, which no store of ours can hold, is dropped."""
    if value is None or value == "":
        return None
    if type(value) is not str:
        raise ValueFault("a text is expected")
    if value.isascii():
        if value.isprintable():
            return value
    else:
        value = unicodedata.normalize("NFC", value)
    return _LINE_ENDS.sub("\n", value).replace("\x00", "") or None


def read_trimmed(value: Any) -> str | None:
    """Text without white space around it."""
    text = read_text(value)
    return None if text is None else text.strip() or None


def read_one_line(value: Any) -> str | None:
    """Trimmed text whose lines are joined by a comma."""
    text = read_trimmed(value)
    return None if text is None else _LINES.sub(", ", text)


def read_flag(value: Any) -> bool | None:
    """True, False or nothing."""
    if value is None or type(value) is bool:
        return value
    raise ValueFault("true or false is expected")


def read_email(value: Any) -> str | None:
    """Trimmed and in lower case: vendors keep the case a person typed, and match without it."""
    text = read_trimmed(value)
    return None if text is None else unicodedata.normalize("NFC", text.lower()).strip() or None


def read_language(value: Any) -> str | None:
    """Language tag in lower case."""
    text = read_trimmed(value)
    return None if text is None else text.lower()


def read_currency(value: Any) -> str | None:
    """ISO 4217 code; an unknown one is refused, since money must not change its meaning."""
    text = read_trimmed(value)
    if text is None:
        return None
    code = text.upper()
    if code not in _currencies():
        raise ValueFault("not an ISO 4217 currency")
    return code


@lru_cache(maxsize=1)
def _currencies() -> frozenset[str]:
    return frozenset(currency.alpha_3 for currency in pycountry.currencies)
