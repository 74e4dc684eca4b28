"""Zoho platform: the proof on a delivery of the finance products' webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from operator import itemgetter

__all__ = ["SIGNATURE_HEADER", "is_genuine"]

SIGNATURE_HEADER = "x-zoho-webhook-signature"


def is_genuine(pairs: Sequence[tuple[str, str]], raw_body: bytes, signature: str, secret: str) -> bool:
    """Signed are the query and form pairs sorted by key, then the raw body (empty for a form).

    Published pages say base64, deployed receivers compare hex: both are taken.
    """
    if not secret or not signature.isascii():
        return False
    message = "".join(key + value for key, value in sorted(pairs, key=itemgetter(0))).encode() + raw_body
    mac = hmac.digest(secret.encode(), message, hashlib.sha256)
    in_base64 = hmac.compare_digest(base64.b64encode(mac).decode(), signature)
    return in_base64 or hmac.compare_digest(mac.hex(), signature.lower())
