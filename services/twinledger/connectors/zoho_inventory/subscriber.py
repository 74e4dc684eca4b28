"""Zoho Inventory: keeps its webhooks the way the finance products share."""

from __future__ import annotations

from twinledger.connectors.zoho_inventory.client import InventoryClient
from twinledger.connectors.zoho_inventory.resources import RESOURCES
from twinledger.connectors.zoho_platform.finance_subscriber import FinanceSubscriber

__all__ = ["InventorySubscriber"]


class InventorySubscriber(FinanceSubscriber):
    """Named apart: the organization may show the webhooks of Books beside them."""

    def __init__(self, client: InventoryClient) -> None:
        super().__init__(client, RESOURCES, "twinledger inventory")
