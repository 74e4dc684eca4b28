"""Mapping, lines: the two taxes that a line may bear.

They are a set: a FreshBooks line lists them in the order they were typed, a Books tax group in its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from twinledger.mapping.entity_model import JSON
from twinledger.mapping.errors import ValueFault
from twinledger.mapping.field_lens import Document, Writing
from twinledger.mapping.natural_keys import parse_natural_key
from twinledger.mapping.totals import Tax

__all__ = ["FIRST", "SECOND", "content_of", "in_order", "parts_reader", "tax_of", "taxes_of"]

FIRST, SECOND = "tax", "second_tax"


def taxes_of(line: Mapping[str, JSON]) -> list[str]:
    """The references of a line's taxes, empty places left out."""
    return [str(line[name]) for name in (FIRST, SECOND) if line.get(name) is not None]


def in_order(line: Mapping[str, JSON]) -> dict[str, Any]:
    """The line with its taxes in the one order that both systems' lines are compared in."""
    taxes = sorted(taxes_of(line))
    return {**line, **dict(zip((FIRST, SECOND), [*taxes, None, None], strict=False))}


def content_of(reference: str, writing: Writing) -> Mapping[str, JSON]:
    """Name, percentage and the like of a referred record."""
    named = parse_natural_key(reference)
    if named is not None:
        return {name: value for name, value in named[1].items() if value}
    if writing.lookup is None:
        raise ValueFault("the record it refers to is not at hand")
    return writing.lookup(reference)


def tax_of(reference: str, writing: Writing) -> Tax:
    """What arithmetic needs to know of a tax."""
    content = content_of(reference, writing)
    if content.get("percent") is None:
        raise ValueFault("its tax has no percent")
    return Tax(reference, Decimal(str(content["percent"])), content.get("compound") is True)


def parts_reader(parts: str, id_key: str, ref: str) -> Callable[[Document, dict[str, JSON]], None]:
    """Reader of a line that names its taxes by one group and lists the group's taxes beside it."""

    def read(line: Document, record: dict[str, JSON]) -> None:
        listed = line.get(parts)
        if type(listed) is not list or len(listed) < 2:
            return
        record |= dict(zip((FIRST, SECOND), _two(listed, id_key, ref), strict=True))

    return read


def _two(listed: Sequence[Any], id_key: str, ref: str) -> list[str]:
    if len(listed) > 2:
        raise ValueFault("a line has two taxes at most")
    ids = [part.get(id_key) if type(part) is dict else None for part in listed]
    if not all(ids):
        raise ValueFault("a tax of the group has no id")
    return [f"{ref}/{one}" for one in ids]
