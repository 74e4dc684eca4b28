"""Zoho Books: our custom fields, of the reference and of what flows write back. No call makes one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from twinledger.connectors.base.access import CallPermit
from twinledger.connectors.zoho_books.resources import REFERENCE_FIELD, RESOURCES, Resource

__all__ = ["BooksSetUp"]


class BooksSetUp:
    """Says what a person has to make in Books; the go-live check reads it back off a first record."""

    async def ensure_reference_fields(self, objects: Sequence[str], permit: CallPermit) -> Sequence[str]:
        return [note for name in objects for note in _wanted(RESOURCES[name])]


def _wanted(resource: Resource) -> Iterator[str]:
    where = resource.path.removeprefix("/")
    if resource.upsert:
        yield f"Books, {where}: a custom text field {REFERENCE_FIELD} that allows no duplicates"
    for field in resource.own_fields:
        yield f"Books, {where}: a custom text field {field}"
