"""FreshBooks: writes one record per request. No idempotency key exists: after a lost answer, look.

An update runs in phases at the vendor (visibility, actions, data) and only the first phase present is
executed, the rest silently dropped; so a body never mixes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from twinledger.connectors.base.access import CallPermit
from twinledger.connectors.base.contract import (
    Applied,
    NotApplied,
    SourceDocument,
    WriteAnswer,
    WriteCall,
)
from twinledger.connectors.base.outcomes import outcome
from twinledger.connectors.base.reading import document_of
from twinledger.connectors.base.version_check import Version, conditional, refused_if_stale
from twinledger.connectors.base.wire import encode
from twinledger.connectors.freshbooks.client import MAX_PER_PAGE, FreshBooksClient
from twinledger.connectors.freshbooks.probes import PROBES
from twinledger.connectors.freshbooks.resources import RESOURCES, Resource, stamp, version
from twinledger.connectors.freshbooks.versions import versions
from twinledger.kernel.clock import Clock
from twinledger.kernel.errors import PermanentError, TransientError, TwinledgerError

__all__ = ["FreshBooksSink"]


_ACTION = ("action_", "email_")
"""An action and what goes with it."""


class FreshBooksSink:
    """Sink of one FreshBooks account."""

    objects: Sequence[str] = tuple(RESOURCES)
    max_batch: Mapping[str, int] = dict.fromkeys(RESOURCES, 1)
    resend_is_safe: Mapping[str, bool] = dict.fromkeys(RESOURCES, False)

    def __init__(self, client: FreshBooksClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def prepare(
        self, calls: Sequence[WriteCall], permit: CallPermit
    ) -> Sequence[WriteCall | NotApplied]:
        """Updates are partial; FreshBooks takes no condition, so the versions are looked at, 100 a call, and
        singly where somebody has deleted the record. A look that fails is the failure of its own calls."""
        seen: dict[tuple[str, str | None], Version] = {}
        for name, named in conditional(calls).items():
            ids = list(dict.fromkeys(str(call.external_id) for call in named))
            for start in range(0, len(ids), MAX_PER_PAGE):
                some = ids[start : start + MAX_PER_PAGE]
                found = await versions(self._client, RESOURCES[name], some, permit)
                seen |= {(name, external_id): one for external_id, one in found.items()}
        return refused_if_stale(calls, lambda call: seen.get((call.object, call.external_id)))

    async def write(
        self, calls: Sequence[WriteCall], *, send_by: float | None = None
    ) -> Sequence[WriteAnswer]:
        (call,) = calls
        resource = RESOURCES[call.object]
        try:
            record = await self._send(resource, call, send_by)
        except TwinledgerError as error:
            return [outcome(_about(error, resource, call))]
        return [Applied(str(record.get("id")), self._clock.now(), encode(record), version(record))]

    async def probe(
        self, object_name: str, reference: str, body: Mapping[str, Any], permit: CallPermit
    ) -> Sequence[SourceDocument]:
        """Filters that the vendor honours, each followed by our own comparison."""
        resource = RESOURCES[object_name]
        probe = PROBES[object_name]
        started = self._clock.now()
        for filters in probe.searches(reference, body):
            listing = await self._client.look_for(resource, filters, permit)
            found = [row for row in listing.rows if probe.is_ours(row, reference, body)]
            if found:
                return [
                    document_of(object_name, row["id"], row, read_started_at=started, updated_at=stamp(row))
                    for row in found
                ]
        return []

    async def _send(self, resource: Resource, call: WriteCall, send_by: float | None) -> dict[str, Any]:
        if call.op == "create":
            return await self._client.create(resource, call.body, send_by=send_by)
        if call.external_id is None or not _is_one_phase(call.body):
            raise PermanentError("an update needs an id and one phase", error_class="bug")
        return await self._client.update(resource, call.external_id, call.body, send_by=send_by)


def _is_one_phase(body: Mapping[str, Any]) -> bool:
    phases = {
        key if key in ("vis_state", "ext_vis_state") else "action" if key.startswith(_ACTION) else "data"
        for key in body
    }
    return len(phases) <= 1


def _about(error: TwinledgerError, resource: Resource, call: WriteCall) -> TwinledgerError:
    """An unknown record in a refusal is the record itself, or one it refers to."""
    if not isinstance(error, PermanentError) or error.error_class != "gone":
        return error
    if call.op == "update" and (error.field is None or error.field in resource.own_ids):
        return error
    return TransientError(f"unknown {error.field}", error_class="parent_missing")
