"""FreshBooks: the accounting and events families of one account, as calls with plain results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from twinledger.connectors.base.access import CallPermit
from twinledger.connectors.base.client import Call, VendorClient
from twinledger.connectors.base.wire import encode
from twinledger.connectors.freshbooks.resources import Resource
from twinledger.kernel.errors import TransientError

__all__ = ["MAX_PER_PAGE", "FreshBooksClient", "Listing"]

MAX_PER_PAGE = 100
"""A larger `per_page` is cut down silently."""

Record = dict[str, Any]
Query = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list."""

    rows: Sequence[Record]
    page: int
    pages: int


class FreshBooksClient:
    """Builds requests and opens envelopes."""

    def __init__(self, vendor: VendorClient, account_id: str) -> None:
        self._vendor = vendor
        self._accounting = f"/accounting/account/{account_id}/"
        self._callbacks = f"/events/account/{account_id}/events/callbacks"

    async def get(self, resource: Resource, external_id: str, permit: CallPermit) -> Record:
        """One record, soft-deleted ones too; PermanentError(gone) when there is none."""
        call = Call("GET", f"{self._accounting}{resource.path}/{external_id}", resource.include)
        return _record(await self._vendor.read(call, permit), resource.singular)

    async def find(self, resource: Resource, filters: Query, permit: CallPermit) -> Listing:
        """First page of a filtered list, by id."""
        return _listing(await self._vendor.read(self._list(resource, filters, 1), permit), resource)

    async def find_by_ids(
        self, resource: Resource, ids: Sequence[str], permit: CallPermit
    ) -> Mapping[str, Record] | None:
        """Records of a list by ids; None when the filter was ignored. Soft-deleted ones are left out."""
        listing = await self.find(
            resource, [(f"search[{resource.ids_filter}][]", one) for one in ids], permit
        )
        found = {str(row.get("id")): row for row in listing.rows}
        return found if found.keys() <= set(ids) else None

    async def look_for(self, resource: Resource, filters: Query, permit: CallPermit) -> Listing:
        """First page of a filtered list, to find what a lost answer left."""
        return _listing(await self._vendor.ask(self._list(resource, filters, 1), permit), resource)

    async def page(self, resource: Resource, filters: Query, page: int, permit: CallPermit) -> Listing:
        """One page of a filtered list."""
        return _listing(await self._vendor.poll(self._list(resource, filters, page), permit), resource)

    async def create(self, resource: Resource, body: Mapping[str, Any], *, send_by: float | None) -> Record:
        path = f"{self._accounting}{resource.path}"
        return await self._write("POST", path, resource, body, send_by)

    async def update(
        self,
        resource: Resource,
        external_id: str,
        body: Mapping[str, Any],
        *,
        send_by: float | None,
    ) -> Record:
        path = f"{self._accounting}{resource.path}/{external_id}"
        return await self._write("PUT", path, resource, body, send_by)

    async def callback(
        self, method: str, callback_id: str, body: Mapping[str, Any] | None, permit: CallPermit
    ) -> Record:
        """One call of the events family; an empty id addresses the collection."""
        path = f"{self._callbacks}/{callback_id}" if callback_id else self._callbacks
        content = None if body is None else encode({"callback": body})
        return _record(await self._vendor.ask(Call(method, path, body=content), permit), "callback")

    async def _write(
        self,
        method: str,
        path: str,
        resource: Resource,
        body: Mapping[str, Any],
        send_by: float | None,
    ) -> Record:
        call = Call(method, path, resource.include, body=encode({resource.singular: dict(body)}))
        return _record(await self._vendor.write(call, send_by=send_by), resource.singular)

    def _list(self, resource: Resource, filters: Query, page: int) -> Call:
        paging = [("page", str(page)), ("per_page", str(MAX_PER_PAGE))]
        query = [*filters, *resource.include, *paging]
        return Call("GET", f"{self._accounting}{resource.path}", query)


def _result(body: Any) -> Record:
    try:
        result = body["response"]["result"]
    except (KeyError, TypeError) as exc:
        raise _misshapen() from exc
    if not isinstance(result, dict):
        raise _misshapen()
    return result


def _record(body: Any, key: str) -> Record:
    record = _result(body).get(key)
    if not isinstance(record, dict) or record.keys().isdisjoint(("id", "callbackid")):
        raise _misshapen()
    return record


def _listing(body: Any, resource: Resource) -> Listing:
    result = _result(body)
    rows = result.get(resource.plural)
    if not isinstance(rows, list) or not all(isinstance(row, dict) and "id" in row for row in rows):
        raise _misshapen()
    return Listing(rows, int(result.get("page", 1)), int(result.get("pages", 0)))


def _misshapen() -> TransientError:
    # A 2xx of another shape says nothing about the write behind it.
    return TransientError("answer of another shape", error_class="target_down", sent=True)
