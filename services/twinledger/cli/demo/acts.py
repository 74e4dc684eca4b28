"""Demo: what people do in the vendors' own web pages, through the sandbox's admin port."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from twinledger.kernel.errors import FatalError
from twinledger.kernel.http import AsyncClient

__all__ = ["People"]


@dataclass(frozen=True, slots=True)
class People:
    """No API limit holds them back; every act fires the vendor's webhooks."""

    http: AsyncClient
    admin: str

    async def create(self, object_name: str, fields: Mapping[str, Any]) -> str:
        """The new record's id; `object_name` is `system.object`."""
        return await self.act(object_name, "create", None, fields)

    async def update(self, object_name: str, record_id: str, fields: Mapping[str, Any]) -> None:
        await self.act(object_name, "update", record_id, fields)

    async def act(
        self, object_name: str, op: str, record_id: str | None, fields: Mapping[str, Any] | None = None
    ) -> str:
        system, _, name = object_name.partition(".")
        body = {"system": system, "object": name, "op": op, "id": record_id, "fields": dict(fields or {})}
        answer = await self.http.post(f"{self.admin}/act", json=body)
        if answer.status_code != 200:
            raise FatalError(f"{op} of {object_name} {record_id or ''}: {answer.text[:300]}")
        return str(answer.json()["id"])

    async def records(self, object_name: str) -> list[dict[str, Any]]:
        """Every living record of one object, as the vendor shows one."""
        system, _, name = object_name.partition(".")
        answer = await self.http.get(f"{self.admin}/state", params={"system": system, "object": name})
        rows = [orjson.loads(line) for line in answer.content.splitlines()]
        return [row["record"] for row in rows if not row["deleted"]]

    async def webhooks(self, **settings: Any) -> None:
        """How deliveries are disturbed from now on."""
        await self.http.put(f"{self.admin}/webhooks", json=settings)
