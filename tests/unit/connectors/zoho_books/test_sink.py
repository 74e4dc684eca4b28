"""Books writes: upserts by our custom field, status actions, and which refusals mean what."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from tests.unit.connectors.vendor import FakeVendor, httpx, reply

from twinledger.connectors.base.contract import Applied, NotApplied, UnknownOutcome, WriteCall
from twinledger.kernel.errors import PermanentError, TransientError

CREATE = WriteCall(
    "i1",
    "zoho_books.invoice",
    "create",
    None,
    "TL-AAAA",
    {"customer_id": "5", "invoice_number": "FB-1", "line_items": [{"rate": Decimal("95.50"), "quantity": 3}]},
)
UPDATE = WriteCall("i2", "zoho_books.contact", "update", "7", "TL-AAAA", {"contact_name": "Harbor"})
REFERENCE = {"api_name": "cf_twinledger_ref", "value": "TL-AAAA"}


def made(key: str, record: dict[str, Any]) -> httpx.Response:
    return reply({"code": 0, "message": "The invoice has been created.", key: record}, 201)


async def write(vendor: FakeVendor, call: WriteCall) -> Applied | NotApplied | UnknownOutcome:
    (answer,) = await vendor.connector("zoho_books").sink.write([call])
    return answer


async def test_a_create_is_an_upsert_by_our_reference() -> None:
    vendor = FakeVendor(made("invoice", {"invoice_id": "12", "total": 286.5}))
    answer = await write(vendor, CREATE)
    assert answer == Applied("12", vendor.clock.now(), b'{"invoice_id":"12","total":286.5}')
    assert vendor.lines() == ["PUT /books/v3/invoices"]
    headers = vendor.requests[0].headers
    assert headers["x-unique-identifier-key"] == "cf_twinledger_ref"
    assert headers["x-unique-identifier-value"] == "TL-AAAA"
    assert headers["x-upsert"] == "true"
    assert vendor.sent()["custom_fields"] == [REFERENCE]
    assert b'"rate":95.50' in vendor.requests[0].content
    assert ("ignore_auto_number_generation", "true") in vendor.query()
    assert vendor.permit.acquired == 0


async def test_the_reference_is_in_the_body_once() -> None:
    other = {"api_name": "cf_other", "value": "x"}
    vendor = FakeVendor(made("contact", {"contact_id": "7"}))
    call = replace(CREATE, object="zoho_books.contact", body={"custom_fields": [REFERENCE, other]})
    await write(vendor, call)
    assert vendor.sent()["custom_fields"] == [other, REFERENCE]
    assert "ignore_auto_number_generation" not in dict(vendor.query())


async def test_a_tax_is_posted_since_no_field_carries_our_reference() -> None:
    vendor = FakeVendor(made("tax", {"tax_id": "8"}))
    body = {"tax_name": "GST", "tax_percentage": Decimal(5)}
    answer = await write(vendor, WriteCall("i", "zoho_books.tax", "create", None, "TL-A", body))
    assert isinstance(answer, Applied)
    assert vendor.lines() == ["POST /books/v3/settings/taxes"]
    assert vendor.sent() == {"tax_name": "GST", "tax_percentage": 5}


async def test_an_update_is_a_put_by_id() -> None:
    vendor = FakeVendor(made("contact", {"contact_id": "7"}))
    await write(vendor, UPDATE)
    assert vendor.lines() == ["PUT /books/v3/contacts/7"]
    assert vendor.sent() == {"contact_name": "Harbor"}


@pytest.mark.parametrize(
    ("name", "status", "path"),
    [
        ("invoice", "sent", "/invoices/7/status/sent"),
        ("invoice", "void", "/invoices/7/status/void"),
        ("invoice", "draft", "/invoices/7/status/draft"),
        ("sales_order", "open", "/salesorders/7/status/open"),
        ("sales_order", "confirmed", "/salesorders/7/status/open"),
        ("sales_order", "void", "/salesorders/7/status/void"),
        ("contact", "inactive", "/contacts/7/inactive"),
        ("item", "active", "/items/7/active"),
    ],
)
async def test_a_state_is_a_call_of_its_own(name: str, status: str, path: str) -> None:
    vendor = FakeVendor(reply({"code": 0, "message": "done"}))
    call = WriteCall("i", f"zoho_books.{name}", "update", "7", None, {"status": status}, phase="state")
    assert await write(vendor, call) == Applied("7", vendor.clock.now())
    assert vendor.lines() == [f"POST /books/v3{path}"]


async def test_custom_fields_alone_touch_nothing_else() -> None:
    vendor = FakeVendor(reply({"code": 0, "message": "Custom Fields Updated Successfully"}))
    entries = [{"api_name": "cf_twinledger_invoice", "value": "SO-1"}]
    body = {"custom_fields": entries}
    call = WriteCall("i", "zoho_books.sales_order", "update", "7", None, body, phase="custom_fields")
    assert await write(vendor, call) == Applied("7", vendor.clock.now())
    assert vendor.lines() == ["PUT /books/v3/salesorder/7/customfields"]
    assert vendor.sent() == entries


async def test_a_state_no_call_reaches_is_a_question_for_a_person() -> None:
    call = WriteCall("i", "zoho_books.invoice", "update", "7", None, {"status": "paid"}, phase="state")
    answer = await write(FakeVendor(), call)
    assert isinstance(answer, NotApplied)
    assert isinstance(answer.error, PermanentError)
    assert answer.error.error_class == "semantic"


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (httpx.ConnectError("refused"), NotApplied),
        (httpx.ReadTimeout("silent"), UnknownOutcome),
        (reply(b"<html>", 502), UnknownOutcome),
        (reply({"code": 1000, "message": "x"}, 500), UnknownOutcome),
        (reply(b'{"code":0,"invo', 201), UnknownOutcome),
        (reply({"code": 0, "message": "x"}), UnknownOutcome),
        (reply({"code": 4, "message": "x"}, 400), NotApplied),
        (reply({"code": 13011, "message": "x"}, 200), NotApplied),
        (reply({"code": 44, "message": "x"}, 429), NotApplied),
        (reply({"code": 57, "message": "x"}, 401), NotApplied),
    ],
)
async def test_what_may_have_been_applied_is_told_from_what_was_not(
    failure: httpx.Response | Exception, outcome: type
) -> None:
    assert type(await write(FakeVendor(failure), CREATE)) is outcome


@pytest.mark.parametrize(
    ("call", "error_class"),
    [
        (CREATE, "parent_missing"),
        (UPDATE, "gone"),
        (replace(UPDATE, object="zoho_books.invoice", body={"customer_id": "5"}), "parent_missing"),
    ],
)
async def test_an_unknown_record_is_itself_or_a_parent(call: WriteCall, error_class: str) -> None:
    answer = await write(FakeVendor(reply({"code": 1002, "message": "x"}, 404)), call)
    assert isinstance(answer, NotApplied)
    assert isinstance(answer.error, PermanentError | TransientError)
    assert answer.error.error_class == error_class


def listed(key: str, *rows: dict[str, Any]) -> httpx.Response:
    return reply({"code": 0, "message": "success", key: list(rows), "page_context": {}})


async def test_a_probe_lists_by_the_natural_key_reads_whole_and_compares_the_reference() -> None:
    rows = [{"contact_id": str(one), "contact_name": name} for one, name in enumerate(["H", "H", "Harbor"])]
    ours = {"contact_id": "0", "custom_field_hash": {"cf_twinledger_ref": "TL-AAAA"}}
    theirs = {"contact_id": "1", "custom_fields": [{"api_name": "cf_twinledger_ref", "value": "TL-BBBB"}]}
    vendor = FakeVendor(
        listed("contacts", *rows), reply({"code": 0, "contact": ours}), reply({"code": 0, "contact": theirs})
    )
    sink = vendor.connector("zoho_books").sink
    found = await sink.probe("zoho_books.contact", "TL-AAAA", {"contact_name": "H"}, vendor.permit)
    assert [document.external_id for document in found] == ["0"]
    assert ("contact_name", "H") in vendor.query(0)
    assert vendor.permit.acquired == 3


async def test_a_tax_is_found_by_name_and_percentage_in_the_full_list() -> None:
    rows = [
        {"tax_id": "1", "tax_name": "GST", "tax_percentage": 6},
        {"tax_id": "2", "tax_name": "GST", "tax_percentage": 5.0},
    ]
    vendor = FakeVendor(listed("taxes", *rows), reply({"code": 0, "tax": {"tax_id": "2"}}))
    sink = vendor.connector("zoho_books").sink
    body = {"tax_name": "GST", "tax_percentage": Decimal("5")}
    found = await sink.probe("zoho_books.tax", "TL-AAAA", body, vendor.permit)
    assert [document.external_id for document in found] == ["2"]
    assert "tax_name" not in dict(vendor.query(0))


async def test_without_a_natural_key_there_is_nothing_to_look_for() -> None:
    vendor = FakeVendor()
    sink = vendor.connector("zoho_books").sink
    assert await sink.probe("zoho_books.invoice", "TL-AAAA", {}, vendor.permit) == []


def test_only_upserts_may_be_sent_again_blindly() -> None:
    sink = FakeVendor().connector("zoho_books").sink
    assert sink.resend_is_safe["zoho_books.invoice"] is True
    assert sink.resend_is_safe["zoho_books.tax"] is False
