"""Zoho Books: the tax group of a line with two taxes, found by its members or made.

In: body lines with `tax_ids`    Out: the same lines with the `tax_id` of a group

Groups are settings: making one names taxes that exist, moves no money, and the same two are never
grouped twice. Runs before the write is paid for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from twinledger.connectors.base.access import CallPermit
from twinledger.connectors.zoho_books.client import BooksClient
from twinledger.connectors.zoho_books.resources import RESOURCES
from twinledger.kernel.errors import PermanentError

__all__ = ["TaxGroups"]

_SEVERAL = "tax_ids"
_NAME_CHARS = 100
Members = frozenset[str]


class TaxGroups:
    """Groups by their members; looked up once, and again before one is made."""

    def __init__(self, client: BooksClient) -> None:
        self._client = client
        self._ids: dict[Members, str] = {}
        self._one_at_a_time = asyncio.Lock()

    async def put(self, body: Mapping[str, Any], permit: CallPermit) -> Mapping[str, Any]:
        """The body with every pair of taxes named by its group."""
        lines = body.get("line_items") or ()
        if not any(_SEVERAL in line for line in lines):
            return body
        return {**body, "line_items": [await self._named(line, permit) for line in lines]}

    async def _named(self, line: Mapping[str, Any], permit: CallPermit) -> Mapping[str, Any]:
        if _SEVERAL not in line:
            return line
        members = [str(one) for one in line[_SEVERAL]]
        rest = {key: value for key, value in line.items() if key != _SEVERAL}
        return {**rest, "tax_id": await self._group(members, permit)}

    async def _group(self, members: Sequence[str], permit: CallPermit) -> str:
        wanted = frozenset(members)
        async with self._one_at_a_time:
            if wanted not in self._ids:
                await self._look(permit)
            if wanted not in self._ids:
                await self._make(members, permit)
            return self._ids[wanted]

    async def _look(self, permit: CallPermit) -> None:
        for group in await self._client.tax_groups(permit):
            self._ids[_members(group)] = str(group["tax_group_id"])

    async def _make(self, members: Sequence[str], permit: CallPermit) -> None:
        """Named by its taxes, as people name them; a taken name is a group that somebody just made."""
        names = [str((await self._tax(one, permit))["tax_name"]) for one in members]
        body = {"tax_group_name": " + ".join(names)[:_NAME_CHARS], "taxes": ",".join(members)}
        try:
            group = await self._client.make_tax_group(body, permit)
        except PermanentError as error:
            if error.error_class != "duplicate":
                raise
            await self._look(permit)
            if frozenset(members) not in self._ids:
                raise
        else:
            self._ids[frozenset(members)] = str(group["tax_group_id"])

    async def _tax(self, tax_id: str, permit: CallPermit) -> Mapping[str, Any]:
        return await self._client.get(RESOURCES["zoho_books.tax"], tax_id, permit)


def _members(group: Mapping[str, Any]) -> Members:
    return frozenset(str(tax["tax_id"]) for tax in group.get("taxes") or ())
