"""Mapping: where a vendor's record carries our reference, and how to take it out and put it in.

The reference never becomes part of a canonical value: a field that carries it is read without it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from twinledger.mapping.paths import Path, getter, put

__all__ = [
    "Carrier",
    "CustomFieldCarrier",
    "InsteadCarrier",
    "NoCarrier",
    "OwnFieldCarrier",
    "TrailingCarrier",
    "strip_references",
]

_REFERENCE = re.compile(r"TL-[A-Z2-7]{20}")
_LENGTH = 23


class Carrier(Protocol):
    """One way of carrying a reference."""

    def take(self, document: Mapping[str, Any]) -> str | None:
        """The reference on a record, None when it has none that is ours."""
        ...

    def place(self, body: dict[str, Any], reference: str, *, creating: bool) -> None:
        """Put it into a body that is about to be written, where that field is written."""
        ...


def strip_references(value: Any) -> Any:
    """A text without the references at its end; anything else as it is."""
    return _split(value)[0]


class NoCarrier:
    """Nothing at this vendor's record holds a reference."""

    def take(self, document: Mapping[str, Any]) -> str | None:
        return None

    def place(self, body: dict[str, Any], reference: str, *, creating: bool) -> None:
        return None


@dataclass(frozen=True, slots=True)
class OwnFieldCarrier:
    """A custom field of its own; set once."""

    path: Path

    def take(self, document: Mapping[str, Any]) -> str | None:
        return _ours(getter(self.path)(document))

    def place(self, body: dict[str, Any], reference: str, *, creating: bool) -> None:
        if creating:
            put(body, self.path, reference)


@dataclass(frozen=True, slots=True)
class TrailingCarrier:
    """The last line of a text that people write too."""

    key: str

    def take(self, document: Mapping[str, Any]) -> str | None:
        return _split(document.get(self.key))[1]

    def place(self, body: dict[str, Any], reference: str, *, creating: bool) -> None:
        if creating or self.key in body:
            text = body.get(self.key)
            body[self.key] = f"{text}\n{reference}" if text else reference


@dataclass(frozen=True, slots=True)
class InsteadCarrier:
    """A code that the business may leave empty."""

    key: str

    def take(self, document: Mapping[str, Any]) -> str | None:
        return _split(document.get(self.key))[1]

    def place(self, body: dict[str, Any], reference: str, *, creating: bool) -> None:
        if (creating or self.key in body) and not body.get(self.key):
            body[self.key] = reference


@dataclass(frozen=True, slots=True)
class CustomFieldCarrier:
    """A unique custom field of the finance products. An update names it in headers, not in the body."""

    api_name: str

    def take(self, document: Mapping[str, Any]) -> str | None:
        by_name = document.get("custom_field_hash")
        if type(by_name) is dict and (found := _ours(by_name.get(self.api_name))):
            return found
        listed = document.get("custom_fields")
        for field in listed if type(listed) is list else ():
            if type(field) is dict and field.get("api_name") == self.api_name:
                return _ours(field.get("value"))
        return None

    def place(self, body: dict[str, Any], reference: str, *, creating: bool) -> None:
        if creating:
            body.setdefault("custom_fields", []).append({"api_name": self.api_name, "value": reference})


def _ours(value: Any) -> str | None:
    return value if type(value) is str and _REFERENCE.fullmatch(value) else None


def _split(value: Any) -> tuple[Any, str | None]:
    """(text without the references at its end, the last of them)."""
    if type(value) is not str or "TL-" not in value:
        return value, None
    text, last = value.rstrip(), None
    while _REFERENCE.fullmatch(text, max(0, len(text) - _LENGTH)) and (
        len(text) == _LENGTH or text[-_LENGTH - 1].isspace()
    ):
        last = last or text[-_LENGTH:]
        text = text[:-_LENGTH].rstrip()
    return (value, None) if last is None else (text, last)
