"""Zoho Books: writes one record per request; creates are upserts by our unique custom field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
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
from twinledger.connectors.base.reading import document_of, unless_gone
from twinledger.connectors.base.wire import encode
from twinledger.connectors.zoho_books.client import BooksClient
from twinledger.connectors.zoho_books.completion import Completion
from twinledger.connectors.zoho_books.resources import (
    CUSTOM_FIELDS,
    NATURAL_KEYS,
    REFERENCE_FIELD,
    RESOURCES,
    Resource,
    reference_of,
    stamp,
)
from twinledger.kernel.clock import Clock
from twinledger.kernel.errors import PermanentError, TransientError, TwinledgerError
from twinledger.kernel.together import all_of

__all__ = ["BooksSink"]

_REFERRING = ("customer_id", "line_items", "invoices", "tax_id")
"""Body fields that name other records."""


class BooksSink:
    """Sink of one Books organization."""

    objects: Sequence[str] = tuple(RESOURCES)
    max_batch: Mapping[str, int] = dict.fromkeys(RESOURCES, 1)
    resend_is_safe: Mapping[str, bool] = {name: one.upsert for name, one in RESOURCES.items()}

    def __init__(self, client: BooksClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._completion = Completion(client)

    async def prepare(
        self, calls: Sequence[WriteCall], permit: CallPermit
    ) -> Sequence[WriteCall | NotApplied]:
        """Each by itself: Books reads whole records one at a time."""
        return await all_of(self._prepared(call, permit) for call in calls)

    async def write(
        self, calls: Sequence[WriteCall], *, send_by: float | None = None
    ) -> Sequence[WriteAnswer]:
        (call,) = calls
        resource = RESOURCES[call.object]
        try:
            return [await self._send(resource, call, send_by)]
        except TwinledgerError as error:
            return [outcome(_about(error, call))]

    async def probe(
        self, object_name: str, reference: str, body: Mapping[str, Any], permit: CallPermit
    ) -> Sequence[SourceDocument]:
        """Rows by their natural key, read whole, then the reference on them compared by us."""
        resource = RESOURCES[object_name]
        rows = await self._natural_rows(resource, body, permit)
        started = self._clock.now()
        found = []
        for row in rows:
            external_id = str(row[resource.id_key])
            record = await unless_gone(self._client.get(resource, external_id, permit))
            if record is not None and (not resource.upsert or reference_of(record) == reference):
                found.append(
                    document_of(
                        object_name,
                        external_id,
                        record,
                        read_started_at=started,
                        updated_at=stamp(record),
                    )
                )
        return found

    async def _prepared(self, call: WriteCall, permit: CallPermit) -> WriteCall | NotApplied:
        try:
            return await self._completion.complete(call, permit)
        except TwinledgerError as error:
            return NotApplied(error)

    async def _natural_rows(
        self, resource: Resource, fields: Mapping[str, Any], permit: CallPermit
    ) -> Sequence[Mapping[str, Any]]:
        """Filters may be ignored, so the key is compared again."""
        keys = NATURAL_KEYS[resource.object]
        if any(fields.get(key) is None for key in keys):
            return []
        filters = [(key, str(fields[key])) for key in keys[:1] if resource.upsert]
        listing = await self._client.look_for(resource, filters, permit)
        return [row for row in listing.rows if all(_same(row.get(key), fields[key]) for key in keys)]

    async def _send(self, resource: Resource, call: WriteCall, send_by: float | None) -> WriteAnswer:
        if call.op == "create":
            if resource.upsert and call.reference is not None:
                record = await self._client.upsert(
                    resource, call.reference, _marked(call.body, call.reference), send_by=send_by
                )
            else:
                record = await self._client.create(resource, call.body, send_by=send_by)
        elif call.external_id is None:
            raise PermanentError("an update needs an id", error_class="bug")
        elif call.phase == CUSTOM_FIELDS:
            fields = call.body["custom_fields"]
            await self._client.set_custom_fields(resource, call.external_id, fields, send_by=send_by)
            return Applied(call.external_id, self._clock.now())
        elif call.phase is not None:
            action = _action(resource, call)
            await self._client.act(resource, call.external_id, action, send_by=send_by)
            return Applied(call.external_id, self._clock.now())
        else:
            record = await self._client.update(resource, call.external_id, call.body, send_by=send_by)
        return Applied(str(record[resource.id_key]), self._clock.now(), encode(record), stamp(record))


def _marked(body: Mapping[str, Any], reference: str) -> dict[str, Any]:
    """The header finds a record by the reference, the body puts it there."""
    others = [one for one in body.get("custom_fields") or () if one.get("api_name") != REFERENCE_FIELD]
    return {**body, "custom_fields": [*others, {"api_name": REFERENCE_FIELD, "value": reference}]}


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


def _same(theirs: Any, ours: Any) -> bool:
    try:
        return Decimal(str(theirs)) == Decimal(str(ours))
    except InvalidOperation:
        return str(theirs) == str(ours)
