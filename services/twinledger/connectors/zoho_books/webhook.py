"""Zoho Books: judges webhook deliveries by the signature that the finance products share."""

from __future__ import annotations

from twinledger.connectors.zoho_books.resources import RESOURCES
from twinledger.connectors.zoho_platform.finance_webhook import FinanceWebhooks

__all__ = ["BooksWebhooks"]


class BooksWebhooks(FinanceWebhooks):
    """Of the modules of Books."""

    def __init__(self) -> None:
        super().__init__(RESOURCES)
