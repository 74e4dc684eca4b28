"""Zoho CRM: judges notification deliveries: no signature, so secret address, token and channel."""

from __future__ import annotations

import hmac

import orjson

from twinledger.connectors.base.contract import Delivery, Hint, Subscription, Verdict
from twinledger.connectors.zoho_crm.resources import MODULES

__all__ = ["CrmWebhooks"]

_OBJECTS = {module.name: module.object for module in MODULES.values()}


class CrmWebhooks:
    """`resource_uri` is ignored: an address in a delivery is nobody's word."""

    def judge(self, delivery: Delivery, subscription: Subscription) -> Verdict:
        try:
            body = orjson.loads(delivery.body)
        except ValueError:
            return Verdict("undecodable")
        if not isinstance(body, dict):
            return Verdict("undecodable")
        token = body.get("token")
        if not subscription.secret or not isinstance(token, str):
            return Verdict("bad_signature")
        if not hmac.compare_digest(token.encode(errors="replace"), subscription.secret.encode()):
            return Verdict("bad_signature")
        if subscription.external_id and str(body.get("channel_id")) != subscription.external_id:
            return Verdict("bad_signature")
        object_name = _OBJECTS.get(str(body.get("module")))
        ids = body.get("ids")
        if object_name is None or not isinstance(ids, list):
            return Verdict("unknown")
        hints = tuple(Hint(object_name, str(one)) for one in ids if _is_id(str(one)))
        return Verdict("accepted" if hints else "unknown", hints)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit()
