"""Mapping: vendor bytes <-> documents with exact numbers.

In: the JSON bytes of one vendor record    Out: dict whose numbers are int or Decimal, never float
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import orjson

from twinledger.mapping.errors import MappingError

__all__ = ["MAX_BYTES", "MAX_DEPTH", "decode", "encode"]

MAX_BYTES = 1_000_000
MAX_DEPTH = 64

_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"')
_ROUND = bytes.maketrans(b"{}[]", b"()()")
_NOT_A_BRACKET = bytes(set(range(256)) - set(b"{}[]"))


def decode(data: bytes) -> dict[str, Any]:
    """One JSON object, numbers exact; anything else is undecodable."""
    if len(data) > MAX_BYTES:
        raise _undecodable(f"document of {len(data)} bytes is larger than {MAX_BYTES}")
    try:
        document = orjson.loads(data)
        if _holds_float(document):
            document = _loads_exact(data)
    except (ValueError, RecursionError) as exc:
        raise _undecodable("document is not JSON: " + type(exc).__name__) from exc
    if type(document) is not dict:
        raise _undecodable("document is not a JSON object")
    if data.count(b"{") + data.count(b"[") > MAX_DEPTH and _too_deep(data):
        raise _undecodable(f"document is nested deeper than {MAX_DEPTH}")
    return document


def encode(body: Mapping[str, Any]) -> bytes:
    """Bytes of a vendor body; a Decimal is written digit for digit."""
    return orjson.dumps(body, default=_exact_number)


def _holds_float(value: Any) -> bool:
    """Also true for whole numbers beyond 64 bits: the fast parser makes them floats."""
    kind = type(value)
    if kind is dict:
        values = value.values()
    elif kind is list:
        values = value
    else:
        return kind is float
    for item in values:
        kind = type(item)
        if kind is float or ((kind is dict or kind is list) and _holds_float(item)):
            return True
    return False


def _loads_exact(data: bytes) -> Any:
    """The slower parser, for text that the fast and stricter one has already accepted."""
    return json.loads(data, parse_float=Decimal)


def _exact_number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f"))
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _too_deep(data: bytes) -> bool:
    """Peels the innermost brackets off a document known to be JSON, one level a round."""
    brackets = _TEXT.sub(b"", data).translate(_ROUND, delete=_NOT_A_BRACKET)
    for _ in range(MAX_DEPTH):
        brackets = brackets.replace(b"()", b"")
        if not brackets:
            return False
    return True


def _undecodable(message: str) -> MappingError:
    return MappingError(message, error_class="undecodable")
