"""Zoho Inventory: writes one record per request. A create is a plain POST: what became of a lost one is
found by the field that carries the reference, over every row, since filters may be ignored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from twinledger.connectors.base.access import CallPermit
from twinledger.connectors.base.contract import Applied, NotApplied, SourceDocument, WriteAnswer, WriteCall
from twinledger.connectors.base.outcomes import outcome
from twinledger.connectors.base.reading import document_of, unless_gone
from twinledger.connectors.base.version_check import is_stale, stale
from twinledger.connectors.base.wire import encode
from twinledger.connectors.zoho_inventory.client import InventoryClient
from twinledger.connectors.zoho_inventory.resources import RESOURCES, Resource
from twinledger.connectors.zoho_platform.finance_resources import stamp
from twinledger.kernel.clock import Clock
from twinledger.kernel.errors import PermanentError, TransientError, TwinledgerError
from twinledger.kernel.together import all_of

__all__ = ["InventorySink"]

_REFERRING = ("customer_id", "line_items")
"""Body fields that name other records."""
_LINE = ("line_item_id", "item_id", "name", "description", "rate", "quantity", "unit", "discount", "tax_id")
"""What of a line can be written; a read shows more."""


class InventorySink:
    """Sink of one organization."""

    objects: Sequence[str] = tuple(RESOURCES)
    max_batch: Mapping[str, int] = dict.fromkeys(RESOURCES, 1)
    resend_is_safe: Mapping[str, bool] = dict.fromkeys(RESOURCES, False)

    def __init__(self, client: InventoryClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def prepare(
        self, calls: Sequence[WriteCall], permit: CallPermit
    ) -> Sequence[WriteCall | NotApplied]:
        """Each by itself: whole records are read one at a time."""
        return await all_of(self._prepared(call, permit) for call in calls)

    async def write(
        self, calls: Sequence[WriteCall], *, send_by: float | None = None
    ) -> Sequence[WriteAnswer]:
        (call,) = calls
        try:
            return [await self._send(RESOURCES[call.object], call, send_by)]
        except TwinledgerError as error:
            return [outcome(_about(error, call))]

    async def probe(
        self, object_name: str, reference: str, body: Mapping[str, Any], permit: CallPermit
    ) -> Sequence[SourceDocument]:
        resource = RESOURCES[object_name]
        wanted = str(body.get(resource.carrier) or reference)
        found: list[SourceDocument] = []
        page, more = 1, True
        while more:
            started = self._clock.now()
            filters = [*resource.list_query, (resource.carrier, wanted)]
            listing = await self._client.look_for(resource, filters, permit, page)
            for row in listing.rows:
                if row.get(resource.carrier) == wanted:
                    external_id = str(row[resource.id_key])
                    record = await unless_gone(self._client.get(resource, external_id, permit))
                    if record is not None:
                        found.append(
                            document_of(
                                object_name,
                                external_id,
                                record,
                                read_started_at=started,
                                updated_at=stamp(record),
                            )
                        )
            page, more = page + 1, listing.more
        return found

    async def _prepared(self, call: WriteCall, permit: CallPermit) -> WriteCall | NotApplied:
        """An update without what a PUT demands is completed from the record as it is now."""
        if call.op != "update" or call.phase is not None or call.external_id is None:
            return call
        resource = RESOURCES[call.object]
        incomplete = any(key not in call.body for key in resource.demands)
        if not incomplete and call.unmodified_since is None:
            return call
        try:
            current = await self._client.get(resource, call.external_id, permit)
        except TwinledgerError as error:
            return NotApplied(error)
        if is_stale(call, stamp(current)):
            return NotApplied(stale())
        demanded = {key: _writable(key, current[key]) for key in resource.demands if key in current}
        return replace(call, body={**demanded, **call.body})

    async def _send(self, resource: Resource, call: WriteCall, send_by: float | None) -> WriteAnswer:
        if call.op == "create":
            body = {resource.carrier: call.reference, **_given(call.body)}
            record = await self._client.create(resource, body, send_by=send_by)
        elif call.external_id is None:
            raise PermanentError("an update needs an id", error_class="bug")
        elif call.phase is not None:
            action = _action(resource, call)
            await self._client.act(resource, call.external_id, action, send_by=send_by)
            return Applied(call.external_id, self._clock.now())
        else:
            record = await self._client.update(resource, call.external_id, call.body, send_by=send_by)
        return Applied(str(record[resource.id_key]), self._clock.now(), encode(record), stamp(record))


def _given(body: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if value not in (None, "")}


def _writable(key: str, value: Any) -> Any:
    if key != "line_items":
        return value
    return [{name: line[name] for name in _LINE if line.get(name) not in (None, "")} for line in value]


def _action(resource: Resource, call: WriteCall) -> str:
    state = str(call.body.get("status"))
    action = (resource.phases or {}).get(state)
    if action is None:
        raise PermanentError(f"no call brings a record to {state}", error_class="semantic", field=call.phase)
    return action


def _about(error: TwinledgerError, call: WriteCall) -> TwinledgerError:
    """`1002` names no field: with references in the body it is one of them, else the record itself."""
    if not isinstance(error, PermanentError) or error.error_class != "gone":
        return error
    if call.op == "create" or any(key in call.body for key in _REFERRING):
        return TransientError("a record it refers to is unknown", error_class="parent_missing")
    return error
