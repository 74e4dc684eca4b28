"""Zoho Books: the unique custom field that carries our reference. No published call creates one."""

from __future__ import annotations

from collections.abc import Sequence

from twinledger.connectors.base.access import CallPermit
from twinledger.connectors.zoho_books.resources import REFERENCE_FIELD, RESOURCES

__all__ = ["BooksSetUp"]


class BooksSetUp:
    """Says what a person has to make in Books; the go-live check reads it back off a first record."""

    async def ensure_reference_fields(self, objects: Sequence[str], permit: CallPermit) -> Sequence[str]:
        return [
            f"Books, {RESOURCES[name].path.removeprefix('/')}: a custom text field {REFERENCE_FIELD}"
            " that allows no duplicates"
            for name in objects
            if RESOURCES[name].upsert
        ]
