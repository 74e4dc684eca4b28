"""Tool Shop: keeps its webhooks and judges what they deliver: an id, signed with a secret of ours."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import replace

from twinledger.connectors.toolshop.client import OBJECT, ToolshopClient

from twinledger.connectors.base.access import CallPermit
from twinledger.connectors.base.contract import Delivery, Hint, Subscription, Verdict
from twinledger.connectors.base.wire import decode

__all__ = ["ToolshopSubscriber", "ToolshopWebhooks"]


class ToolshopWebhooks:
    """Pure."""

    def judge(self, delivery: Delivery, subscription: Subscription) -> Verdict:
        ours = hmac.new(subscription.secret.encode(), delivery.body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(ours.encode(), delivery.headers.get("x-toolshop-signature", "").encode()):
            return Verdict("bad_signature")
        try:
            told = decode(delivery.body)
        except ValueError:
            return Verdict("undecodable")
        external_id = told.get("tool") if isinstance(told, dict) else None
        if not isinstance(external_id, str):
            return Verdict("unknown")
        return Verdict("accepted", (Hint(OBJECT, external_id),))


class ToolshopSubscriber:
    """One webhook a shop; saying it again changes nothing."""

    def __init__(self, client: ToolshopClient) -> None:
        self._client = client

    def wanted(self, objects: Sequence[str]) -> Sequence[tuple[str, str]]:
        return [(name, "changed") for name in objects]

    async def register(self, subscription: Subscription, address: str, permit: CallPermit) -> Subscription:
        body = {"url": address, "secret": subscription.secret}
        await self._client.keep_hook(subscription.key, body, permit)
        return replace(subscription, external_id=subscription.key, state="active")

    async def verify(self, subscription: Subscription, verifier: str, permit: CallPermit) -> Subscription:
        return subscription  # there is no handshake

    async def renew(self, subscription: Subscription, address: str, permit: CallPermit) -> Subscription:
        return await self.register(subscription, address, permit)
