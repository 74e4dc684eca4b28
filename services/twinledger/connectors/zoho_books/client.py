"""Zoho Books: the calls of one organization, with plain results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from twinledger.connectors.base.access import CallPermit
from twinledger.connectors.base.client import Call, VendorClient
from twinledger.connectors.base.wire import encode
from twinledger.connectors.zoho_books.resources import REFERENCE_FIELD, Resource
from twinledger.connectors.zoho_platform.finance_client import (
    PER_PAGE,
    FinanceClient,
    Listing,
    Record,
    misshapen,
    object_of,
    record_of,
    rows_of,
)

__all__ = ["BooksClient", "Listing", "Record"]

_BASE = "/books/v3"
_PER_PAGE = 200


class BooksClient(FinanceClient):
    """What Books has beside the calls of every finance product."""

    def __init__(self, vendor: VendorClient, organization_id: str) -> None:
        super().__init__(vendor, _BASE, organization_id)

    async def item_details(self, ids: Sequence[str], permit: CallPermit) -> Sequence[Record]:
        """Full items by ids, in one call."""
        query = [self._organization, ("item_ids", ",".join(ids))]
        return rows_of(await self._vendor.read(Call("GET", f"{_BASE}/itemdetails", query), permit), "items")

    async def currencies(self, permit: CallPermit) -> Sequence[Record]:
        call = Call("GET", f"{_BASE}/settings/currencies", [self._organization])
        return rows_of(await self._vendor.read(call, permit), "currencies")

    async def tax_groups(self, permit: CallPermit) -> Sequence[Record]:
        """Every group of taxes; there are few, one page holds them."""
        query = [self._organization, ("per_page", str(PER_PAGE))]
        return rows_of(
            await self._vendor.read(Call("GET", f"{_BASE}/settings/taxgroups", query), permit), "tax_groups"
        )

    async def make_tax_group(self, body: Mapping[str, Any], permit: CallPermit) -> Record:
        call = Call("POST", f"{_BASE}/settings/taxgroups", [self._organization], body=encode(dict(body)))
        record = object_of(await self._vendor.ask(call, permit)).get("tax_group")
        if not isinstance(record, dict) or "tax_group_id" not in record:
            raise misshapen()
        return record

    async def payments_of(self, invoice_id: str, permit: CallPermit) -> Sequence[Record]:
        """Short rows of the payments that went to an invoice, with what each applied."""
        call = Call("GET", f"{_BASE}/invoices/{invoice_id}/payments", [self._organization])
        rows = rows_of(await self._vendor.ask(call, permit), "payments")
        if not all("payment_id" in row for row in rows):
            raise misshapen()
        return rows

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
        return record_of(await self._vendor.write(call, send_by=send_by), resource)

    async def set_custom_fields(
        self, resource: Resource, external_id: str, fields: Sequence[Any], *, send_by: float | None
    ) -> None:
        """Nothing else of the record is touched; the path names it in the singular. It answers no record."""
        path = f"{_BASE}/{resource.singular}/{external_id}/customfields"
        call = Call("PUT", path, [self._organization], body=encode(fields))
        await self._vendor.write(call, send_by=send_by)
