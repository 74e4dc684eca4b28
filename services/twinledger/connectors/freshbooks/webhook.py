"""FreshBooks: judges callback deliveries: ids in a form, signed with the callback's own verifier."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from urllib.parse import parse_qsl

from twinledger.connectors.base.contract import Delivery, Hint, Subscription, Verdict

__all__ = ["FreshBooksWebhooks"]

_SIGNATURE = "x-freshbooks-hmac-sha256"
_MAX_FIELDS = 50
_PENDING = frozenset({"wanted", "registered"})
_OBJECTS = {noun: f"freshbooks.{noun}" for noun in ("client", "item", "tax", "invoice", "payment")}


class FreshBooksWebhooks:
    """The key is the verifier that the handshake brought, one per callback."""

    def judge(self, delivery: Delivery, subscription: Subscription) -> Verdict:
        try:
            form = _form(delivery.body)
        except ValueError:
            return Verdict("undecodable")
        name = form.get("name", "")
        if name == "callback.verify":
            return _handshake(form, subscription)
        if not _is_genuine(form, delivery.headers.get(_SIGNATURE, ""), subscription.secret):
            return Verdict("bad_signature")
        object_name = _OBJECTS.get(name.partition(".")[0])
        external_id = form.get("object_id", "")
        if object_name is None or not (external_id.isascii() and external_id.isdigit()):
            return Verdict("unknown")
        return Verdict("accepted", (Hint(object_name, external_id),))


def _form(body: bytes) -> dict[str, str]:
    """The fields in received order; ids need no unquoting, which would be most of the work."""
    text = body.decode()
    if "%" in text or "+" in text:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS))
    if text.count("&") >= _MAX_FIELDS:
        raise ValueError("too many fields")
    pairs = (pair.partition("=") for pair in text.split("&") if pair)
    return {name: value for name, _, value in pairs}


def _handshake(form: Mapping[str, str], subscription: Subscription) -> Verdict:
    """Only while pending; the code proves nothing until our own authenticated call confirms it."""
    ours = subscription.external_id in ("", form.get("object_id"))
    verifier = form.get("verifier", "")
    if subscription.state not in _PENDING or not ours or not verifier:
        return Verdict("unknown")
    return Verdict("handshake", verifier=verifier)


def _is_genuine(form: Mapping[str, str], signature: str, verifier: str) -> bool:
    """The message is the JSON text of the form in received order, not the raw body."""
    if not verifier or not signature.isascii():
        return False
    mac = hmac.digest(verifier.encode(), json.dumps(form).encode(), hashlib.sha256)
    return hmac.compare_digest(base64.b64encode(mac).decode(), signature)
