"""A hundred thousand forged deliveries, none accepted; genuine ones are judged in microseconds."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from random import Random
from time import process_time
from urllib.parse import urlencode

import pytest

from twinledger.connectors.base.contract import Delivery, Subscription, Webhooks
from twinledger.connectors.freshbooks.webhook import FreshBooksWebhooks
from twinledger.connectors.zoho_books.webhook import BooksWebhooks
from twinledger.connectors.zoho_crm.webhook import CrmWebhooks

FORGERIES = 34_000
SECRET = "Sandbox0Secret42Sandbox0Secret42"


def sign(message: bytes) -> str:
    return base64.b64encode(hmac.digest(SECRET.encode(), message, hashlib.sha256)).decode()


def freshbooks() -> tuple[Webhooks, Delivery, Subscription]:
    form = {"name": "client.update", "object_id": "24018", "account_id": "Qx7LmP", "user_id": "1"}
    headers = {"x-freshbooks-hmac-sha256": sign(json.dumps(form).encode())}
    subscription = Subscription("freshbooks", "freshbooks.client", "client", "k", "7", SECRET, "active")
    return FreshBooksWebhooks(), Delivery(b"", headers, urlencode(form).encode()), subscription


def zoho_books() -> tuple[Webhooks, Delivery, Subscription]:
    body = b'{"invoice":{"invoice_id":"7001000000012001","status":"paid"}}'
    headers = {"x-zoho-webhook-signature": sign(b"eventinvoice.changed" + body)}
    subscription = Subscription("zoho_books", "zoho_books.invoice", "e", "k", "7", SECRET, "active")
    return BooksWebhooks(), Delivery(b"event=invoice.changed", headers, body), subscription


def zoho_crm() -> tuple[Webhooks, Delivery, Subscription]:
    body = {"module": "Contacts", "ids": ["6756839000000575405"], "channel_id": "7", "token": SECRET}
    subscription = Subscription("zoho_crm", "zoho_crm.contact", "e", "k", "7", SECRET, "active")
    return CrmWebhooks(), Delivery(b"", {}, json.dumps(body).encode()), subscription


Vendor = Callable[[], tuple[Webhooks, Delivery, Subscription]]
VENDORS: list[Vendor] = [freshbooks, zoho_books, zoho_crm]


def flipped(raw: bytes, dice: Random, first: int, last: int) -> bytes:
    """One to three changed bytes between two places."""
    changed = bytearray(raw)
    for _ in range(dice.randint(1, 3)):
        changed[dice.randrange(first, last)] ^= dice.randint(1, 255)
    return bytes(changed)


def forged(delivery: Delivery, dice: Random) -> Delivery:
    """Another body, query or signature. CRM's proof is its token alone, so there the token is hit."""
    if not delivery.headers:
        at = delivery.body.index(SECRET.encode())
        return replace(delivery, body=flipped(delivery.body, dice, at, at + len(SECRET)))
    kind = dice.randrange(3)
    if kind == 0 or (kind == 1 and not delivery.query):
        return replace(delivery, body=flipped(delivery.body, dice, 0, len(delivery.body)))
    if kind == 1:
        return replace(delivery, query=flipped(delivery.query, dice, 0, len(delivery.query)))
    ((name, signature),) = delivery.headers.items()
    wrong = flipped(signature.encode(), dice, 0, len(signature)).decode("latin-1")
    return replace(delivery, headers={name: wrong})


@pytest.mark.control("SEC-06")
@pytest.mark.parametrize("vendor", VENDORS)
def test_no_forgery_is_accepted(vendor: Vendor) -> None:
    webhooks, genuine, subscription = vendor()
    dice = Random(7)
    assert webhooks.judge(genuine, subscription).outcome == "accepted"
    accepted = 0
    for _ in range(FORGERIES):
        delivery = forged(genuine, dice)
        accepted += delivery != genuine and webhooks.judge(delivery, subscription).outcome == "accepted"
    assert accepted == 0


@pytest.mark.parametrize("vendor", VENDORS)
def test_ten_thousand_a_second_are_judged(vendor: Vendor) -> None:
    webhooks, genuine, subscription = vendor()
    best_s = min(timed(webhooks, genuine, subscription) for _ in range(5))
    assert best_s / 500 < 100e-6


def timed(webhooks: Webhooks, delivery: Delivery, subscription: Subscription) -> float:
    started = process_time()
    for _ in range(500):
        webhooks.judge(delivery, subscription)
    return process_time() - started
