"""Zoho CRM: keeps one notification channel per module; channels live a week at most."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from twinledger.connectors.base.access import CallPermit
from twinledger.connectors.base.contract import Subscription
from twinledger.connectors.zoho_crm.client import CrmClient
from twinledger.connectors.zoho_crm.resources import MODULES
from twinledger.kernel.clock import Clock
from twinledger.kernel.errors import PermanentError

__all__ = ["CrmSubscriber"]

_ASKED = timedelta(days=6)
"""A week is the maximum, and an expiry past it silently becomes one hour."""


class CrmSubscriber:
    """The caller supplies `secret`, at most 50 characters: Zoho echoes it as `token`."""

    def __init__(self, client: CrmClient, clock: Clock, workspace: str) -> None:
        self._client = client
        self._clock = clock
        self._workspace = workspace

    def wanted(self, objects: Sequence[str]) -> Sequence[tuple[str, str]]:
        return [(name, f"{MODULES[name].name}.all") for name in objects]

    async def register(self, subscription: Subscription, address: str, permit: CallPermit) -> Subscription:
        return await self._watch("POST", subscription, address, permit)

    async def verify(self, subscription: Subscription, verifier: str, permit: CallPermit) -> Subscription:
        """CRM has no handshake."""
        return subscription

    async def renew(self, subscription: Subscription, address: str, permit: CallPermit) -> Subscription:
        """PUT replaces the whole channel; an expired one is collected and must be made again."""
        try:
            return await self._watch("PUT", subscription, address, permit)
        except PermanentError as error:
            if error.code != "NOT_SUBSCRIBED":
                raise
            return await self._watch("POST", subscription, address, permit)

    async def _watch(
        self, method: str, subscription: Subscription, address: str, permit: CallPermit
    ) -> Subscription:
        channel_id = self._channel_id(subscription.object)
        expiry = (self._clock.now() + _ASKED).astimezone(UTC).isoformat(timespec="seconds")
        body = {
            "channel_id": channel_id,
            "events": [subscription.event],
            "notify_url": address,
            "token": subscription.secret,
            "channel_expiry": expiry,
            "return_affected_field_values": False,
            "notify_on_related_action": False,
        }
        answer = await self._client.watch(method, body, permit)
        return replace(
            subscription, external_id=channel_id, state="active", expires_at=_expiry(answer, channel_id)
        )

    def _channel_id(self, object_name: str) -> str:
        """The same for the same workspace and module, so that a second registration is no double."""
        text = f"{self._workspace}\x1f{MODULES[object_name].name}"
        digest = hashlib.sha256(text.encode()).digest()
        return str(int.from_bytes(digest[:8]) >> 1)


def _expiry(answer: Mapping[str, Any], channel_id: str) -> datetime:
    """What we got, not what we asked for."""
    details = answer.get("details")
    events = details.get("events") if isinstance(details, dict) else None
    for event in events or ():
        if str(event.get("channel_id")) == channel_id and event.get("channel_expiry"):
            return datetime.fromisoformat(event["channel_expiry"]).astimezone(UTC)
    raise PermanentError("no expiry in the answer", error_class="unlisted", field="channel_expiry")
