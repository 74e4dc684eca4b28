"""Zoho Books: puts the connector together."""

from __future__ import annotations

from twinledger.connectors.base.client import VendorClient
from twinledger.connectors.base.connection import Connection
from twinledger.connectors.base.contract import Connector, ConnectorInfo
from twinledger.connectors.zoho_books.client import BooksClient
from twinledger.connectors.zoho_books.setup import BooksSetUp
from twinledger.connectors.zoho_books.sink import BooksSink
from twinledger.connectors.zoho_books.source import BooksSource
from twinledger.connectors.zoho_books.subscriber import BooksSubscriber
from twinledger.connectors.zoho_books.webhook import BooksWebhooks
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
    client = BooksClient(vendor, connection.account["organization_id"])
    return Connector(
        info=info,
        source=BooksSource(client, clock),
        sink=BooksSink(client, clock),
        webhooks=BooksWebhooks(),
        subscriber=BooksSubscriber(client),
        setup=BooksSetUp(),
    )
