"""Zoho platform: the calls that the finance products (Books, Inventory) share, with plain results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from twinledger.connectors.base.access import CallPermit
from twinledger.connectors.base.client import Call, VendorClient
from twinledger.connectors.base.wire import encode
from twinledger.connectors.zoho_platform.finance_resources import FinanceResource
from twinledger.kernel.errors import TransientError

__all__ = [
    "PER_PAGE",
    "FinanceClient",
    "Listing",
    "Query",
    "Record",
    "misshapen",
    "object_of",
    "record_of",
    "rows_of",
]

PER_PAGE = 200

Record = dict[str, Any]
Query = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of short rows."""

    rows: Sequence[Record]
    more: bool


class FinanceClient:
    """Builds requests of one organization and opens envelopes; `base` is the product's path."""

    def __init__(self, vendor: VendorClient, base: str, organization_id: str) -> None:
        self._vendor = vendor
        self._base = base
        self._organization = ("organization_id", organization_id)

    async def get(self, resource: FinanceResource, external_id: str, permit: CallPermit) -> Record:
        """The full record; PermanentError(gone) when there is none."""
        call = Call("GET", f"{self._base}{resource.path}/{external_id}", [self._organization])
        return record_of(await self._vendor.read(call, permit), resource)

    async def page(self, resource: FinanceResource, filters: Query, page: int, permit: CallPermit) -> Listing:
        """One page of a list."""
        return _listing(await self._vendor.poll(self._list(resource, filters, page), permit), resource)

    async def look_for(
        self, resource: FinanceResource, filters: Query, permit: CallPermit, page: int = 1
    ) -> Listing:
        """A page of a list, to find what a lost answer left."""
        return _listing(await self._vendor.ask(self._list(resource, filters, page), permit), resource)

    async def create(
        self, resource: FinanceResource, body: Mapping[str, Any], *, send_by: float | None
    ) -> Record:
        call = self._body_call("POST", resource.path, resource, body, {})
        return record_of(await self._vendor.write(call, send_by=send_by), resource)

    async def update(
        self,
        resource: FinanceResource,
        external_id: str,
        body: Mapping[str, Any],
        *,
        send_by: float | None,
    ) -> Record:
        call = self._body_call("PUT", f"{resource.path}/{external_id}", resource, body, {})
        return record_of(await self._vendor.write(call, send_by=send_by), resource)

    async def act(
        self, resource: FinanceResource, external_id: str, action: str, *, send_by: float | None
    ) -> None:
        """A status action; it answers no record."""
        call = Call("POST", f"{self._base}{resource.path}/{external_id}/{action}", [self._organization])
        await self._vendor.write(call, send_by=send_by)

    async def settings(self, plural: str, permit: CallPermit) -> Sequence[Record]:
        """Webhooks or workflows: there are few, one page holds them."""
        query = [self._organization, ("per_page", str(PER_PAGE))]
        call = Call("GET", f"{self._base}/settings/{plural}", query)
        return rows_of(await self._vendor.ask(call, permit), plural)

    async def put_setting(
        self, kind: str, external_id: str | None, body: Mapping[str, Any], permit: CallPermit
    ) -> Record:
        """Create a webhook or workflow, or write over one."""
        path = f"{self._base}/settings/{kind}s" + (f"/{external_id}" if external_id else "")
        call = Call("PUT" if external_id else "POST", path, [self._organization], body=encode(dict(body)))
        record = object_of(await self._vendor.ask(call, permit)).get(kind)
        if not isinstance(record, dict) or f"{kind}_id" not in record:
            raise misshapen()
        return record

    def _list(self, resource: FinanceResource, filters: Query, page: int) -> Call:
        paging = [("page", str(page)), ("per_page", str(PER_PAGE))]
        return Call("GET", f"{self._base}{resource.path}", [self._organization, *filters, *paging])

    def _body_call(
        self,
        method: str,
        path: str,
        resource: FinanceResource,
        body: Mapping[str, Any],
        headers: Mapping[str, str],
    ) -> Call:
        query = [self._organization]
        if resource.number and resource.number in body:
            query.append(("ignore_auto_number_generation", "true"))
        return Call(method, f"{self._base}{path}", query, headers, encode(dict(body)))


def object_of(body: Any) -> Record:
    """The answer itself, which is an object."""
    if not isinstance(body, dict):
        raise misshapen()
    return body


def record_of(body: Any, resource: FinanceResource) -> Record:
    """The one record in an answer; some products spell its key in two ways."""
    answer = object_of(body)
    keys = (resource.singular, *resource.payload_keys)
    record: Record | None = next((answer[key] for key in keys if isinstance(answer.get(key), dict)), None)
    if record is None or resource.id_key not in record:
        raise misshapen()
    return record


def rows_of(body: Any, *keys: str) -> Sequence[Record]:
    """The list in an answer, under the first of these keys that it has."""
    rows = next((body[key] for key in keys if key in object_of(body)), None)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise misshapen()
    return rows


def misshapen() -> TransientError:
    """A 2xx of another shape says nothing about the write behind it."""
    return TransientError("answer of another shape", error_class="target_down", sent=True)


def _listing(body: Any, resource: FinanceResource) -> Listing:
    rows = rows_of(body, *resource.plural)
    if not all(resource.id_key in row for row in rows):
        raise misshapen()
    context = body.get("page_context")
    return Listing(rows, isinstance(context, dict) and context.get("has_more_page") is True)
