"""Zoho CRM: makes sure that the modules have our custom fields; part of connecting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from twinledger.connectors.base.access import CallPermit
from twinledger.connectors.zoho_crm.client import CrmClient
from twinledger.connectors.zoho_crm.resources import MODULES, REFERENCE_FIELD, Module

__all__ = ["CrmSetUp"]

_UNIQUE: Mapping[str, Any] = {"length": 50, "unique": {"case_sensitive": False}}
_PLAIN: Mapping[str, Any] = {"length": 255}


class CrmSetUp:
    """The unique field that carries our reference, without which an upsert would fall back to the stock
    fields, and the texts that flows write back."""

    def __init__(self, client: CrmClient) -> None:
        self._client = client

    async def ensure_reference_fields(self, objects: Sequence[str], permit: CallPermit) -> Sequence[str]:
        notes = [note for name in objects for note in await self._ensure(MODULES[name], permit)]
        return [note for note in notes if note]

    async def _ensure(self, module: Module, permit: CallPermit) -> Sequence[str]:
        wanted = {REFERENCE_FIELD: _UNIQUE, **dict.fromkeys(module.own_fields, _PLAIN)}
        there = await self._fields(module, permit)
        missing = {name: about for name, about in wanted.items() if name not in there}
        for name, about in missing.items():
            # The API name is made from the label.
            field = {"field_label": name.replace("_", " "), "data_type": "text", **about}
            await self._client.add_field(module, field, permit)
        there = await self._fields(module, permit) if missing else there
        return [_lacks(module, name, about, there) for name, about in wanted.items()]

    async def _fields(self, module: Module, permit: CallPermit) -> Mapping[str, Mapping[str, Any]]:
        return {str(field.get("api_name")): field for field in await self._client.fields(module, permit)}


def _lacks(
    module: Module, name: str, about: Mapping[str, Any], there: Mapping[str, Mapping[str, Any]]
) -> str:
    """What a person must still do about a field; nothing when it is as it must be."""
    if name not in there:
        return f"{module.name}.{name} is missing: make it, a single line of text"
    unique = "unique" not in about or bool(there[name].get("unique"))
    return "" if unique else f"{module.name}.{name} is not unique: make it unique"
