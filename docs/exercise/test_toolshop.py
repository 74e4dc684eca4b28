"""The Tool Shop's connector against a vendor that answers as told; run with its folder among the others."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.connectors.vendor import NOW, FakeVendor, httpx, reply

from twinledger.connectors import registry
from twinledger.connectors.base.contract import (
    Applied,
    Delivery,
    Hint,
    NotApplied,
    Subscription,
    UnknownOutcome,
    WriteAnswer,
    WriteCall,
)
from twinledger.connectors.wanted import wanted_operations, wanted_scopes
from twinledger.kernel.errors import PermanentError, TransientError
from twinledger.mapping.definitions import load_shipped

TOOL = "toolshop.tool"
SECRET = "told to the shop"  # noqa: S105 - of a test
PLANE = {"id": "7", "title": "Plane", "ref": "TL-AAAA", "changed_at": "2026-03-05T11:00:00+00:00"}
CREATE = WriteCall("i1", TOOL, "create", None, "TL-AAAA", {"title": "Plane", "ref": "TL-AAAA"})
UPDATE = WriteCall("i2", TOOL, "update", "7", "TL-AAAA", {"title": "Jack plane"})


async def write(vendor: FakeVendor, call: WriteCall) -> WriteAnswer:
    (answer,) = await vendor.connector("toolshop").sink.write([call])
    return answer


# --- reading -------------------------------------------------------------------------------------


async def test_changes_come_page_by_page_with_their_stamps() -> None:
    vendor = FakeVendor(reply({"tools": [PLANE], "next": 2}), reply({"tools": [], "next": None}))
    source = vendor.connector("toolshop").source
    page = await source.changed_since(TOOL, NOW, None, vendor.permit)
    assert [one.external_id for one in page.documents] == ["7"]
    assert page.next_page == "2" and page.seen_until == page.documents[0].updated_at
    assert ("changed_since", NOW.isoformat()) in vendor.query()
    assert (await source.changed_since(TOOL, NOW, "2", vendor.permit)).next_page is None
    assert vendor.permit.acquired == 2


async def test_a_tool_that_is_gone_is_told_as_gone() -> None:
    vendor = FakeVendor(reply({"error": "gone"}, 404))
    read = await vendor.connector("toolshop").source.read(TOOL, ["7"], vendor.permit)
    assert [one.gone for one in read.documents] == [True]


async def test_an_expired_token_is_renewed_once() -> None:
    vendor = FakeVendor(reply({}, 401), reply({"tool": PLANE}))
    read = await vendor.connector("toolshop").source.read(TOOL, ["7"], vendor.permit)
    assert not read.documents[0].gone and vendor.requests[1].headers["authorization"] == "Bearer token-2"


# --- writing -------------------------------------------------------------------------------------


async def test_a_create_is_a_post_and_an_update_a_patch() -> None:
    vendor = FakeVendor(reply({"tool": PLANE}, 201), reply({"tool": PLANE}))
    answers = [await write(vendor, CREATE), await write(vendor, UPDATE)]
    assert [one.external_id for one in answers if isinstance(one, Applied)] == ["7", "7"]
    assert vendor.lines() == ["POST /tools", "PATCH /tools/7"]
    assert vendor.sent(0) == {"tool": {"title": "Plane", "ref": "TL-AAAA"}}


@pytest.mark.parametrize(
    ("answer", "applied", "error"),
    [
        (reply({"error": "duplicate"}, 409), False, PermanentError),
        (reply({}, 429, {"Retry-After": "7"}), False, TransientError),
        (reply({"error": "?"}, 503), True, None),
        (reply(b"<html>", 200), True, None),
        (reply({"ok": True}, 200), True, None),
        (httpx.ReadTimeout("late"), True, None),
        (httpx.ConnectError("away"), False, TransientError),
    ],
)
async def test_a_write_that_failed_says_whether_it_may_have_been_applied(
    answer: Any, applied: bool, error: type[Exception] | None
) -> None:
    told = await write(FakeVendor(answer), CREATE)
    if applied:
        assert isinstance(told, UnknownOutcome)
    else:
        assert isinstance(told, NotApplied) and error is not None and isinstance(told.error, error)


async def test_a_lost_create_is_found_by_its_reference_alone() -> None:
    vendor = FakeVendor(reply({"tools": [PLANE, PLANE | {"id": "8", "ref": None}]}))
    found = await vendor.connector("toolshop").sink.probe(TOOL, "TL-AAAA", CREATE.body, vendor.permit)
    assert [one.external_id for one in found] == ["7"]
    assert vendor.query() == [("ref", "TL-AAAA")]


async def test_whoever_saved_it_in_between_is_heard_first() -> None:
    vendor = FakeVendor(reply({"tool": PLANE | {"changed_at": "2026-03-05T13:00:00+00:00"}}))
    sink = vendor.connector("toolshop").sink
    (answer,) = await sink.prepare([replace(UPDATE, unmodified_since=NOW)], vendor.permit)
    assert isinstance(answer, NotApplied) and isinstance(answer.error, TransientError)
    assert answer.error.error_class == "conflict"


# --- webhooks ------------------------------------------------------------------------------------


async def test_a_delivery_counts_with_our_signature_alone() -> None:
    vendor = FakeVendor(reply({}))
    connector = vendor.connector("toolshop")
    wanted = Subscription("toolshop", TOOL, "changed", key="k", secret=SECRET)
    kept = await connector.subscriber.register(wanted, "https://us.example/k", vendor.permit)
    assert kept.state == "active" and vendor.lines() == ["PUT /hooks/k"]
    body = b'{"tool": "7"}'
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    signed = Delivery(b"", {"x-toolshop-signature": signature}, body)
    assert connector.webhooks.judge(signed, kept).hints == (Hint(TOOL, "7"),)
    assert connector.webhooks.judge(replace(signed, body=b'{"tool": "8"}'), kept).outcome == "bad_signature"
    assert connector.webhooks.judge(replace(signed, headers={}), kept).outcome == "bad_signature"


# --- among the others ----------------------------------------------------------------------------


def test_it_asks_for_its_own_scopes_where_a_workspace_has_it_and_for_none_elsewhere() -> None:
    infos, rules = registry.infos(), load_shipped()
    scopes = wanted_scopes("toolshop", wanted_operations(rules, infos, {}), infos)
    assert list(scopes) == ["hooks.write", "tools.read", "tools.write"]
    without = rules.without(registry.absent(["zoho_inventory"]))
    assert TOOL in rules.sync_rules["item"].systems and TOOL not in without.sync_rules["item"].systems
    assert wanted_scopes("toolshop", wanted_operations(without, infos, {}), infos) == {}
