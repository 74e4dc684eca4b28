"""Mapping: places inside a vendor document, compiled once: "Account_Name.id", "contact_persons[0].email"."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, Final

from twinledger.mapping.errors import ValueFault

__all__ = ["MISSING", "Path", "getter", "parse_path", "put"]

Path = tuple[str | int, ...]


class _Missing:
    """The document does not say; None would be: it says nothing is there."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()

_STEP = re.compile(r"(?:\A|\.)([^.\[\]]+)|\[(\d+)\]")


def parse_path(text: str) -> Path:
    """Text of a definition -> path; ValueError when it is none."""
    path: list[str | int] = []
    end = 0
    for match in _STEP.finditer(text):
        if match.start() != end:
            break
        end = match.end()
        path.append(match[1] if match[1] is not None else int(match[2]))
    if not path or end != len(text) or isinstance(path[0], int) or isinstance(path[-1], int):
        raise ValueError(f"{text!r} is not a path")
    return tuple(path)


def getter(path: Path) -> Callable[[Mapping[str, Any]], Any]:
    """Reader of the value at a path: MISSING where a key is absent, None below nothing."""
    if len(path) == 1:
        key = str(path[0])
        return lambda document: document.get(key, MISSING)
    return lambda document: _descend(document, path)


def _descend(document: Mapping[str, Any], path: Path) -> Any:
    value: Any = document
    for step in path:
        if value is None:
            return None
        if isinstance(step, str):
            if type(value) is not dict:
                raise ValueFault("an object is expected")
            value = value.get(step, MISSING)
            if value is MISSING:
                return MISSING
        else:
            if type(value) is not list:
                raise ValueFault("a list is expected")
            value = value[step] if step < len(value) else None
    return value


def put(body: dict[str, Any], path: Path, value: Any) -> None:
    """Set the value at a path of a body under construction, making what lies between."""
    holder: Any = body
    for step, following in pairwise(path):
        between: Callable[[], Any] = dict if isinstance(following, str) else list
        if isinstance(step, str):
            holder = holder.setdefault(step, between())
        else:
            while len(holder) <= step:
                holder.append(between())
            holder = holder[step]
    holder[path[-1]] = value
