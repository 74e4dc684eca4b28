"""Zoho Inventory: reads full records one by one, and pages of short list rows that name what to read.

No list filters by stamp: items are walked whole and their stamps compared, orders come newest first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from twinledger.connectors.base.access import CallPermit
from twinledger.connectors.base.contract import Page, Read, SourceDocument
from twinledger.connectors.base.reading import document_of, gone_document, newest, unless_gone
from twinledger.connectors.zoho_inventory.client import InventoryClient
from twinledger.connectors.zoho_inventory.resources import RESOURCES
from twinledger.connectors.zoho_platform.finance_resources import FinanceResource, stamp
from twinledger.kernel.clock import Clock
from twinledger.kernel.together import all_of

__all__ = ["InventorySource"]

_AT_ONCE = 5


class InventorySource:
    """Source of one organization."""

    objects: Sequence[str] = tuple(RESOURCES)
    max_ids: Mapping[str, int] = dict.fromkeys(RESOURCES, _AT_ONCE)

    def __init__(self, client: InventoryClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def read(self, object_name: str, ids: Sequence[str], permit: CallPermit) -> Read:
        resource = RESOURCES[object_name]
        return Read(await all_of(self._single(resource, one, permit) for one in ids))

    async def changed_since(
        self, object_name: str, since: datetime | None, page: str | None, permit: CallPermit
    ) -> Page:
        resource, number = RESOURCES[object_name], int(page or "1")
        listing = await self._client.page(resource, resource.list_query, number, permit)
        rows = [(str(row[resource.id_key]), stamp(row)) for row in listing.rows]
        old = [one for one, at in rows if since is not None and at is not None and at < since]
        ends_here = not listing.more or (resource.newest_first and bool(old))
        return Page(
            [],
            ids_to_read=[row for row in rows if row[0] not in old],
            next_page=None if ends_here else str(number + 1),
            seen_until=newest(at for _, at in rows),
        )

    async def _single(
        self, resource: FinanceResource, external_id: str, permit: CallPermit
    ) -> SourceDocument:
        started = self._clock.now()
        record = await unless_gone(self._client.get(resource, external_id, permit))
        if record is None:
            return gone_document(resource.object, external_id, read_started_at=started)
        return document_of(
            resource.object, external_id, record, read_started_at=started, updated_at=stamp(record)
        )
