"""Zoho Books: reads full records one by one (items in one call), and pages of short list rows.

Rows lack lines and addresses, so a page names ids to read. Only some lists filter by stamp: contacts
come newest first and stop at the cursor, items are walked whole, payments by a window of dates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from twinledger.connectors.base.access import CallPermit
from twinledger.connectors.base.contract import Page, Read, SourceDocument
from twinledger.connectors.base.reading import (
    document_of,
    gone_document,
    newest,
    unless_gone,
)
from twinledger.connectors.zoho_books.client import BooksClient, Listing
from twinledger.connectors.zoho_books.resources import RESOURCES, Resource, stamp
from twinledger.kernel.clock import Clock
from twinledger.kernel.together import all_of

__all__ = ["BooksSource"]

_SINGLES_AT_ONCE = 5
_ITEMS_AT_ONCE = 100
_ITEM, _TAX, _PAYMENT = "zoho_books.item", "zoho_books.tax", "zoho_books.customer_payment"
_PAYMENT_WINDOW = timedelta(days=31)
"""Payments have no stamp to filter by; older edits are found by webhook or sweep."""


class BooksSource:
    """Source of one Books organization."""

    objects: Sequence[str] = tuple(RESOURCES)
    max_ids: Mapping[str, int] = {**dict.fromkeys(RESOURCES, _SINGLES_AT_ONCE), _ITEM: _ITEMS_AT_ONCE}

    def __init__(self, client: BooksClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def read(self, object_name: str, ids: Sequence[str], permit: CallPermit) -> Read:
        resource = RESOURCES[object_name]
        listed = await self._items(ids, permit) if object_name == _ITEM and len(ids) > 1 else {}
        rest = [self._single(resource, one, permit) for one in ids if one not in listed]
        return Read([*listed.values(), *await all_of(rest)])

    async def changed_since(
        self, object_name: str, since: datetime | None, page: str | None, permit: CallPermit
    ) -> Page:
        resource = RESOURCES[object_name]
        number = int(page or "1")
        started = self._clock.now()
        filters = [*resource.list_query, *_window(resource, since)]
        listing = await self._client.page(resource, filters, number, permit)
        stamps = [stamp(row) for row in listing.rows]
        past = resource.newest_first and since is not None and any(_older(one, since) for one in stamps)
        next_page = str(number + 1) if listing.more and not past else None
        if object_name == _TAX:  # its rows are whole, and reading each tax again would cost a call
            documents = [_document(resource, row, started) for row in listing.rows]
            return Page(documents, next_page=next_page)
        return Page(
            [],
            ids_to_read=_changed(resource, listing, since),
            next_page=next_page,
            seen_until=newest(stamps),
        )

    async def _items(self, ids: Sequence[str], permit: CallPermit) -> Mapping[str, SourceDocument]:
        resource = RESOURCES[_ITEM]
        started = self._clock.now()
        rows = await self._client.item_details(ids, permit)
        wanted = [row for row in rows if str(row.get(resource.id_key)) in ids]
        return {str(row[resource.id_key]): _document(resource, row, started) for row in wanted}

    async def _single(self, resource: Resource, external_id: str, permit: CallPermit) -> SourceDocument:
        started = self._clock.now()
        record = await unless_gone(self._client.get(resource, external_id, permit))
        if record is None:
            return gone_document(resource.object, external_id, read_started_at=started)
        return _document(resource, record, started)


def _document(resource: Resource, record: Mapping[str, Any], started: datetime) -> SourceDocument:
    return document_of(
        resource.object,
        record[resource.id_key],
        record,
        read_started_at=started,
        updated_at=stamp(record),
    )


def _window(resource: Resource, since: datetime | None) -> Sequence[tuple[str, str]]:
    if since is None:
        return ()
    moment = since.astimezone(UTC)
    if resource.modified_filter:
        return [("last_modified_time", moment.strftime("%Y-%m-%dT%H:%M:%S%z"))]
    if resource.object == _PAYMENT:
        return [("date_start", (moment - _PAYMENT_WINDOW).date().isoformat())]
    return ()


def _older(moment: datetime | None, since: datetime) -> bool:
    return moment is not None and moment < since


def _changed(
    resource: Resource, listing: Listing, since: datetime | None
) -> Sequence[tuple[str, datetime | None]]:
    """Rows at or after `since`; those without a stamp have to be looked at."""
    rows = [(str(row[resource.id_key]), stamp(row)) for row in listing.rows]
    return [(one, moment) for one, moment in rows if since is None or not _older(moment, since)]
