"""Inventory writes: a plain create that carries our reference, updates completed, lost creates looked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.connectors.vendor import FakeVendor, httpx, reply

from twinledger.connectors.base.contract import Applied, NotApplied, UnknownOutcome, WriteAnswer, WriteCall
from twinledger.kernel.errors import PermanentError, TransientError

ITEM, ORDER = "zoho_inventory.item", "zoho_inventory.sales_order"
CREATE = WriteCall("i1", ITEM, "create", None, "TL-AAAA", {"name": "Oven", "rate": 95})
UPDATE = WriteCall("i2", ITEM, "update", "7", "TL-AAAA", {"name": "Stove"})


def one(key: str, record: dict[str, Any], status: int = 200) -> httpx.Response:
    return reply({"code": 0, "message": "success", key: record}, status)


def many(key: str, *records: dict[str, Any], more: bool = False) -> httpx.Response:
    return reply(
        {"code": 0, "message": "success", key: list(records), "page_context": {"has_more_page": more}}
    )


async def write(vendor: FakeVendor, call: WriteCall) -> WriteAnswer:
    (answer,) = await vendor.connector("zoho_inventory").sink.write([call])
    return answer


async def prepared(vendor: FakeVendor, call: WriteCall) -> WriteCall | NotApplied:
    (answer,) = await vendor.connector("zoho_inventory").sink.prepare([call], vendor.permit)
    return answer


async def test_a_create_is_a_post_that_carries_our_reference() -> None:
    vendor = FakeVendor(one("item", {"item_id": "12"}, 201))
    assert await write(vendor, CREATE) == Applied("12", vendor.clock.now(), b'{"item_id":"12"}')
    assert vendor.lines() == ["POST /inventory/v1/items"]
    assert vendor.sent() == {"name": "Oven", "rate": 95, "sku": "TL-AAAA"}


async def test_a_code_of_the_business_stays() -> None:
    vendor = FakeVendor(one("item", {"item_id": "12"}, 201))
    await write(vendor, replace(CREATE, body={"name": "Oven", "rate": 95, "sku": "OVEN-1"}))
    assert vendor.sent()["sku"] == "OVEN-1"


async def test_a_lost_create_is_found_though_the_filter_is_ignored() -> None:
    vendor = FakeVendor(
        many("items", {"item_id": "1", "sku": "OTHER"}, more=True),
        many("items", {"item_id": "2", "sku": "TL-AAAA"}, {"item_id": "3", "sku": ""}),
        one("item", {"item_id": "2", "sku": "TL-AAAA"}),
    )
    sink = vendor.connector("zoho_inventory").sink
    found = await sink.probe(ITEM, "TL-AAAA", CREATE.body, vendor.permit)
    assert [document.external_id for document in found] == ["2"]
    assert not sink.resend_is_safe[ITEM]


async def test_an_update_is_completed_with_what_a_put_demands() -> None:
    line = {"line_item_id": "1", "item_id": "5", "rate": 3, "quantity": 2, "item_total": 6, "tax_id": ""}
    vendor = FakeVendor(one("salesorder", {"salesorder_id": "7", "customer_id": "9", "line_items": [line]}))
    answer = await prepared(vendor, replace(UPDATE, object=ORDER, body={"notes": "soon"}))
    assert isinstance(answer, WriteCall)
    kept = {"line_item_id": "1", "item_id": "5", "rate": 3, "quantity": 2}
    assert answer.body == {"customer_id": "9", "line_items": [kept], "notes": "soon"}


async def test_a_record_saved_since_is_not_written_over() -> None:
    stamp = "2026-03-05T17:40:02-0800"
    vendor = FakeVendor(one("item", {"item_id": "7", "name": "x", "rate": 1, "last_modified_time": stamp}))
    answer = await prepared(vendor, replace(UPDATE, unmodified_since=datetime(2026, 3, 1, tzinfo=UTC)))
    assert isinstance(answer, NotApplied)
    assert isinstance(answer.error, TransientError) and answer.error.error_class == "conflict"


async def test_an_order_is_confirmed_by_a_call_of_its_own() -> None:
    vendor = FakeVendor(reply({"code": 0, "message": "x"}, 201))
    call = replace(UPDATE, object=ORDER, body={"status": "confirmed"}, phase="state")
    assert isinstance(await write(vendor, call), Applied)
    assert vendor.lines() == ["POST /inventory/v1/salesorders/7/status/confirmed"]


@pytest.mark.parametrize(("object_name", "state"), [(ORDER, "draft"), (ITEM, "deleted")])
async def test_a_state_no_call_leads_to_is_refused(object_name: str, state: str) -> None:
    call = replace(UPDATE, object=object_name, body={"status": state}, phase="state")
    answer = await write(FakeVendor(), call)
    assert isinstance(answer, NotApplied) and isinstance(answer.error, PermanentError)
    assert answer.error.error_class == "semantic"


async def test_a_missing_parent_is_for_later_and_a_missing_record_is_gone() -> None:
    missing = reply({"code": 1002, "message": "x"}, 404)
    order = replace(CREATE, object=ORDER, body={"customer_id": "1", "line_items": []})
    for call, error_class in ((order, "parent_missing"), (UPDATE, "gone")):
        answer = await write(FakeVendor(missing), call)
        assert isinstance(answer, NotApplied)
        assert isinstance(answer.error, TransientError | PermanentError)
        assert answer.error.error_class == error_class


async def test_a_cut_answer_says_nothing_about_the_write() -> None:
    assert isinstance(
        await write(FakeVendor(reply({"code": 0, "message": "x"}, 201)), CREATE), UnknownOutcome
    )
