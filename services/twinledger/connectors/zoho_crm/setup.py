"""Zoho CRM: makes sure that the modules have our unique reference field; part of connecting."""

from __future__ import annotations

from collections.abc import Sequence

from twinledger.connectors.base.access import CallPermit
from twinledger.connectors.zoho_crm.client import CrmClient
from twinledger.connectors.zoho_crm.resources import MODULES, REFERENCE_FIELD, Module

__all__ = ["CrmSetUp"]

_FIELD = {
    "field_label": REFERENCE_FIELD.replace("_", " "),  # the API name is made from the label
    "data_type": "text",
    "length": 50,
    "unique": {"case_sensitive": False},
}


class CrmSetUp:
    """Without the unique field an upsert would fall back to the stock fields."""

    def __init__(self, client: CrmClient) -> None:
        self._client = client

    async def ensure_reference_fields(self, objects: Sequence[str], permit: CallPermit) -> Sequence[str]:
        notes = [await self._ensure(MODULES[name], permit) for name in objects]
        return [note for note in notes if note]

    async def _ensure(self, module: Module, permit: CallPermit) -> str:
        state = await self._state(module, permit)
        if state == "missing":
            await self._client.add_field(module, _FIELD, permit)
            state = await self._state(module, permit)
        return "" if state == "unique" else f"{module.name}.{REFERENCE_FIELD} is {state}: make it unique"

    async def _state(self, module: Module, permit: CallPermit) -> str:
        for field in await self._client.fields(module, permit):
            if field.get("api_name") == REFERENCE_FIELD:
                return "unique" if field.get("unique") else "not unique"
        return "missing"
