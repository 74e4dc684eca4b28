"""FreshBooks: keeps one callback per noun: register, prove by the verifier, resend when it lapsed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from twinledger.connectors.base.access import CallPermit
from twinledger.connectors.base.contract import Subscription
from twinledger.connectors.freshbooks.client import FreshBooksClient
from twinledger.connectors.freshbooks.resources import RESOURCES
from twinledger.kernel.errors import PermanentError

__all__ = ["FreshBooksSubscriber"]


class FreshBooksSubscriber:
    """A noun alone subscribes to all of its verbs."""

    def __init__(self, client: FreshBooksClient) -> None:
        self._client = client

    def wanted(self, objects: Sequence[str]) -> Sequence[tuple[str, str]]:
        return [(name, RESOURCES[name].singular) for name in objects]

    async def register(self, subscription: Subscription, address: str, permit: CallPermit) -> Subscription:
        body = {"event": subscription.event, "uri": address}
        callback = await self._client.callback("POST", "", body, permit)
        callback_id = str(callback.get("callbackid") or callback.get("id"))
        return replace(subscription, external_id=callback_id, secret="", state="registered")

    async def verify(self, subscription: Subscription, verifier: str, permit: CallPermit) -> Subscription:
        body = {"verifier": verifier}
        callback = await self._client.callback("PUT", subscription.external_id, body, permit)
        if callback.get("verified") is not True:
            raise PermanentError("verifier not taken", error_class="validation", field="verifier")
        return replace(subscription, secret=verifier, state="verified")

    async def renew(self, subscription: Subscription, address: str, permit: CallPermit) -> Subscription:
        """Callbacks do not expire, but FreshBooks disables those whose address failed for long."""
        if not subscription.external_id:
            return await self.register(subscription, address, permit)
        try:
            callback = await self._client.callback("GET", subscription.external_id, None, permit)
        except PermanentError as error:
            if error.error_class != "gone":
                raise
            return await self.register(subscription, address, permit)
        if callback.get("uri") != address:
            body = {"event": subscription.event, "uri": address}
            callback = await self._client.callback("PUT", subscription.external_id, body, permit)
        if callback.get("verified") is True and subscription.secret:
            return replace(subscription, state="verified")
        await self._client.callback("PUT", subscription.external_id, {"resend": True}, permit)
        return replace(subscription, state="registered")
