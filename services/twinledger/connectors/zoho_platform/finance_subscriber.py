"""Zoho platform, finance products: keeps one signed webhook per module, and the workflow rule that fires it.

Both are found again by their names, so that doing it twice makes no second one. The published page
gives the webhook's fields; the rule's are those that clients send.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from twinledger.connectors.base.access import CallPermit
from twinledger.connectors.base.contract import Subscription
from twinledger.connectors.zoho_platform.finance_client import FinanceClient, Record
from twinledger.connectors.zoho_platform.finance_resources import FinanceResource

__all__ = ["FinanceSubscriber"]

_TRIGGER = "created_or_edited_or_deleted"


class FinanceSubscriber:
    """The caller supplies `secret`: 12 to 50 letters and digits, unreadable once saved. `label` keeps the
    settings of two products of one organization apart."""

    def __init__(self, client: FinanceClient, resources: Mapping[str, FinanceResource], label: str) -> None:
        self._client = client
        self._resources = resources
        self._label = label

    def wanted(self, objects: Sequence[str]) -> Sequence[tuple[str, str]]:
        """Taxes have no workflow: they are polled."""
        entities = [(name, self._resources[name].entity) for name in objects]
        return [(name, f"{entity}.changed") for name, entity in entities if entity]

    async def register(self, subscription: Subscription, address: str, permit: CallPermit) -> Subscription:
        entity = self._resources[subscription.object].entity
        webhook_id = await self._put("webhook", _webhook(self._label, entity, subscription, address), permit)
        await self._put("workflow", _rule(self._label, entity, webhook_id), permit)
        return replace(subscription, external_id=webhook_id, state="active")

    async def verify(self, subscription: Subscription, verifier: str, permit: CallPermit) -> Subscription:
        """There is no handshake."""
        return subscription

    async def renew(self, subscription: Subscription, address: str, permit: CallPermit) -> Subscription:
        """Webhooks do not expire, but a person can delete, change or switch them off: put them again."""
        return await self.register(subscription, address, permit)

    async def _put(self, kind: str, body: Record, permit: CallPermit) -> str:
        """Create the setting, or write it over the one of the same name."""
        name_key, id_key = f"{kind}_name", f"{kind}_id"
        rows = await self._client.settings(f"{kind}s", permit)
        known = next((row for row in rows if row.get(name_key) == body[name_key]), None)
        record = await self._client.put_setting(
            kind, None if known is None else str(known[id_key]), body, permit
        )
        return str(record[id_key])


def _webhook(label: str, entity: str, subscription: Subscription, address: str) -> Record:
    return {
        "webhook_name": f"{label} {entity}",
        "entity": entity,
        "method": "POST",
        "url": address,
        "query_parameters": [{"param_name": "event", "param_value": subscription.event}],
        "body_type": "application/json",
        "secret": subscription.secret,
    }


def _rule(label: str, entity: str, webhook_id: str) -> Record:
    return {
        "workflow_name": f"{label} {entity}",
        "entity": entity,
        "trigger": _TRIGGER,
        "is_active": True,
        "actions": [{"action_type": "webhook", "action_id": webhook_id}],
    }
