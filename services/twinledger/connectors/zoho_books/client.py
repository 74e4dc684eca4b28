"""Zoho Books: the calls of one organization, with plain results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from twinledger.connectors.base.access import CallPermit
from twinledger.connectors.base.client import Call, VendorClient
from twinledger.connectors.base.wire import encode
from twinledger.connectors.zoho_books.resources import REFERENCE_FIELD, Resource
from twinledger.kernel.errors import TransientError

__all__ = ["BooksClient", "Listing"]

_BASE = "/books/v3"
_PER_PAGE = 200

Record = dict[str, Any]
Query = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of short rows."""

    rows: Sequence[Record]
    more: bool


class BooksClient:
    """Builds requests and opens envelopes."""

    def __init__(self, vendor: VendorClient, organization_id: str) -> None:
        self._vendor = vendor
        self._organization = ("organization_id", organization_id)

    async def get(self, resource: Resource, external_id: str, permit: CallPermit) -> Record:
        """The full record; PermanentError(gone) when there is none."""
        call = Call("GET", f"{_BASE}{resource.path}/{external_id}", [self._organization])
        return _record(await self._vendor.read(call, permit), resource)

    async def item_details(self, ids: Sequence[str], permit: CallPermit) -> Sequence[Record]:
        """Full items by ids, in one call."""
        query = [self._organization, ("item_ids", ",".join(ids))]
        return _rows(await self._vendor.read(Call("GET", f"{_BASE}/itemdetails", query), permit), "items")

    async def page(self, resource: Resource, filters: Query, page: int, permit: CallPermit) -> Listing:
        """One page of a list."""
        return _listing(await self._vendor.poll(self._list(resource, filters, page), permit), resource)

    async def look_for(self, resource: Resource, filters: Query, permit: CallPermit) -> Listing:
        """First page of a list, to find what a lost answer left."""
        return _listing(await self._vendor.ask(self._list(resource, filters, 1), permit), resource)

    async def currencies(self, permit: CallPermit) -> Sequence[Record]:
        call = Call("GET", f"{_BASE}/settings/currencies", [self._organization])
        return _rows(await self._vendor.read(call, permit), "currencies")

    async def upsert(
        self,
        resource: Resource,
        reference: str,
        body: Mapping[str, Any],
        *,
        send_by: float | None,
    ) -> Record:
        """Create, or update the record that already carries the reference: a repeat makes no second."""
        headers = {
            "X-Unique-Identifier-Key": REFERENCE_FIELD,
            "X-Unique-Identifier-Value": reference,
            "X-Upsert": "true",
        }
        call = self._body_call("PUT", resource.path, resource, body, headers)
        return _record(await self._vendor.write(call, send_by=send_by), resource)

    async def create(self, resource: Resource, body: Mapping[str, Any], *, send_by: float | None) -> Record:
        call = self._body_call("POST", resource.path, resource, body, {})
        return _record(await self._vendor.write(call, send_by=send_by), resource)

    async def update(
        self,
        resource: Resource,
        external_id: str,
        body: Mapping[str, Any],
        *,
        send_by: float | None,
    ) -> Record:
        call = self._body_call("PUT", f"{resource.path}/{external_id}", resource, body, {})
        return _record(await self._vendor.write(call, send_by=send_by), resource)

    async def act(self, resource: Resource, external_id: str, action: str, *, send_by: float | None) -> None:
        """A status action; it answers no record."""
        call = Call("POST", f"{_BASE}{resource.path}/{external_id}/{action}", [self._organization])
        await self._vendor.write(call, send_by=send_by)

    async def set_custom_fields(
        self, resource: Resource, external_id: str, fields: Sequence[Any], *, send_by: float | None
    ) -> None:
        """Nothing else of the record is touched; the path names it in the singular. It answers no record."""
        path = f"{_BASE}/{resource.singular}/{external_id}/customfields"
        call = Call("PUT", path, [self._organization], body=encode(fields))
        await self._vendor.write(call, send_by=send_by)

    async def settings(self, plural: str, permit: CallPermit) -> Sequence[Record]:
        """Webhooks or workflows: there are few, one page holds them."""
        call = Call("GET", f"{_BASE}/settings/{plural}", [self._organization, ("per_page", str(_PER_PAGE))])
        return _rows(await self._vendor.ask(call, permit), plural)

    async def put_setting(
        self, kind: str, external_id: str | None, body: Mapping[str, Any], permit: CallPermit
    ) -> Record:
        """Create a webhook or workflow, or write over one."""
        path = f"{_BASE}/settings/{kind}s" + (f"/{external_id}" if external_id else "")
        call = Call("PUT" if external_id else "POST", path, [self._organization], body=encode(dict(body)))
        record = _object(await self._vendor.ask(call, permit)).get(kind)
        if not isinstance(record, dict) or f"{kind}_id" not in record:
            raise _misshapen()
        return record

    def _list(self, resource: Resource, filters: Query, page: int) -> Call:
        paging = [("page", str(page)), ("per_page", str(_PER_PAGE))]
        return Call("GET", f"{_BASE}{resource.path}", [self._organization, *filters, *paging])

    def _body_call(
        self,
        method: str,
        path: str,
        resource: Resource,
        body: Mapping[str, Any],
        headers: Mapping[str, str],
    ) -> Call:
        query = [self._organization]
        if resource.number and resource.number in body:
            query.append(("ignore_auto_number_generation", "true"))
        return Call(method, f"{_BASE}{path}", query, headers, encode(dict(body)))


def _object(body: Any) -> Record:
    if not isinstance(body, dict):
        raise _misshapen()
    return body


def _record(body: Any, resource: Resource) -> Record:
    record = _object(body).get(resource.singular)
    if not isinstance(record, dict) or resource.id_key not in record:
        raise _misshapen()
    return record


def _rows(body: Any, *keys: str) -> Sequence[Record]:
    rows = next((body[key] for key in keys if key in _object(body)), None)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _misshapen()
    return rows


def _listing(body: Any, resource: Resource) -> Listing:
    rows = _rows(body, *resource.plural)
    if not all(resource.id_key in row for row in rows):
        raise _misshapen()
    context = body.get("page_context")
    return Listing(rows, isinstance(context, dict) and context.get("has_more_page") is True)


def _misshapen() -> TransientError:
    # A 2xx of another shape says nothing about the write behind it.
    return TransientError("answer of another shape", error_class="target_down", sent=True)
