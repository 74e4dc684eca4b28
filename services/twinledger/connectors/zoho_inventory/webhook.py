"""Zoho Inventory: judges webhook deliveries by the signature that the finance products share."""

from __future__ import annotations

from twinledger.connectors.zoho_inventory.resources import RESOURCES
from twinledger.connectors.zoho_platform.finance_webhook import FinanceWebhooks

__all__ = ["InventoryWebhooks"]


class InventoryWebhooks(FinanceWebhooks):
    """Of the modules of Inventory."""

    def __init__(self) -> None:
        super().__init__(RESOURCES)
