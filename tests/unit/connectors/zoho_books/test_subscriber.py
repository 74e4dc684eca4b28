"""Books webhooks: one per module and the rule that fires it; put twice, there is still one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.connectors.vendor import FakeVendor, httpx, reply

from twinledger.connectors.base.contract import Subscription
from twinledger.kernel.errors import TransientError

WANTED = Subscription("zoho_books", "zoho_books.invoice", "invoice.changed", "key", secret="Sandbox0Secret42")
ADDRESS = "https://sync.example/hooks/zoho_books/key"


def rows(key: str, *found: dict[str, Any]) -> httpx.Response:
    return reply({"code": 0, "message": "success", key: list(found)})


def made(key: str, record_id: str) -> httpx.Response:
    return reply({"code": 0, "message": "x", key: {f"{key}_id": record_id}}, 201)


def test_taxes_have_no_webhook() -> None:
    subscriber = FakeVendor().connector("zoho_books").subscriber
    wanted = subscriber.wanted(["zoho_books.tax", "zoho_books.contact"])
    assert wanted == [("zoho_books.contact", "contact.changed")]


async def test_register_makes_the_webhook_and_its_rule() -> None:
    vendor = FakeVendor(rows("webhooks"), made("webhook", "7"), rows("workflows"), made("workflow", "8"))
    subscription = await vendor.connector("zoho_books").subscriber.register(WANTED, ADDRESS, vendor.permit)
    assert subscription == replace(WANTED, external_id="7", state="active")
    webhook, rule = vendor.sent(1), vendor.sent(3)
    assert (webhook["url"], webhook["secret"], webhook["entity"]) == (ADDRESS, "Sandbox0Secret42", "invoice")
    assert webhook["query_parameters"] == [{"param_name": "event", "param_value": "invoice.changed"}]
    assert len(webhook["webhook_name"]) <= 50
    assert rule["actions"] == [{"action_type": "webhook", "action_id": "7"}]
    assert vendor.permit.acquired == 4


async def test_renew_writes_over_what_is_there() -> None:
    vendor = FakeVendor(
        rows("webhooks", {"webhook_name": "twinledger invoice", "webhook_id": "7"}),
        made("webhook", "7"),
        rows("workflows", {"workflow_name": "twinledger invoice", "workflow_id": "8"}),
        made("workflow", "8"),
    )
    await vendor.connector("zoho_books").subscriber.renew(WANTED, ADDRESS, vendor.permit)
    assert vendor.lines()[1] == "PUT /books/v3/settings/webhooks/7"
    assert vendor.lines()[3] == "PUT /books/v3/settings/workflows/8"


async def test_an_answer_without_an_id_is_not_believed() -> None:
    vendor = FakeVendor(rows("webhooks"), reply({"code": 0, "message": "x", "webhook": {}}))
    with pytest.raises(TransientError):
        await vendor.connector("zoho_books").subscriber.register(WANTED, ADDRESS, vendor.permit)
