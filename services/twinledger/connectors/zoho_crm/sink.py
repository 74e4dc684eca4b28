"""Zoho CRM: writes up to 100 records a request; creates are upserts by our own unique field.

Records answer one by one, whatever the status of the whole. `trigger: []` keeps the vendor's own
automation from running on what we write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from twinledger.connectors.base.access import CallPermit
from twinledger.connectors.base.contract import (
    Applied,
    NotApplied,
    SourceDocument,
    UnknownOutcome,
    WriteAnswer,
    WriteCall,
)
from twinledger.connectors.base.outcomes import outcome
from twinledger.connectors.base.reading import document_of
from twinledger.connectors.base.version_check import conditional, refused_if_stale
from twinledger.connectors.zoho_crm.answers import error_of
from twinledger.connectors.zoho_crm.client import CrmClient
from twinledger.connectors.zoho_crm.coql import ids_by
from twinledger.connectors.zoho_crm.resources import MODULES, REFERENCE_FIELD, Module, stamp
from twinledger.kernel.clock import Clock
from twinledger.kernel.errors import TwinledgerError

__all__ = ["CrmSink"]

_MAX_RECORDS = 100


class CrmSink:
    """Sink of one CRM organization."""

    objects: Sequence[str] = tuple(MODULES)
    max_batch: Mapping[str, int] = dict.fromkeys(MODULES, _MAX_RECORDS)
    resend_is_safe: Mapping[str, bool] = dict.fromkeys(MODULES, True)

    def __init__(self, client: CrmClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def prepare(
        self, calls: Sequence[WriteCall], permit: CallPermit
    ) -> Sequence[WriteCall | NotApplied]:
        """A request takes one condition for all: the versions of several records are looked at before."""
        stamps: dict[tuple[str, str | None], datetime | None] = {}
        for name, named in conditional(calls).items():
            for start in range(0, len(named) if len(named) > 1 else 0, _MAX_RECORDS):
                ids = [str(call.external_id) for call in named[start : start + _MAX_RECORDS]]
                rows = await self._client.records(MODULES[name], ids, permit)
                stamps |= {(name, str(row.get("id"))): stamp(row) for row in rows}
        return refused_if_stale(calls, lambda call: stamps.get((call.object, call.external_id)))

    async def write(
        self, calls: Sequence[WriteCall], *, send_by: float | None = None
    ) -> Sequence[WriteAnswer]:
        """All of one object and one operation."""
        module = MODULES[calls[0].object]
        creating = calls[0].op == "create"
        body: dict[str, Any] = {"data": [_record(call) for call in calls], "trigger": []}
        if creating:
            # Never the stock fields: they join two people of one name.
            body["duplicate_check_fields"] = [REFERENCE_FIELD]
        try:
            items = await self._client.write(
                "POST" if creating else "PUT",
                f"{module.name}/upsert" if creating else module.name,
                body,
                headers=_condition(calls),
                send_by=send_by,
            )
        except TwinledgerError as error:
            return [outcome(error)] * len(calls)
        if len(items) != len(calls):
            return [UnknownOutcome(f"{len(items)} answers to {len(calls)} records")] * len(calls)
        return [self._answer(item, module) for item in items]

    async def probe(
        self, object_name: str, reference: str, body: Mapping[str, Any], permit: CallPermit
    ) -> Sequence[SourceDocument]:
        """COQL: the search index lags and matches loosely."""
        module = MODULES[object_name]
        started = self._clock.now()
        statement = ids_by(module.name, REFERENCE_FIELD, reference)
        found = await self._client.select(statement, permit)
        if not found.rows:
            return []
        ids = [str(row.get("id")) for row in found.rows]
        rows = await self._client.records(module, ids, permit)
        return [
            document_of(object_name, row.get("id"), row, read_started_at=started, updated_at=stamp(row))
            for row in rows
            if row.get(REFERENCE_FIELD) == reference
        ]

    def _answer(self, item: Mapping[str, Any], module: Module) -> WriteAnswer:
        if item.get("status") != "success":
            return outcome(error_of(item, lookups=module.lookups))
        details = item.get("details")
        if not isinstance(details, dict) or not details.get("id"):
            return UnknownOutcome("success without an id")
        return Applied(str(details["id"]), self._clock.now(), updated_at=stamp(details))


def _record(call: WriteCall) -> dict[str, Any]:
    record = dict(call.body)
    if call.op == "update":
        record["id"] = call.external_id
    elif call.reference is not None:
        record[REFERENCE_FIELD] = call.reference
    return record


def _condition(calls: Sequence[WriteCall]) -> dict[str, str]:
    """The newest version among the calls, if each names one: what is saved after `prepare` is refused."""
    moments = [call.unmodified_since for call in calls if call.unmodified_since is not None]
    if len(moments) < len(calls):
        return {}
    return {"If-Unmodified-Since": max(moments).astimezone(UTC).isoformat(timespec="seconds")}
