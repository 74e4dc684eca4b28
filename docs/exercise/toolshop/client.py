"""Tool Shop: its calls, with plain results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from twinledger.connectors.base.access import CallPermit
from twinledger.connectors.base.client import Call, VendorClient
from twinledger.connectors.base.wire import encode
from twinledger.kernel.errors import TransientError

__all__ = ["OBJECT", "ToolshopClient", "stamp"]

OBJECT = "toolshop.tool"

Record = dict[str, Any]
Query = Sequence[tuple[str, str]]


class ToolshopClient:
    """Builds requests and opens envelopes."""

    def __init__(self, vendor: VendorClient) -> None:
        self._vendor = vendor

    async def get(self, external_id: str, permit: CallPermit) -> Record:
        return _tool(await self._vendor.read(Call("GET", f"/tools/{external_id}"), permit))

    async def page(self, query: Query, permit: CallPermit) -> tuple[list[Record], str | None]:
        body = await self._vendor.poll(Call("GET", "/tools", query), permit)
        tools = body.get("tools") if isinstance(body, dict) else None
        if not isinstance(tools, list):
            raise _misshapen()
        return tools, str(body["next"]) if body.get("next") else None

    async def write(self, external_id: str | None, body: Mapping[str, Any], send_by: float | None) -> Record:
        method, path = ("POST", "/tools") if external_id is None else ("PATCH", f"/tools/{external_id}")
        call = Call(method, path, body=encode({"tool": dict(body)}))
        return _tool(await self._vendor.write(call, send_by=send_by))

    async def keep_hook(self, key: str, body: Mapping[str, Any], permit: CallPermit) -> None:
        await self._vendor.ask(Call("PUT", f"/hooks/{key}", body=encode(body)), permit)


def stamp(record: Mapping[str, Any]) -> datetime | None:
    """When the tool last changed, in UTC."""
    text = record.get("changed_at")
    return datetime.fromisoformat(text) if isinstance(text, str) else None


def _tool(body: Any) -> Record:
    tool = body.get("tool") if isinstance(body, dict) else None
    if not isinstance(tool, dict) or "id" not in tool:
        raise _misshapen()
    return tool


def _misshapen() -> TransientError:
    # A 2xx of another shape says nothing about the write behind it.
    return TransientError("answer of another shape", error_class="target_down", sent=True)
