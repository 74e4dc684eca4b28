"""Tool Shop: reads tools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from twinledger.connectors.toolshop.client import OBJECT, ToolshopClient, stamp

from twinledger.connectors.base.access import CallPermit
from twinledger.connectors.base.contract import Page, Read, SourceDocument
from twinledger.connectors.base.reading import document_of, gone_document, newest, unless_gone
from twinledger.kernel.clock import Clock
from twinledger.kernel.together import all_of

__all__ = ["ToolshopSource"]


class ToolshopSource:
    """Source of one shop."""

    objects: Sequence[str] = (OBJECT,)
    max_ids: Mapping[str, int] = {OBJECT: 5}

    def __init__(self, client: ToolshopClient, clock: Clock) -> None:
        self._client, self._clock = client, clock

    async def read(self, object_name: str, ids: Sequence[str], permit: CallPermit) -> Read:
        return Read(await all_of(self._single(one, permit) for one in ids))

    async def changed_since(
        self, object_name: str, since: datetime | None, page: str | None, permit: CallPermit
    ) -> Page:
        started = self._clock.now()
        query = [("page", page or "1"), *([("changed_since", since.isoformat())] if since else [])]
        tools, following = await self._client.page(query, permit)
        documents = [
            document_of(OBJECT, tool["id"], tool, read_started_at=started, updated_at=stamp(tool))
            for tool in tools
        ]
        return Page(documents, next_page=following, seen_until=newest(map(stamp, tools)))

    async def _single(self, external_id: str, permit: CallPermit) -> SourceDocument:
        started = self._clock.now()
        tool = await unless_gone(self._client.get(external_id, permit))
        if tool is None:
            return gone_document(OBJECT, external_id, read_started_at=started)
        return document_of(OBJECT, external_id, tool, read_started_at=started, updated_at=stamp(tool))
