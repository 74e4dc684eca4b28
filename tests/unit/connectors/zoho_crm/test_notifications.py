"""CRM notifications: who may speak, channels that last, and the field that carries our reference."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from tests.unit.connectors.vendor import NOW, FakeVendor, httpx, reply

from twinledger.connectors.base.contract import Delivery, Hint, Subscription
from twinledger.connectors.zoho_crm.webhook import CrmWebhooks
from twinledger.kernel.errors import PermanentError

WANTED = Subscription("zoho_crm", "zoho_crm.contact", "Contacts.all", "key", secret="s3cret")
ADDRESS = "https://sync.example/hooks/zoho_crm/key"
ACTIVE = replace(WANTED, external_id="1105420521999070702", state="active")
BODY: dict[str, Any] = {
    "server_time": 1750102639787,
    "module": "Contacts",
    "resource_uri": "https://evil.example/crm/v2/Contacts",
    "ids": ["6756839000000575405", 6756839000000575406],
    "operation": "update",
    "channel_id": "1105420521999070702",
    "token": "s3cret",
}


def judged(body: object, subscription: Subscription = ACTIVE) -> tuple[str, list[Hint]]:
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    verdict = CrmWebhooks().judge(Delivery(b"", {}, content), subscription)
    return verdict.outcome, list(verdict.hints)


def test_a_genuine_delivery_hints_at_each_record() -> None:
    ids = ("6756839000000575405", "6756839000000575406")
    assert judged(BODY) == ("accepted", [Hint("zoho_crm.contact", one) for one in ids])


@pytest.mark.control("SEC-06")
@pytest.mark.parametrize(
    "change",
    [
        {"token": "other"},
        {"token": None},
        {"token": 5},
        {"token": ""},
        {"channel_id": "1"},
        {"channel_id": None},
    ],
)
def test_another_token_or_channel_is_refused(change: dict[str, Any]) -> None:
    assert judged({**BODY, **change}) == ("bad_signature", [])


@pytest.mark.control("SEC-06")
def test_nothing_is_accepted_without_a_secret_of_ours() -> None:
    assert judged({**BODY, "token": ""}, replace(ACTIVE, secret=""))[0] == "bad_signature"


@pytest.mark.parametrize("change", [{"module": "Campaigns"}, {"ids": "5"}, {"ids": []}, {"ids": ["x;y"]}])
def test_nothing_of_ours_gives_no_hint(change: dict[str, Any]) -> None:
    assert judged({**BODY, **change}) == ("unknown", [])


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"\xff"])
def test_no_json_is_undecodable(body: bytes) -> None:
    assert judged(body) == ("undecodable", [])


def watching(expiry: str, channel_id: str) -> httpx.Response:
    event = {"channel_expiry": expiry, "resource_name": "Contacts", "channel_id": channel_id}
    item = {"code": "SUCCESS", "details": {"events": [event]}, "message": "x", "status": "success"}
    return reply({"watch": [item]}, 201)


async def registered(vendor: FakeVendor) -> Subscription:
    return await vendor.connector("zoho_crm").subscriber.register(WANTED, ADDRESS, vendor.permit)


def echo(hours: float) -> Any:
    """Answers with the asked channel and an expiry of its own."""

    def answer(request: httpx.Request) -> httpx.Response:
        asked = orjson.loads(request.content)["watch"][0]
        return watching((NOW + timedelta(hours=hours)).isoformat(), asked["channel_id"])

    return answer


async def test_register_asks_six_days_and_believes_only_the_answer() -> None:
    vendor = FakeVendor(echo(1))
    subscription = await registered(vendor)
    assert subscription.state == "active"
    assert subscription.expires_at == NOW + timedelta(hours=1)
    asked = vendor.sent()["watch"][0]
    assert datetime.fromisoformat(asked["channel_expiry"]).astimezone(UTC) == NOW + timedelta(days=6)
    assert (asked["token"], asked["notify_url"], asked["events"]) == ("s3cret", ADDRESS, ["Contacts.all"])
    assert asked["notify_on_related_action"] is False


async def test_the_channel_is_the_same_for_the_same_workspace_and_module() -> None:
    first, second = await registered(FakeVendor(echo(1))), await registered(FakeVendor(echo(1)))
    assert first.external_id == second.external_id
    assert first.external_id.isdigit()
    assert int(first.external_id) < 2**63


async def test_renew_replaces_the_channel() -> None:
    vendor = FakeVendor(echo(144))
    await vendor.connector("zoho_crm").subscriber.renew(ACTIVE, ADDRESS, vendor.permit)
    assert vendor.lines() == ["PUT /crm/v8/actions/watch"]


@pytest.mark.parametrize("wrapped", [True, False])
async def test_an_expired_channel_is_made_again(wrapped: bool) -> None:
    fault = {"code": "NOT_SUBSCRIBED", "details": {}, "message": "x", "status": "error"}
    vendor = FakeVendor(reply({"watch": [fault]} if wrapped else fault, 400), echo(144))
    renewed = await vendor.connector("zoho_crm").subscriber.renew(ACTIVE, ADDRESS, vendor.permit)
    assert vendor.lines() == ["PUT /crm/v8/actions/watch", "POST /crm/v8/actions/watch"]
    assert renewed.expires_at == NOW + timedelta(hours=144)


async def test_another_refusal_of_the_renewal_is_raised() -> None:
    fault = {"code": "INVALID_DATA", "details": {"api_name": "token"}, "message": "x", "status": "error"}
    vendor = FakeVendor(reply({"watch": [fault]}, 400))
    with pytest.raises(PermanentError):
        await vendor.connector("zoho_crm").subscriber.renew(ACTIVE, ADDRESS, vendor.permit)


async def test_an_answer_without_an_expiry_is_not_believed() -> None:
    item = {"code": "SUCCESS", "details": {"events": []}, "status": "success"}
    with pytest.raises(PermanentError):
        await registered(FakeVendor(reply({"watch": [item]}, 201)))


def fields(*names: str, unique: bool = True) -> httpx.Response:
    flag = {"case_sensitive": False} if unique else {}
    return reply({"fields": [{"api_name": name, "unique": flag} for name in names]})


async def test_the_reference_field_is_made_when_missing() -> None:
    made = {"code": "SUCCESS", "details": {"id": "1"}, "message": "field created", "status": "success"}
    vendor = FakeVendor(fields("Email"), reply({"fields": [made]}, 201), fields("Email", "Twinledger_Ref"))
    setup = vendor.connector("zoho_crm").setup
    assert await setup.ensure_reference_fields(["zoho_crm.contact"], vendor.permit) == []
    assert vendor.sent(1)["fields"][0]["unique"] == {"case_sensitive": False}
    assert vendor.query(1) == [("module", "Contacts")]


async def test_a_field_that_is_there_is_left_alone_and_one_that_is_not_unique_is_told() -> None:
    vendor = FakeVendor(fields("Twinledger_Ref"))
    setup = vendor.connector("zoho_crm").setup
    assert await setup.ensure_reference_fields(["zoho_crm.contact"], vendor.permit) == []
    vendor = FakeVendor(fields("Twinledger_Ref", unique=False))
    setup = vendor.connector("zoho_crm").setup
    (note,) = await setup.ensure_reference_fields(["zoho_crm.contact"], vendor.permit)
    assert "make it unique" in note


async def test_deals_get_the_fields_that_flows_write_back() -> None:
    ours = ("Twinledger_Ref", "Twinledger_Invoice", "Twinledger_Payment_State")
    made = {"code": "SUCCESS", "details": {"id": "1"}, "message": "field created", "status": "success"}
    added = [reply({"fields": [made]}, 201) for _ in range(2)]
    vendor = FakeVendor(fields("Twinledger_Ref"), *added, fields(*ours))
    setup = vendor.connector("zoho_crm").setup
    assert await setup.ensure_reference_fields(["zoho_crm.deal"], vendor.permit) == []
    asked = [vendor.sent(at)["fields"][0] for at in (1, 2)]
    assert [one["field_label"] for one in asked] == ["Twinledger Invoice", "Twinledger Payment State"]
    assert not any("unique" in one for one in asked)


async def test_a_field_that_is_not_there_after_all_is_a_persons_work() -> None:
    made = {"code": "SUCCESS", "details": {"id": "1"}, "message": "field created", "status": "success"}
    there = fields("Twinledger_Ref", "Twinledger_Invoice")
    vendor = FakeVendor(there, reply({"fields": [made]}, 201), there)
    (note,) = await vendor.connector("zoho_crm").setup.ensure_reference_fields(
        ["zoho_crm.deal"], vendor.permit
    )
    assert note == "Deals.Twinledger_Payment_State is missing: make it, a single line of text"
