"""Mapping: conditions in CEL over canonical fields and, while reading, over the vendor's document.

In a condition a canonical field goes by its path (name.family), the vendor's document by
`document.`; what is absent or null is the empty text, and decimals are texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import cel

from twinledger.mapping.errors import ValueFault
from twinledger.mapping.paths import MISSING, getter

__all__ = ["Condition", "compile_condition"]

_NOTHING: Mapping[str, Any] = {}
_PARTS = re.compile(r"('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")")
_NAMES = re.compile(r"(?<![\w.])([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(\s*\()?")
_BOUND = re.compile(r"\.(?:all|exists|exists_one|filter|map)\(\s*(\w+)\s*,")
_COMPARED = re.compile(r"([A-Za-z_]\w*(?:\.\w+)*) *([=!]=) *'([^'\\]*)'")
_INT64 = 2**63

Reader = Callable[[Mapping[str, Any], Mapping[str, Any]], Any]
"""A value by (fields, document)."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition. `fields` are the canonical fields it looks at."""

    source: str
    fields: frozenset[str]
    _program: Any
    _reads: Mapping[str, Reader]
    """The program's variables: handing over a flat few costs half of handing over nested ones."""
    _compared: tuple[Reader, bool, str] | None
    """(value, equal?, text) of a condition that is no more than that, as most are."""

    def __call__(self, fields: Mapping[str, Any], document: Mapping[str, Any] = _NOTHING) -> bool:
        if self._compared is not None:
            read, equal, text = self._compared
            value = _plain(read(fields, document))
            if type(value) is str:
                return (value == text) is equal
        return self._evaluated(fields, document)

    def _evaluated(self, fields: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
        context = {name: _plain(read(fields, document)) for name, read in self._reads.items()}
        try:
            result = self._program.execute(context)
        except (ValueError, TypeError, RuntimeError) as exc:
            raise ValueFault(f"the condition {self.source!r} cannot be evaluated") from exc
        if type(result) is not bool:
            raise ValueFault(f"the condition {self.source!r} gives neither true nor false")
        return result


def compile_condition(source: str, known: Collection[str], *, document: bool = False) -> Condition:
    """CEL text -> condition; ValueError names what is wrong, unknown names included."""
    roots = set(cel.compile(source).variables()) - set(_BOUND.findall(source))
    variables: dict[str, str] = {}

    def replaced(match: re.Match[str]) -> str:
        parts = match[1].split(".")
        tail = [parts.pop()] if match[2] else []  # a method of what stands before it
        if not parts or parts[0] not in roots:
            return match[0]
        size = len(parts) if document and parts[0] == "document" else _field_size(parts, known)
        path = ".".join(parts[:size])
        return ".".join([variables.setdefault(path, f"v{len(variables)}"), *parts[size:], *tail]) + (
            match[2] or ""
        )

    pieces = _PARTS.split(source)
    pieces[::2] = [_NAMES.sub(replaced, piece) for piece in pieces[::2]]
    fields = frozenset(path for path in variables if path in known)
    reads = {name: _reader(path, known) for path, name in variables.items()}
    return Condition(
        source, fields, cel.compile("".join(pieces)), reads, _comparison(source, variables, known)
    )


def _comparison(
    source: str, variables: Collection[str], known: Collection[str]
) -> tuple[Reader, bool, str] | None:
    """A path and a text, equal or not: what CEL says of two texts."""
    found = _COMPARED.fullmatch(source.strip())
    if found is None or found[1] not in variables:
        return None
    return _reader(found[1], known), found[2] == "==", found[3]


def _field_size(parts: Sequence[str], known: Collection[str]) -> int:
    """How many parts of a dotted name are the path of a canonical field."""
    for size in range(len(parts), 0, -1):
        if ".".join(parts[:size]) in known:
            return size
    raise ValueError(f"{'.'.join(parts)!r} is not a field here")


def _reader(path: str, known: Collection[str]) -> Reader:
    if path in known:
        return lambda fields, document: fields.get(path)
    read = getter(tuple(path.split(".")[1:]))
    return lambda fields, document: read(document)


def _plain(value: Any) -> Any:
    if value is None or value is MISSING:
        return ""
    if type(value) is Decimal:
        return format(value, "f") if abs(value.adjusted()) < 64 else ""
    if type(value) is int and not -_INT64 <= value < _INT64:
        return str(value)
    return value
