"""Connectors: JSON as it stands on the wire. No number ever passes through a float.

Decimals come in as `Decimal` and leave as the text they had (100.10 stays 100.10, a 19-digit id stays
whole), so a record cut out of an answer is the vendor's own document.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import orjson

from twinledger.kernel.errors import TransientError

__all__ = ["broke_off", "decode", "encode", "is_foreign", "unreadable"]

_INT64_DIGITS = 18
_PLAIN_DIGITS = 40
"""Beyond it a number is written with an exponent: a few bytes must not become megabytes."""


def decode(body: bytes) -> Any:
    """The value of a JSON text; ValueError for anything else (bad UTF-8, NaN, too deep, cut)."""
    try:
        return json.loads(body, parse_float=Decimal, parse_int=_integer, parse_constant=_refuse)
    except RecursionError as exc:
        raise ValueError("nested too deeply") from exc


def encode(value: Any) -> bytes:
    """JSON bytes; a `Decimal` becomes a number with its own digits."""
    try:
        return orjson.dumps(value, default=_number)
    except TypeError:
        # Half a surrogate pair: legal in JSON, not in UTF-8. Kept as it came, for the stage that
        # decodes the record to refuse it alone.
        return json.dumps(value, default=_text).encode()


def unreadable(body: bytes, headers: Mapping[str, str]) -> TransientError:
    """The error of an answer that is not the JSON it should be; it may have been applied."""
    if b"<" in body[:64] or "html" in headers.get("content-type", ""):
        return TransientError("HTML instead of JSON", error_class="target_down", sent=True)
    return TransientError("answer cut or not JSON", error_class="network", sent=True)


def broke_off(body: bytes) -> bool:
    """Of a body that is no JSON: it began as one."""
    return body.lstrip()[:1] in (b"{", b"[")


def is_foreign(body: bytes, headers: Mapping[str, str]) -> bool:
    """Of a body that is no JSON: nothing at all, or a web page; not a vendor's sentence."""
    return body.lstrip()[:1] in (b"", b"<") or "html" in headers.get("content-type", "")


def _integer(text: str) -> int | Decimal:
    return int(text) if len(text) <= _INT64_DIGITS else Decimal(text)


def _number(value: Any) -> orjson.Fragment:
    if isinstance(value, Decimal) and value.is_finite():
        plain = abs(value.adjusted()) <= _PLAIN_DIGITS
        return orjson.Fragment(f"{value:f}" if plain else str(value))
    raise TypeError(f"not JSON: {type(value).__name__}")


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"not JSON: {type(value).__name__}")


def _refuse(constant: str) -> None:
    raise ValueError(f"not JSON: {constant}")
