"""Road: Kafka headers as text in a table: readable in psql, and exact for bytes that are no text."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import cast

import orjson

from twinledger.road.envelope import Headers

__all__ = ["from_text", "to_text"]


def to_text(headers: Iterable[tuple[str, bytes | None]]) -> str:
    """JSON: [name, text] pairs; bytes that are no UTF-8, or that PostgreSQL refuses, as base64."""
    return orjson.dumps([[name, _readable(value)] for name, value in headers]).decode()


def from_text(text: str) -> Headers:
    """The exact headers back."""
    return cast(Headers, tuple((name, _exact(value)) for name, value in orjson.loads(text)))


def _readable(value: bytes | None) -> str | dict[str, str] | None:
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}


def _exact(value: str | dict[str, str] | None) -> bytes | None:
    if isinstance(value, str):
        return value.encode()
    if value is None:
        return None
    return base64.b64decode(value["base64"])
