"""A vendor in memory behind the Sink and Source protocols; its answers can be scripted."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from twinledger.connectors.base.contract import (
    Applied,
    CallPermit,
    NotApplied,
    Page,
    Read,
    SourceDocument,
    UnknownOutcome,
    WriteAnswer,
    WriteCall,
)

__all__ = ["FakePermit", "FakeVendor"]

Script = Callable[[WriteCall], WriteAnswer | None]


class FakePermit:
    """Grants every call."""

    async def acquire(self, *, cost: int = 1) -> str:
        return "permit"

    async def answered(
        self, permit_id: str, *, rate_limited: bool = False, retry_after_s: float | None = None
    ) -> None:
        return None


@dataclass
class FakeVendor:
    """Creates and updates records. `before` and `after` may answer instead: the write then did not happen,
    or did."""

    objects: Sequence[str] = ()
    max_batch: Mapping[str, int] = field(default_factory=dict)
    max_ids: Mapping[str, int] = field(default_factory=dict)
    resend_is_safe: Mapping[str, bool] = field(default_factory=dict)
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    references: dict[str, list[str]] = field(default_factory=dict)
    requests: list[list[WriteCall]] = field(default_factory=list)
    looks: list[list[str]] = field(default_factory=list)
    look: Callable[[Sequence[WriteCall]], Awaitable[None]] = lambda calls: asyncio.sleep(0)
    before: Script = lambda call: None
    after: Script = lambda call: None
    may_answer: asyncio.Event = field(default_factory=lambda: _set(asyncio.Event()))
    ids: Any = field(default_factory=lambda: itertools.count(1))

    async def prepare(
        self, calls: Sequence[WriteCall], permit: CallPermit
    ) -> Sequence[WriteCall | NotApplied]:
        self.looks.append([call.intent_id for call in calls])
        await self.look(calls)
        return list(calls)

    async def write(
        self, calls: Sequence[WriteCall], *, send_by: float | None = None
    ) -> Sequence[WriteAnswer]:
        self.requests.append(list(calls))
        answers = [self.before(call) or self._apply(call) for call in calls]
        await self.may_answer.wait()
        return answers

    def _apply(self, call: WriteCall) -> WriteAnswer:
        external_id = call.external_id or str(next(self.ids))
        self.records[external_id] = {**self.records.get(external_id, {}), **call.body}
        if call.op == "create":
            self.references.setdefault(call.reference or "", []).append(external_id)
        return self.after(call) or Applied(external_id, datetime.now(UTC), orjson.dumps({"id": external_id}))

    async def probe(
        self, object_name: str, reference: str, body: Mapping[str, Any], permit: CallPermit
    ) -> Sequence[SourceDocument]:
        return [self._document(object_name, found) for found in self.references.get(reference, [])]

    async def read(self, object_name: str, ids: Sequence[str], permit: CallPermit) -> Read:
        return Read([self._document(object_name, found) for found in ids if found in self.records])

    async def changed_since(
        self, object_name: str, since: datetime | None, page: str | None, permit: CallPermit
    ) -> Page:
        return Page([])

    def _document(self, object_name: str, external_id: str) -> SourceDocument:
        ids = {"id": int(external_id), "contact_id": external_id}
        body = orjson.dumps(ids | self.records[external_id])
        return SourceDocument(object_name, external_id, body, datetime.now(UTC))


def _set(event: asyncio.Event) -> asyncio.Event:
    event.set()
    return event


def unknown(call: WriteCall) -> UnknownOutcome:
    """The connection broke after the request left."""
    return UnknownOutcome("connection reset")
