"""Books reads: whole records, items in one call, and the cursor each list allows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.connectors.vendor import FakeVendor, httpx, reply

from twinledger.kernel.errors import PermanentError, TransientError

SINCE = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
NEW, OLD = "2026-03-05T17:40:02-0800", "2026-03-01T17:40:02-0800"


def one(key: str, record: dict[str, Any]) -> httpx.Response:
    return reply({"code": 0, "message": "success", key: record})


def many(key: str, *records: dict[str, Any], more: bool = False) -> httpx.Response:
    context = {"page": 1, "per_page": 200, "has_more_page": more}
    return reply({"code": 0, "message": "success", key: list(records), "page_context": context})


async def test_a_record_is_read_whole_and_its_numbers_stay() -> None:
    vendor = FakeVendor(
        reply(b'{"code":0,"message":"success","invoice":{"invoice_id":"7","total":309.40,"rate":1.0}}')
    )
    read = await vendor.connector("zoho_books").source.read("zoho_books.invoice", ["7"], vendor.permit)
    assert read.documents[0].document == b'{"invoice_id":"7","total":309.40,"rate":1.0}'
    assert vendor.lines() == ["GET /books/v3/invoices/7"]
    assert vendor.query() == [("organization_id", "700100200")]


async def test_several_are_read_each_under_its_own_permit() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return one("contact", {"contact_id": request.url.path.rpartition("/")[2]})

    vendor = FakeVendor(answer, answer, answer)
    read = await vendor.connector("zoho_books").source.read(
        "zoho_books.contact", ["1", "2", "3"], vendor.permit
    )
    assert [document.external_id for document in read.documents] == ["1", "2", "3"]
    assert vendor.permit.acquired == 3


async def test_one_that_fails_lets_the_others_end_before_it_is_raised() -> None:
    ok, down = one("contact", {"contact_id": "1"}), reply(b"<html>", 503)
    vendor = FakeVendor(down, ok)
    with pytest.raises(TransientError):
        await vendor.connector("zoho_books").source.read("zoho_books.contact", ["1", "2"], vendor.permit)
    assert len(vendor.permit.answers) == 2


async def test_items_are_one_call_and_the_missing_one_is_gone() -> None:
    vendor = FakeVendor(
        many("items", {"item_id": "1"}, {"item_id": "99"}), reply({"code": 1002, "message": "x"}, 404)
    )
    read = await vendor.connector("zoho_books").source.read("zoho_books.item", ["1", "2"], vendor.permit)
    assert [(document.external_id, document.gone) for document in read.documents] == [
        ("1", False),
        ("2", True),
    ]
    assert vendor.lines() == ["GET /books/v3/itemdetails", "GET /books/v3/items/2"]


@pytest.mark.parametrize(("name", "key"), [("invoice", "invoices"), ("sales_order", "salesorders")])
async def test_where_a_stamp_filters_it_is_sent(name: str, key: str) -> None:
    row = {"invoice_id": "7", "salesorder_id": "7", "last_modified_time": NEW}
    vendor = FakeVendor(many(key, row, more=True))
    page = await vendor.connector("zoho_books").source.changed_since(
        f"zoho_books.{name}", SINCE, None, vendor.permit
    )
    assert page.documents == []
    assert page.ids_to_read == [("7", datetime(2026, 3, 6, 1, 40, 2, tzinfo=UTC))]
    assert (page.next_page, page.seen_until) == ("2", datetime(2026, 3, 6, 1, 40, 2, tzinfo=UTC))
    assert ("last_modified_time", "2026-03-04T12:00:00+0000") in vendor.query()
    assert b"%2B0000" in vendor.requests[0].url.query


async def test_contacts_come_newest_first_and_stop_at_the_cursor() -> None:
    rows = [{"contact_id": "1", "last_modified_time": NEW}, {"contact_id": "2", "last_modified_time": OLD}]
    vendor = FakeVendor(many("contacts", *rows, more=True))
    page = await vendor.connector("zoho_books").source.changed_since(
        "zoho_books.contact", SINCE, None, vendor.permit
    )
    assert [external_id for external_id, _ in page.ids_to_read] == ["1"]
    assert page.next_page is None
    query = dict(vendor.query())
    assert (query["sort_column"], query["sort_order"]) == ("last_modified_time", "D")
    assert (query["filter_by"], query["contact_type"]) == ("Status.All", "customer")


async def test_items_are_walked_whole_with_inactive_ones() -> None:
    rows = [{"item_id": "1", "last_modified_time": OLD}, {"item_id": "2", "last_modified_time": NEW}]
    vendor = FakeVendor(many("items", *rows, more=True))
    page = await vendor.connector("zoho_books").source.changed_since(
        "zoho_books.item", SINCE, "3", vendor.permit
    )
    assert [external_id for external_id, _ in page.ids_to_read] == ["2"]
    assert page.next_page == "4"
    assert dict(vendor.query())["filter_by"] == "Status.All"
    assert dict(vendor.query())["page"] == "3"


async def test_payments_are_asked_by_a_window_of_dates_under_either_key() -> None:
    for key in ("customerpayments", "customer_payments"):
        vendor = FakeVendor(many(key, {"payment_id": "7"}))
        page = await vendor.connector("zoho_books").source.changed_since(
            "zoho_books.customer_payment", SINCE, None, vendor.permit
        )
        assert page.ids_to_read == [("7", None)]
        assert ("date_start", "2026-02-01") in vendor.query()


async def test_tax_rows_are_documents() -> None:
    vendor = FakeVendor(many("taxes", {"tax_id": "7", "tax_name": "GST", "tax_percentage": 5}))
    page = await vendor.connector("zoho_books").source.changed_since(
        "zoho_books.tax", SINCE, None, vendor.permit
    )
    assert [document.external_id for document in page.documents] == ["7"]
    assert vendor.lines() == ["GET /books/v3/settings/taxes"]


async def test_a_first_load_has_no_cursor() -> None:
    vendor = FakeVendor(many("contacts", {"contact_id": "2", "last_modified_time": OLD}, more=True))
    page = await vendor.connector("zoho_books").source.changed_since(
        "zoho_books.contact", None, None, vendor.permit
    )
    assert ([external_id for external_id, _ in page.ids_to_read], page.next_page) == (["2"], "2")


async def test_another_organization_is_a_permission() -> None:
    vendor = FakeVendor(reply({"code": 6041, "message": "x"}, 401))
    with pytest.raises(PermanentError) as caught:
        await vendor.connector("zoho_books").source.read("zoho_books.contact", ["1"], vendor.permit)
    assert caught.value.error_class == "permission"
    assert vendor.tokens.count == 1


@pytest.mark.parametrize("body", [{"code": 0}, {"code": 0, "contacts": {}}, {"code": 0, "contacts": [{}]}])
async def test_an_answer_of_another_shape_is_trouble_at_the_vendor(body: object) -> None:
    vendor = FakeVendor(reply(body))
    with pytest.raises(TransientError):
        await vendor.connector("zoho_books").source.changed_since(
            "zoho_books.contact", None, None, vendor.permit
        )
