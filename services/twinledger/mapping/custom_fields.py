"""Mapping: a custom field of the finance products, read by its name and written as an entry of a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twinledger.mapping.errors import ValueFault
from twinledger.mapping.field_lens import Body, Document, Writing
from twinledger.mapping.paths import MISSING, Path

__all__ = ["custom_field_emitter", "custom_field_getter"]

_HASH, _LIST = "custom_field_hash", "custom_fields"


def custom_field_getter(api_name: str) -> Callable[[Document], Any]:
    """A record that shows its custom fields and not this one has it empty."""

    def read(document: Document) -> Any:
        by_name = document.get(_HASH, MISSING)
        if by_name is MISSING:
            return MISSING
        if by_name is not None and type(by_name) is not dict:
            raise ValueFault("an object is expected")
        return (by_name or {}).get(api_name)

    return read


def custom_field_emitter(
    api_name: str, field: str, to_vendor: Callable[[Any, Writing], Any]
) -> tuple[Callable[[Body, Writing], None], frozenset[Path]]:
    """An empty value clears."""

    def emit(body: Body, writing: Writing) -> None:
        value = writing.fields.get(field, MISSING)
        if value is MISSING or (value is None and writing.creating):
            return
        entry = {"api_name": api_name, "value": "" if value is None else to_vendor(value, writing)}
        body.setdefault(_LIST, []).append(entry)

    return emit, frozenset(((_LIST, api_name),))
