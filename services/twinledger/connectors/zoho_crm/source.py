"""Zoho CRM: reads records by id lists and pages of changes, then the list of deleted ones.

An account's document does not say who belongs to it; that is asked beside it, for identity.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from twinledger.connectors.base.access import CallPermit
from twinledger.connectors.base.contract import Page, Read, SourceDocument
from twinledger.connectors.base.reading import document_of, gone_document, newest
from twinledger.connectors.zoho_crm.client import CrmClient, Listing
from twinledger.connectors.zoho_crm.coql import MAX_IN, MAX_ROWS, contacts_of
from twinledger.connectors.zoho_crm.resources import MODULES, Module, stamp
from twinledger.kernel.clock import Clock
from twinledger.kernel.together import all_of

__all__ = ["CrmSource"]

_MAX_IDS = 100
_LIVE, _DELETED = "live", "deleted"


class CrmSource:
    """Source of one CRM organization."""

    objects: Sequence[str] = tuple(MODULES)
    max_ids: Mapping[str, int] = dict.fromkeys(MODULES, _MAX_IDS)

    def __init__(self, client: CrmClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def read(self, object_name: str, ids: Sequence[str], permit: CallPermit) -> Read:
        """One call for all; what it does not bring is asked for singly before it counts as gone."""
        module = MODULES[object_name]
        documents = await self._existing(module, ids, permit)
        if len(ids) > 1:
            found = {document.external_id for document in documents}
            singles = [self._existing(module, [one], permit) for one in ids if one not in found]
            documents += [one for several in await all_of(singles) for one in several]
        found = {document.external_id for document in documents}
        started = self._clock.now()
        gone = [gone_document(object_name, one, read_started_at=started) for one in ids if one not in found]
        return Read([*await self._with_contacts(module, documents, permit), *gone])

    async def changed_since(
        self, object_name: str, since: datetime | None, page: str | None, permit: CallPermit
    ) -> Page:
        module = MODULES[object_name]
        phase, _, token = (page or f"{_LIVE}:").partition(":")
        if phase == _DELETED and since is not None:
            return await self._deleted(module, since, int(token), permit)
        started = self._clock.now()
        listing = await self._client.changed(module, since, token or None, permit)
        documents = self._documents(module, listing, started)
        after = None if since is None else f"{_DELETED}:1"
        return Page(
            await self._with_contacts(module, documents, permit),
            next_page=f"{_LIVE}:{listing.next_token}" if listing.next_token else after,
            seen_until=newest(document.updated_at for document in documents),
        )

    async def _deleted(self, module: Module, since: datetime, page: int, permit: CallPermit) -> Page:
        started = self._clock.now()
        listing = await self._client.deleted(module, since, page, permit)
        documents = [
            gone_document(
                module.object,
                row.get("id"),
                read_started_at=started,
                updated_at=stamp(row, "deleted_time"),
            )
            for row in listing.rows
        ]
        return Page(
            documents,
            next_page=f"{_DELETED}:{page + 1}" if listing.more else None,
            seen_until=newest(document.updated_at for document in documents),
        )

    async def _existing(self, module: Module, ids: Sequence[str], permit: CallPermit) -> list[SourceDocument]:
        started = self._clock.now()
        rows = await self._client.records(module, ids, permit)
        wanted = set(ids)
        asked_for = [row for row in rows if str(row.get("id")) in wanted]
        return self._documents(module, Listing(asked_for), started)

    def _documents(self, module: Module, listing: Listing, started: datetime) -> list[SourceDocument]:
        return [
            document_of(module.object, row.get("id"), row, read_started_at=started, updated_at=stamp(row))
            for row in listing.rows
        ]

    async def _with_contacts(
        self, module: Module, documents: Sequence[SourceDocument], permit: CallPermit
    ) -> Sequence[SourceDocument]:
        if module.object != "zoho_crm.account" or not documents:
            return documents
        contacts = await self._contacts_of([document.external_id for document in documents], permit)
        return [
            replace(document, related={"contacts": contacts.get(document.external_id, ())})
            for document in documents
        ]

    async def _contacts_of(
        self, account_ids: Sequence[str], permit: CallPermit
    ) -> Mapping[str, Sequence[str]]:
        contacts: dict[str, list[str]] = {}
        for start in range(0, len(account_ids), MAX_IN):
            some = account_ids[start : start + MAX_IN]
            offset, more = 0, True
            while more:
                listing = await self._client.select(contacts_of(some, offset), permit)
                for account_id, contact_id in _pairs(listing):
                    contacts.setdefault(account_id, []).append(f"zoho_crm.contact/{contact_id}")
                offset, more = offset + MAX_ROWS, listing.more
        return contacts


def _pairs(listing: Listing) -> Iterator[tuple[str, str]]:
    for row in listing.rows:
        account: Any = row.get("Account_Name")
        account_id = account.get("id") if isinstance(account, dict) else account
        yield str(account_id), str(row.get("id"))
