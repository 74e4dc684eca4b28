"""FreshBooks: puts the connector together."""

from __future__ import annotations

from twinledger.connectors.base.client import VendorClient
from twinledger.connectors.base.connection import Connection
from twinledger.connectors.base.contract import Connector, ConnectorInfo
from twinledger.connectors.freshbooks.answers import FreshBooksDialect
from twinledger.connectors.freshbooks.auth import API_URL
from twinledger.connectors.freshbooks.client import FreshBooksClient
from twinledger.connectors.freshbooks.setup import FreshBooksSetUp
from twinledger.connectors.freshbooks.sink import FreshBooksSink
from twinledger.connectors.freshbooks.source import FreshBooksSource
from twinledger.connectors.freshbooks.subscriber import FreshBooksSubscriber
from twinledger.connectors.freshbooks.webhook import FreshBooksWebhooks
from twinledger.kernel.clock import Clock
from twinledger.kernel.http import AsyncClient

__all__ = ["build"]


def build(info: ConnectorInfo, connection: Connection, http: AsyncClient, clock: Clock) -> Connector:
    """Entry point of `connectors.registry`."""
    api_url = connection.api_url or API_URL
    tokens, timeout_s = connection.tokens, connection.timeout_s
    vendor = VendorClient(http, tokens, FreshBooksDialect(), clock, api_url=api_url, timeout_s=timeout_s)
    client = FreshBooksClient(vendor, connection.account["account_id"])
    return Connector(
        info=info,
        source=FreshBooksSource(client, clock),
        sink=FreshBooksSink(client, clock),
        webhooks=FreshBooksWebhooks(),
        subscriber=FreshBooksSubscriber(client),
        setup=FreshBooksSetUp(),
    )
