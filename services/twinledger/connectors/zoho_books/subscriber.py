"""Zoho Books: keeps one signed webhook per module; the module and event stand in its address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from twinledger.connectors.base.access import CallPermit
from twinledger.connectors.base.contract import Subscription
from twinledger.connectors.zoho_books.client import BooksClient, Record
from twinledger.connectors.zoho_books.resources import RESOURCES

__all__ = ["BooksSubscriber"]


class BooksSubscriber:
    """The caller supplies `secret`: 12 to 50 letters and digits, unreadable once saved."""

    def __init__(self, client: BooksClient) -> None:
        self._client = client

    def wanted(self, objects: Sequence[str]) -> Sequence[tuple[str, str]]:
        """Taxes have no workflow: they are polled."""
        entities = [(name, RESOURCES[name].entity) for name in objects]
        return [(name, f"{entity}.changed") for name, entity in entities if entity]

    async def register(self, subscription: Subscription, address: str, permit: CallPermit) -> Subscription:
        body = _webhook(subscription, address)
        answer = await self._client.settings("POST", "webhooks", permit, body=body)
        webhook_id = str(_object(answer).get("webhook_id"))
        return replace(subscription, external_id=webhook_id, state="active")

    async def verify(self, subscription: Subscription, verifier: str, permit: CallPermit) -> Subscription:
        """Books has no handshake."""
        return subscription

    async def renew(self, subscription: Subscription, address: str, permit: CallPermit) -> Subscription:
        """Webhooks do not expire, but a person can delete or change them."""
        answer = await self._client.settings("GET", "webhooks", permit)
        rows = answer.get("webhooks") or ()
        known = next((row for row in rows if str(row.get("webhook_id")) == subscription.external_id), None)
        if known is None:
            return await self.register(subscription, address, permit)
        if known.get("url") != address:
            body = _webhook(subscription, address)
            path = f"webhooks/{subscription.external_id}"
            await self._client.settings("PUT", path, permit, body=body)
        return replace(subscription, state="active")


def _webhook(subscription: Subscription, address: str) -> Record:
    entity = RESOURCES[subscription.object].entity
    return {
        "webhook_name": f"twinledger {entity}",
        "entity": entity,
        "method": "POST",
        "url": address,
        "query_parameters": [{"param_name": "event", "param_value": subscription.event}],
        "body_type": "application/json",
        "secret": subscription.secret,
        "events": ["created", "edited", "deleted"],
    }


def _object(answer: Record) -> Record:
    webhook = answer.get("webhook")
    return webhook if isinstance(webhook, dict) else {}
