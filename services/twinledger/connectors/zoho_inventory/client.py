"""Zoho Inventory: the calls of one organization."""

from __future__ import annotations

from twinledger.connectors.base.client import VendorClient
from twinledger.connectors.zoho_platform.finance_client import FinanceClient

__all__ = ["InventoryClient"]


class InventoryClient(FinanceClient):
    """Has no call that Books has not."""

    def __init__(self, vendor: VendorClient, organization_id: str) -> None:
        super().__init__(vendor, "/inventory/v1", organization_id)
