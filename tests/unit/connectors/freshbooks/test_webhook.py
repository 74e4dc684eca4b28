"""FreshBooks deliveries: the published signing rule, the handshake, and everything forged."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinledger.connectors.base.contract import Delivery, Hint, Subscription
from twinledger.connectors.freshbooks.webhook import FreshBooksWebhooks

VERIFIER = "hK3pQm7Zr2VxTn9WbYcD4sLfGj8aEuRi"
BODY = (
    b"name=invoice.update&object_id=480211&account_id=Qx7LmP&business_id=551207&identity_id=90314&user_id=1"
)
SIGNATURE = "bRWK9eYnv2f8L0dBg+bb6mwK8s8uZ04+M2eK1Yo0EkM="
SUBSCRIPTION = Subscription(
    "freshbooks", "freshbooks.invoice", "invoice", "key", "2044", VERIFIER, state="active"
)
WEBHOOKS = FreshBooksWebhooks()


def delivery(body: bytes = BODY, signature: str = SIGNATURE) -> Delivery:
    return Delivery(b"", {"x-freshbooks-hmac-sha256": signature}, body)


def signed(form: dict[str, str]) -> Delivery:
    mac = hmac.digest(VERIFIER.encode(), json.dumps(form).encode(), hashlib.sha256)
    return delivery(urlencode(form).encode(), base64.b64encode(mac).decode())


@pytest.mark.control("SEC-06")
def test_the_published_vector_is_accepted() -> None:
    verdict = WEBHOOKS.judge(delivery(), SUBSCRIPTION)
    assert verdict.outcome == "accepted"
    assert verdict.hints == (Hint("freshbooks.invoice", "480211"),)


@pytest.mark.control("SEC-06")
@given(st.integers(0, len(BODY) - 1), st.integers(1, 255))
def test_no_changed_byte_of_the_body_is_accepted(at: int, bits: int) -> None:
    body = bytearray(BODY)
    body[at] ^= bits
    assert WEBHOOKS.judge(delivery(bytes(body)), SUBSCRIPTION).outcome != "accepted"


@pytest.mark.control("SEC-06")
@given(st.text(max_size=60))
def test_no_other_signature_is_accepted(signature: str) -> None:
    if signature != SIGNATURE:
        assert WEBHOOKS.judge(delivery(signature=signature), SUBSCRIPTION).outcome == "bad_signature"


def test_nothing_is_accepted_before_the_verifier_is_known() -> None:
    pending = replace(SUBSCRIPTION, secret="", state="registered")
    assert WEBHOOKS.judge(delivery(), pending).outcome == "bad_signature"


def test_the_signature_is_over_the_order_received() -> None:
    pairs = BODY.split(b"&")
    shuffled = b"&".join([pairs[1], pairs[0], *pairs[2:]])
    assert WEBHOOKS.judge(delivery(shuffled), SUBSCRIPTION).outcome == "bad_signature"


def test_text_beyond_ascii_is_signed_escaped() -> None:
    form = {"name": "client.update", "object_id": "5", "note": "Zoë & Söhne"}
    assert WEBHOOKS.judge(signed(form), SUBSCRIPTION).hints == (Hint("freshbooks.client", "5"),)


@pytest.mark.parametrize("form", [{"name": "bill.update", "object_id": "5"}, {"name": "invoice.update"}])
def test_a_genuine_delivery_about_nothing_of_ours_gives_no_hint(form: dict[str, str]) -> None:
    verdict = WEBHOOKS.judge(signed(form), SUBSCRIPTION)
    assert (verdict.outcome, verdict.hints) == ("unknown", ())


def handshake(object_id: str = "2044") -> Delivery:
    form = {"name": "callback.verify", "object_id": object_id, "verifier": "abc"}
    return Delivery(b"", {}, urlencode(form).encode())


def test_the_handshake_brings_the_verifier_while_pending() -> None:
    verdict = WEBHOOKS.judge(handshake(), replace(SUBSCRIPTION, secret="", state="registered"))
    assert (verdict.outcome, verdict.verifier) == ("handshake", "abc")


def test_the_handshake_may_come_before_the_callback_id_is_stored() -> None:
    pending = replace(SUBSCRIPTION, external_id="", secret="", state="wanted")
    assert WEBHOOKS.judge(handshake(), pending).outcome == "handshake"


@pytest.mark.control("SEC-06")
def test_no_handshake_on_an_address_that_is_not_pending_or_of_another_callback() -> None:
    assert WEBHOOKS.judge(handshake(), SUBSCRIPTION).outcome == "unknown"
    pending = replace(SUBSCRIPTION, secret="", state="registered")
    assert WEBHOOKS.judge(handshake("999"), pending).outcome == "unknown"


@pytest.mark.parametrize("body", [b"\xff\xfe", b"a=1&" * 100])
def test_what_is_no_form_is_undecodable(body: bytes) -> None:
    assert WEBHOOKS.judge(delivery(body), SUBSCRIPTION).outcome == "undecodable"
