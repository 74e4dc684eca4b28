"""Zoho Books: judges webhook deliveries; which record they name is all that is read of them."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import orjson

from twinledger.connectors.base.contract import Delivery, Hint, Subscription, Verdict
from twinledger.connectors.zoho_books.resources import RESOURCES, Resource
from twinledger.connectors.zoho_platform.signature import SIGNATURE_HEADER, is_genuine

__all__ = ["BooksWebhooks"]

_FORM = "application/x-www-form-urlencoded"


class BooksWebhooks:
    """The body tells neither event nor module: the subscription does."""

    def judge(self, delivery: Delivery, subscription: Subscription) -> Verdict:
        resource = RESOURCES.get(subscription.object)
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


def _external_id(payload: Any, resource: Resource) -> str | None:
    if not isinstance(payload, dict):
        return None
    records = [payload.get(key) for key in resource.payload_keys]
    record = next((one for one in records if isinstance(one, dict)), payload)
    text = str(record.get(resource.id_key))
    return text if text.isascii() and text.isdigit() else None
