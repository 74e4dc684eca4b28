"""Books deliveries: the published signing rule, both encodings, form bodies, and everything forged."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinledger.connectors.base.contract import Delivery, Hint, Subscription
from twinledger.connectors.zoho_books.webhook import BooksWebhooks

SECRET = "Sandbox0Secret42"
QUERY = b"tenant=t1&event=invoice.updated"
BODY = b'{"invoice":{"invoice_id":"7001000000012001","status":"paid"}}'
BASE64 = "gICzepbtUiiOodFyXziv+cZ8o5B+hjC3bSd/+QFsfGE="
HEX = "8080b37a96ed52288ea1d1725f38aff9c67ca3907e8630b76d277ff9016c7c61"
SUBSCRIPTION = Subscription(
    "zoho_books", "zoho_books.invoice", "invoice.changed", "key", "1", SECRET, state="active"
)
WEBHOOKS = BooksWebhooks()


def delivery(
    body: bytes = BODY, query: bytes = QUERY, signature: str = BASE64, kind: str = "json"
) -> Delivery:
    content_type = "application/x-www-form-urlencoded" if kind == "form" else "application/json"
    headers = {"x-zoho-webhook-signature": signature, "content-type": content_type}
    return Delivery(query, headers, body)


def signed(body: bytes, message: str, **options: str) -> Delivery:
    mac = hmac.digest(SECRET.encode(), message.encode(), hashlib.sha256)
    return delivery(body, b"", mac.hex(), **options)


@pytest.mark.control("SEC-06")
@pytest.mark.parametrize("signature", [BASE64, HEX, HEX.upper()])
def test_the_published_vector_is_accepted(signature: str) -> None:
    verdict = WEBHOOKS.judge(delivery(signature=signature), SUBSCRIPTION)
    assert verdict.outcome == "accepted"
    assert verdict.hints == (Hint("zoho_books.invoice", "7001000000012001"),)


@pytest.mark.control("SEC-06")
@given(st.integers(0, len(BODY) - 1), st.integers(1, 255))
def test_no_changed_byte_is_accepted(at: int, bits: int) -> None:
    body = bytearray(BODY)
    body[at] ^= bits
    assert WEBHOOKS.judge(delivery(bytes(body)), SUBSCRIPTION).outcome == "bad_signature"


@pytest.mark.control("SEC-06")
@pytest.mark.parametrize(
    ("query", "signature", "secret"),
    [
        (b"tenant=t2&event=invoice.updated", BASE64, SECRET),
        (b"", BASE64, SECRET),
        (QUERY, "", SECRET),
        (QUERY, "ü", SECRET),
        (QUERY, BASE64[:-1], SECRET),
        (QUERY, BASE64, "Another0Secret42"),
        (QUERY, BASE64, ""),
    ],
)
def test_another_query_signature_or_secret_is_refused(query: bytes, signature: str, secret: str) -> None:
    judged = WEBHOOKS.judge(delivery(query=query, signature=signature), replace(SUBSCRIPTION, secret=secret))
    assert judged.outcome == "bad_signature"


def test_a_form_body_is_signed_by_its_pairs() -> None:
    form = {"JSONString": '{"invoice":{"invoice_id":"7"}}', "a": "1 2"}
    message = 'JSONString{"invoice":{"invoice_id":"7"}}a1 2'
    verdict = WEBHOOKS.judge(signed(urlencode(form).encode(), message, kind="form"), SUBSCRIPTION)
    assert verdict.hints == (Hint("zoho_books.invoice", "7"),)


@pytest.mark.parametrize(
    ("object_name", "text", "external_id"),
    [
        ("zoho_books.customer_payment", '{"payment":{"payment_id":"5"}}', "5"),
        ("zoho_books.customer_payment", '{"customer_payment":{"payment_id":"5"}}', "5"),
        ("zoho_books.sales_order", '{"salesorder":{"salesorder_id":5}}', "5"),
        ("zoho_books.contact", '{"contact_id":"5"}', "5"),
    ],
)
def test_the_record_is_found_under_any_of_its_keys(object_name: str, text: str, external_id: str) -> None:
    verdict = WEBHOOKS.judge(signed(text.encode(), text), replace(SUBSCRIPTION, object=object_name))
    assert verdict.hints == (Hint(object_name, external_id),)


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("{}", "unknown"),
        ('{"invoice":{"invoice_id":"x/../y"}}', "unknown"),
        ("[]", "unknown"),
        ("<", "undecodable"),
    ],
)
def test_genuine_but_useless(text: str, outcome: str) -> None:
    assert WEBHOOKS.judge(signed(text.encode(), text), SUBSCRIPTION).outcome == outcome


def test_an_unknown_object_is_unknown() -> None:
    assert WEBHOOKS.judge(delivery(), replace(SUBSCRIPTION, object="zoho_books.bill")).outcome == "unknown"
