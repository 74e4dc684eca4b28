"""Inventory reads: whole records one by one; lists that filter by no stamp."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.unit.connectors.vendor import FakeVendor, httpx, reply

SINCE = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
NEW, OLD = "2026-03-05T17:40:02-0800", "2026-03-01T17:40:02-0800"
ITEM, ORDER = "zoho_inventory.item", "zoho_inventory.sales_order"


def many(key: str, *records: dict[str, Any], more: bool = False) -> httpx.Response:
    return reply(
        {"code": 0, "message": "success", key: list(records), "page_context": {"has_more_page": more}}
    )


async def test_a_record_is_read_whole_and_its_numbers_stay() -> None:
    vendor = FakeVendor(reply(b'{"code":0,"message":"success","item":{"item_id":"7","rate":309.40}}'))
    read = await vendor.connector("zoho_inventory").source.read(ITEM, ["7"], vendor.permit)
    assert read.documents[0].document == b'{"item_id":"7","rate":309.40}'
    assert vendor.lines() == ["GET /inventory/v1/items/7"]


async def test_an_order_is_known_under_both_of_its_keys() -> None:
    vendor = FakeVendor(reply({"code": 0, "sales_order": {"salesorder_id": "7"}}))
    read = await vendor.connector("zoho_inventory").source.read(ORDER, ["7"], vendor.permit)
    assert read.documents[0].external_id == "7"


async def test_a_record_that_is_not_there_is_gone() -> None:
    vendor = FakeVendor(reply({"code": 1002, "message": "x"}, 404))
    read = await vendor.connector("zoho_inventory").source.read(ITEM, ["7"], vendor.permit)
    assert read.documents[0].gone


async def test_items_are_walked_whole_and_the_unchanged_are_left_out() -> None:
    rows = [{"item_id": "1", "last_modified_time": OLD}, {"item_id": "2", "last_modified_time": NEW}]
    vendor = FakeVendor(many("items", *rows, more=True))
    page = await vendor.connector("zoho_inventory").source.changed_since(ITEM, SINCE, "3", vendor.permit)
    assert [one for one, _ in page.ids_to_read] == ["2"]
    assert page.next_page == "4"
    assert ("filter_by", "Status.All") in vendor.query()
    assert ("page", "3") in vendor.query()


async def test_orders_come_newest_first_and_stop_at_the_cursor() -> None:
    rows = [
        {"salesorder_id": "2", "last_modified_time": NEW},
        {"salesorder_id": "1", "last_modified_time": OLD},
    ]
    vendor = FakeVendor(many("salesorders", *rows, more=True), many("salesorders", *rows[:1], more=True))
    source = vendor.connector("zoho_inventory").source
    page = await source.changed_since(ORDER, SINCE, None, vendor.permit)
    assert ([one for one, _ in page.ids_to_read], page.next_page) == (["2"], None)
    assert (await source.changed_since(ORDER, SINCE, None, vendor.permit)).next_page == "2"
