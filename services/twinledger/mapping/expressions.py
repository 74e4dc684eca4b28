"""Mapping: conditions in CEL over canonical fields and, while reading, over the vendor's document.

In a condition a canonical field goes by its path (name.family), the vendor's document by
`document.`; what is absent or null is the empty text, and decimals are texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import cel

from twinledger.mapping.errors import ValueFault
from twinledger.mapping.paths import MISSING, getter

__all__ = ["Condition", "compile_condition"]

_TEXTS = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_NAMES = re.compile(r"(?<![\w.])([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(\s*\()?")
_BOUND = re.compile(r"\.(?:all|exists|exists_one|filter|map)\(\s*(\w+)\s*,")
_INT64 = 2**63


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition. `fields` are the canonical fields it looks at."""

    source: str
    fields: frozenset[str]
    _program: Any
    _reads: tuple[tuple[tuple[str, ...], Callable[[Mapping[str, Any]], Any]], ...]
    """Where each value goes in the context, and its reader from the document or the fields."""

    def __call__(self, fields: Mapping[str, Any], document: Mapping[str, Any] | None = None) -> bool:
        context: dict[str, Any] = {}
        for place, read in self._reads:
            value = read(document or {}) if place[0] == "document" else read(fields)
            holder = context
            for part in place[:-1]:
                holder = holder.setdefault(part, {})
            holder[place[-1]] = _plain(value)
        try:
            result = self._program.execute(context)
        except (ValueError, TypeError, RuntimeError) as exc:
            raise ValueFault(f"the condition {self.source!r} cannot be evaluated") from exc
        if type(result) is not bool:
            raise ValueFault(f"the condition {self.source!r} gives neither true nor false")
        return result


def compile_condition(source: str, known: Collection[str], *, document: bool = False) -> Condition:
    """CEL text -> condition; ValueError names what is wrong, unknown names included."""
    program = cel.compile(source)
    roots = set(program.variables()) - set(_BOUND.findall(source))
    fields: set[str] = set()
    reads: dict[tuple[str, ...], Callable[[Mapping[str, Any]], Any]] = {}
    for name, call in _NAMES.findall(_TEXTS.sub("''", source)):
        parts = tuple(name.split("."))
        if call:
            parts = parts[:-1]  # the last part is a method of what stands before it
        if not parts or parts[0] not in roots:
            continue
        if document and parts[0] == "document" and len(parts) > 1:
            reads[parts] = getter(parts[1:])
            continue
        field = next((path for path in _prefixes(parts) if path in known), None)
        if field is None:
            raise ValueError(f"{name!r} is not a field here")
        fields.add(field)
        reads[tuple(field.split("."))] = getter((field,))
    return Condition(source, frozenset(fields), program, tuple(reads.items()))


def _prefixes(parts: tuple[str, ...]) -> list[str]:
    return [".".join(parts[:size]) for size in range(len(parts), 0, -1)]


def _plain(value: Any) -> Any:
    if value is None or value is MISSING:
        return ""
    if type(value) is Decimal:
        return format(value, "f") if abs(value.adjusted()) < 64 else ""
    if type(value) is int and not -_INT64 <= value < _INT64:
        return str(value)
    return value
