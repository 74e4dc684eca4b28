"""Zoho Inventory: nothing has to be made before the first write: references lie in fields that are there."""

from __future__ import annotations

from collections.abc import Sequence

from twinledger.connectors.base.access import CallPermit

__all__ = ["InventorySetUp"]


class InventorySetUp:
    """Asks for nothing."""

    async def ensure_reference_fields(self, objects: Sequence[str], permit: CallPermit) -> Sequence[str]:
        return []
