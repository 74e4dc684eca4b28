"""Zoho Inventory: puts the connector together."""

from __future__ import annotations

from twinledger.connectors.base.client import VendorClient
from twinledger.connectors.base.connection import Connection
from twinledger.connectors.base.contract import Connector, ConnectorInfo
from twinledger.connectors.zoho_inventory.client import InventoryClient
from twinledger.connectors.zoho_inventory.setup import InventorySetUp
from twinledger.connectors.zoho_inventory.sink import InventorySink
from twinledger.connectors.zoho_inventory.source import InventorySource
from twinledger.connectors.zoho_inventory.subscriber import InventorySubscriber
from twinledger.connectors.zoho_inventory.webhook import InventoryWebhooks
from twinledger.connectors.zoho_platform.finance import FinanceDialect
from twinledger.connectors.zoho_platform.hosts import DEFAULT_API
from twinledger.kernel.clock import Clock
from twinledger.kernel.http import AsyncClient

__all__ = ["build"]


def build(info: ConnectorInfo, connection: Connection, http: AsyncClient, clock: Clock) -> Connector:
    """Entry point of `connectors.registry`."""
    api_url = connection.api_url or DEFAULT_API
    tokens, timeout_s = connection.tokens, connection.timeout_s
    vendor = VendorClient(http, tokens, FinanceDialect(), clock, api_url=api_url, timeout_s=timeout_s)
    client = InventoryClient(vendor, connection.account["organization_id"])
    return Connector(
        info=info,
        source=InventorySource(client, clock),
        sink=InventorySink(client, clock),
        webhooks=InventoryWebhooks(),
        subscriber=InventorySubscriber(client),
        setup=InventorySetUp(),
    )
