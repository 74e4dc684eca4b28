"""Zoho CRM: the calls of one organization, with plain results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from twinledger.connectors.base.access import CallPermit
from twinledger.connectors.base.client import Call, VendorClient
from twinledger.connectors.base.wire import encode
from twinledger.connectors.zoho_crm.answers import error_of
from twinledger.connectors.zoho_crm.resources import Module
from twinledger.kernel.errors import TransientError

__all__ = ["CrmClient", "Listing"]

_BASE = "/crm/v8"
_PER_PAGE = 200

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Listing:
    """One page; `more` also where no token is given (the deleted list)."""

    rows: Sequence[Record]
    next_token: str | None = None
    more: bool = False


class CrmClient:
    """Builds requests and opens envelopes."""

    def __init__(self, vendor: VendorClient) -> None:
        self._vendor = vendor

    async def records(self, module: Module, ids: Sequence[str], permit: CallPermit) -> Sequence[Record]:
        """Those of `ids` that exist; the answer for none is an empty 204."""
        query = [("ids", ",".join(ids)), ("fields", ",".join(module.fields)), ("per_page", str(_PER_PAGE))]
        call = Call("GET", f"{_BASE}/{module.name}", query)
        return _rows(await self._vendor.read(call, permit))

    async def changed(
        self, module: Module, since: datetime | None, token: str | None, permit: CallPermit
    ) -> Listing:
        query = [
            ("fields", ",".join(module.fields)),
            ("sort_by", "Modified_Time"),
            ("sort_order", "asc"),
            ("per_page", str(_PER_PAGE)),
        ]
        if token:
            query.append(("page_token", token))
        call = Call("GET", f"{_BASE}/{module.name}", query, headers=_since(since))
        body = await self._vendor.poll(call, permit)
        info = _info(body)
        next_token = info.get("next_page_token") if info.get("more_records") else None
        return Listing(_rows(body), next_token, next_token is not None)

    async def deleted(self, module: Module, since: datetime, page: int, permit: CallPermit) -> Listing:
        query = [("type", "all"), ("page", str(page)), ("per_page", str(_PER_PAGE))]
        call = Call("GET", f"{_BASE}/{module.name}/deleted", query, headers=_since(since))
        body = await self._vendor.poll(call, permit)
        return Listing(_rows(body), more=bool(_info(body).get("more_records")))

    async def select(self, statement: str, permit: CallPermit) -> Listing:
        """COQL; one credit as long as the limit is at most 200."""
        call = Call("POST", f"{_BASE}/coql", body=encode({"select_query": statement}))
        body = await self._vendor.ask(call, permit)
        return Listing(_rows(body), more=bool(_info(body).get("more_records")))

    async def write(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any],
        *,
        headers: Mapping[str, str],
        send_by: float | None,
    ) -> Sequence[Record]:
        """One item per record, in the order sent."""
        call = Call(method, f"{_BASE}/{path}", headers=headers, body=encode(body))
        return _items(await self._vendor.write(call, send_by=send_by), "data")

    async def watch(self, method: str, body: Mapping[str, Any], permit: CallPermit) -> Record:
        """Create or replace one notification channel."""
        call = Call(method, f"{_BASE}/actions/watch", body=encode({"watch": [body]}))
        return _only(_items(await self._vendor.ask(call, permit), "watch"))

    async def fields(self, module: Module, permit: CallPermit) -> Sequence[Record]:
        call = Call("GET", f"{_BASE}/settings/fields", [("module", module.name)])
        return _items(await self._vendor.ask(call, permit), "fields")

    async def add_field(self, module: Module, field: Mapping[str, Any], permit: CallPermit) -> Record:
        call = Call(
            "POST",
            f"{_BASE}/settings/fields",
            [("module", module.name)],
            body=encode({"fields": [field]}),
        )
        return _only(_items(await self._vendor.ask(call, permit), "fields"))


def _since(since: datetime | None) -> dict[str, str]:
    if since is None:
        return {}
    return {"If-Modified-Since": since.astimezone(UTC).isoformat(timespec="seconds")}


def _rows(body: Any) -> Sequence[Record]:
    """Records of a read; an empty answer has no body at all."""
    rows = [] if body is None else _items(body, "data")
    for row in rows:
        if row.get("status") == "error":
            raise error_of(row)
    return rows


def _items(body: Any, key: str) -> Sequence[Record]:
    items = body.get(key) if isinstance(body, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise TransientError("answer of another shape", error_class="target_down", sent=True)
    return items


def _only(items: Sequence[Record]) -> Record:
    if not items:
        raise TransientError("answer without its item", error_class="target_down", sent=True)
    if items[0].get("status") == "error":
        raise error_of(items[0])
    return items[0]


def _info(body: Any) -> Mapping[str, Any]:
    info = body.get("info") if isinstance(body, dict) else None
    return info if isinstance(info, dict) else {}
