"""Zoho platform: judges webhook deliveries of the finance products; only the record they name is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson

from twinledger.connectors.base.contract import Delivery, Hint, Subscription, Verdict
from twinledger.connectors.zoho_platform.finance_resources import FinanceResource
from twinledger.connectors.zoho_platform.signature import SIGNATURE_HEADER, is_genuine

__all__ = ["FinanceWebhooks"]

_FORM = "application/x-www-form-urlencoded"


class FinanceWebhooks:
    """The body tells neither event nor module: the subscription does."""

    def __init__(self, resources: Mapping[str, FinanceResource]) -> None:
        self._resources = resources

    def judge(self, delivery: Delivery, subscription: Subscription) -> Verdict:
        resource = self._resources.get(subscription.object)
        if resource is None:
            return Verdict("unknown")
        try:
            pairs = _pairs(delivery.query)
            is_form = delivery.headers.get("content-type", "").startswith(_FORM)
            form = _pairs(delivery.body) if is_form else []
        except ValueError:
            return Verdict("undecodable")
        signature = delivery.headers.get(SIGNATURE_HEADER, "")
        raw_body = b"" if is_form else delivery.body
        if not is_genuine([*pairs, *form], raw_body, signature, subscription.secret):
            return Verdict("bad_signature")
        try:
            payload = orjson.loads(dict(form).get("JSONString", "") if is_form else delivery.body)
        except ValueError:
            return Verdict("undecodable")
        external_id = _external_id(payload, resource)
        if external_id is None:
            return Verdict("unknown")
        return Verdict("accepted", (Hint(resource.object, external_id),))


def _pairs(text: bytes) -> list[tuple[str, str]]:
    return parse_qsl(text.decode(), keep_blank_values=True, max_num_fields=200)


def _external_id(payload: Any, resource: FinanceResource) -> str | None:
    if not isinstance(payload, dict):
        return None
    records = [payload.get(key) for key in resource.payload_keys]
    record = next((one for one in records if isinstance(one, dict)), payload)
    text = str(record.get(resource.id_key))
    return text if text.isascii() and text.isdigit() else None
