"""FreshBooks: reads documents by id lists and pages of changes.

Lists leave soft-deleted records out, so those are read apart; a filter that the vendor does not know
is ignored without a word, so rows nobody asked for mean that it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from twinledger.connectors.base.access import CallPermit
from twinledger.connectors.base.contract import Page, Read, SourceDocument
from twinledger.connectors.base.reading import (
    document_of,
    gone_document,
    newest,
    unless_gone,
)
from twinledger.connectors.freshbooks.client import MAX_PER_PAGE, FreshBooksClient
from twinledger.connectors.freshbooks.resources import EASTERN, RESOURCES, Resource, stamp
from twinledger.kernel.clock import Clock
from twinledger.kernel.together import all_of

__all__ = ["FreshBooksSource"]

_LIVE, _DELETED = "live", "deleted"
_DELETED_STATE = 1
_WINDOW = timedelta(days=1)
_WINDOW_PAGES = 3


class FreshBooksSource:
    """Source of one FreshBooks account."""

    objects: Sequence[str] = tuple(RESOURCES)
    max_ids: Mapping[str, int] = dict.fromkeys(RESOURCES, MAX_PER_PAGE)

    def __init__(self, client: FreshBooksClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def read(self, object_name: str, ids: Sequence[str], permit: CallPermit) -> Read:
        """One list call for several ids; what it does not bring is asked for singly."""
        resource = RESOURCES[object_name]
        started = self._clock.now()
        listed = await self._listed(resource, ids, permit) if len(ids) > 1 else {}
        documents = [_document(resource, one, record, started) for one, record in listed.items()]
        rest = [self._single(resource, one, permit) for one in ids if one not in listed]
        return Read([*documents, *await all_of(rest)])

    async def changed_since(
        self, object_name: str, since: datetime | None, page: str | None, permit: CallPermit
    ) -> Page:
        resource = RESOURCES[object_name]
        phase, _, number = (page or f"{_LIVE}:1").partition(":")
        filters = [] if since is None else [("search[updated_min]", _day(since))]
        if phase == _DELETED:
            filters.append(("search[vis_state]", str(_DELETED_STATE)))
        started = self._clock.now()
        listing = await self._client.page(resource, filters, int(number), permit)
        rows = [row for row in listing.rows if phase == _LIVE or _is_deleted(row)]
        documents = [_document(resource, row["id"], row, started) for row in rows]
        filter_ignored = len(rows) < len(listing.rows)
        return Page(
            documents,
            next_page=_next(
                resource, phase, listing.page, listing.pages, polling=since is not None, stop=filter_ignored
            ),
            seen_until=newest(document.updated_at for document in documents),
        )

    async def _listed(
        self, resource: Resource, ids: Sequence[str], permit: CallPermit
    ) -> Mapping[str, dict[str, Any]]:
        """By ids; where that filter is ignored, by the window of the poll: hints are of what just changed."""
        found = await self._client.find_by_ids(resource, ids, permit)
        if found is not None:
            return found
        found, page, more = {}, 0, True
        day = _day(self._clock.now() - _WINDOW)
        while more and page < _WINDOW_PAGES and len(found) < len(ids):
            page += 1
            listing = await self._client.page(resource, [("search[updated_min]", day)], page, permit)
            found |= {str(row["id"]): row for row in listing.rows if str(row["id"]) in ids}
            more = page < listing.pages
        return found

    async def _single(self, resource: Resource, external_id: str, permit: CallPermit) -> SourceDocument:
        started = self._clock.now()
        record = await unless_gone(self._client.get(resource, external_id, permit))
        if record is None:
            return gone_document(resource.object, external_id, read_started_at=started)
        return _document(resource, external_id, record, started)


def _document(
    resource: Resource, external_id: object, record: dict[str, Any], started: datetime
) -> SourceDocument:
    return document_of(
        resource.object, external_id, record, read_started_at=started, updated_at=stamp(record)
    )


def _day(moment: datetime) -> str:
    return moment.astimezone(EASTERN).date().isoformat()


def _is_deleted(row: Mapping[str, Any]) -> bool:
    return row.get("vis_state") == _DELETED_STATE


def _next(resource: Resource, phase: str, page: int, pages: int, *, polling: bool, stop: bool) -> str | None:
    """Next page of this phase, then the soft-deleted ones (which a first load does not want)."""
    if page < pages and not stop:
        return f"{phase}:{page + 1}"
    return f"{_DELETED}:1" if phase == _LIVE and polling and resource.soft_delete else None
