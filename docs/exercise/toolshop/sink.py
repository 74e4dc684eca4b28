"""Tool Shop: writes one tool a request. No key makes a create idempotent: after a lost answer, look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from twinledger.connectors.toolshop.client import OBJECT, ToolshopClient, stamp

from twinledger.connectors.base.access import CallPermit
from twinledger.connectors.base.contract import Applied, NotApplied, SourceDocument, WriteAnswer, WriteCall
from twinledger.connectors.base.outcomes import outcome
from twinledger.connectors.base.reading import document_of
from twinledger.connectors.base.version_check import is_stale, stale
from twinledger.connectors.base.wire import encode
from twinledger.kernel.clock import Clock
from twinledger.kernel.errors import TwinledgerError
from twinledger.kernel.together import all_of

__all__ = ["ToolshopSink"]


class ToolshopSink:
    """Sink of one shop."""

    objects: Sequence[str] = (OBJECT,)
    max_batch: Mapping[str, int] = {OBJECT: 1}
    resend_is_safe: Mapping[str, bool] = {OBJECT: False}

    def __init__(self, client: ToolshopClient, clock: Clock) -> None:
        self._client, self._clock = client, clock

    async def prepare(
        self, calls: Sequence[WriteCall], permit: CallPermit
    ) -> Sequence[WriteCall | NotApplied]:
        return await all_of(self._checked(call, permit) for call in calls)

    async def write(
        self, calls: Sequence[WriteCall], *, send_by: float | None = None
    ) -> Sequence[WriteAnswer]:
        (call,) = calls
        try:
            tool = await self._client.write(call.external_id, call.body, send_by)
        except TwinledgerError as error:
            return [outcome(error)]
        return [Applied(str(tool["id"]), self._clock.now(), encode(tool), stamp(tool))]

    async def probe(
        self, object_name: str, reference: str, body: Mapping[str, Any], permit: CallPermit
    ) -> Sequence[SourceDocument]:
        started = self._clock.now()
        tools, _ = await self._client.page([("ref", reference)], permit)
        return [
            document_of(OBJECT, tool["id"], tool, read_started_at=started, updated_at=stamp(tool))
            for tool in tools
            if tool.get("ref") == reference  # a filter may be ignored
        ]

    async def _checked(self, call: WriteCall, permit: CallPermit) -> WriteCall | NotApplied:
        """Whoever saved the tool since we read it is heard first."""
        if call.external_id is None or call.unmodified_since is None:
            return call
        try:
            current = await self._client.get(call.external_id, permit)
        except TwinledgerError as error:
            return NotApplied(error)
        return NotApplied(stale()) if is_stale(call, stamp(current)) else call
