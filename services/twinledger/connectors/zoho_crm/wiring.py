"""Zoho CRM: puts the connector together."""

from __future__ import annotations

from twinledger.connectors.base.client import VendorClient
from twinledger.connectors.base.connection import Connection
from twinledger.connectors.base.contract import Connector, ConnectorInfo
from twinledger.connectors.zoho_crm.answers import CrmDialect
from twinledger.connectors.zoho_crm.client import CrmClient
from twinledger.connectors.zoho_crm.setup import CrmSetUp
from twinledger.connectors.zoho_crm.sink import CrmSink
from twinledger.connectors.zoho_crm.source import CrmSource
from twinledger.connectors.zoho_crm.subscriber import CrmSubscriber
from twinledger.connectors.zoho_crm.webhook import CrmWebhooks
from twinledger.connectors.zoho_platform.hosts import DEFAULT_API
from twinledger.kernel.clock import Clock
from twinledger.kernel.http import AsyncClient

__all__ = ["build"]


def build(info: ConnectorInfo, connection: Connection, http: AsyncClient, clock: Clock) -> Connector:
    """Entry point of `connectors.registry`."""
    api_url = connection.api_url or DEFAULT_API
    tokens, timeout_s = connection.tokens, connection.timeout_s
    client = CrmClient(VendorClient(http, tokens, CrmDialect(), clock, api_url=api_url, timeout_s=timeout_s))
    return Connector(
        info=info,
        source=CrmSource(client, clock),
        sink=CrmSink(client, clock),
        webhooks=CrmWebhooks(),
        subscriber=CrmSubscriber(client, clock, connection.workspace),
        setup=CrmSetUp(client),
    )
