"""Zoho Books: keeps its webhooks the way the finance products share."""

from __future__ import annotations

from twinledger.connectors.zoho_books.client import BooksClient
from twinledger.connectors.zoho_books.resources import RESOURCES
from twinledger.connectors.zoho_platform.finance_subscriber import FinanceSubscriber

__all__ = ["BooksSubscriber"]


class BooksSubscriber(FinanceSubscriber):
    """Of the modules of Books; taxes have no workflow and are polled."""

    def __init__(self, client: BooksClient) -> None:
        super().__init__(client, RESOURCES, "twinledger")
