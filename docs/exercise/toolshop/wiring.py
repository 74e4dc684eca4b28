"""Tool Shop: puts the connector together."""

from __future__ import annotations

from collections.abc import Sequence

from twinledger.connectors.toolshop.answers import ToolshopDialect
from twinledger.connectors.toolshop.auth import URL
from twinledger.connectors.toolshop.client import ToolshopClient
from twinledger.connectors.toolshop.hooks import ToolshopSubscriber, ToolshopWebhooks
from twinledger.connectors.toolshop.sink import ToolshopSink
from twinledger.connectors.toolshop.source import ToolshopSource

from twinledger.connectors.base.access import CallPermit
from twinledger.connectors.base.client import VendorClient
from twinledger.connectors.base.connection import Connection
from twinledger.connectors.base.contract import Connector, ConnectorInfo
from twinledger.kernel.clock import Clock
from twinledger.kernel.http import AsyncClient

__all__ = ["build"]


class ToolshopSetUp:
    """Our reference has a field of its own: nothing to prepare."""

    async def ensure_reference_fields(self, objects: Sequence[str], permit: CallPermit) -> Sequence[str]:
        return ()


def build(info: ConnectorInfo, connection: Connection, http: AsyncClient, clock: Clock) -> Connector:
    """Entry point of `connectors.registry`."""
    api_url = connection.api_url or URL
    vendor = VendorClient(
        http, connection.tokens, ToolshopDialect(), clock, api_url=api_url, timeout_s=connection.timeout_s
    )
    client = ToolshopClient(vendor)
    return Connector(
        info=info,
        source=ToolshopSource(client, clock),
        sink=ToolshopSink(client, clock),
        webhooks=ToolshopWebhooks(),
        subscriber=ToolshopSubscriber(client),
        setup=ToolshopSetUp(),
    )
