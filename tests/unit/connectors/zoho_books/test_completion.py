"""What Books demands in a write is read fresh and put in before the write is paid for."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.unit.connectors.vendor import FakeVendor, reply
from tests.unit.connectors.zoho_books.completing import call, now, prepared, refusal

from twinledger.connectors.base.contract import NotApplied, WriteCall
from twinledger.kernel.errors import PermanentError, TransientError


@pytest.mark.parametrize(
    "one",
    [
        call("contact", {"contact_name": "H", "notes": "x"}),
        call("item", {"name": "x", "rate": Decimal(1)}),
        call("invoice", {"status": "sent"}, phase="state"),
        call("contact", {"notes": "x"}, op="create", external_id=None),
    ],
)
async def test_a_complete_call_costs_nothing(one: WriteCall) -> None:
    vendor = FakeVendor()
    assert await prepared(vendor, one) == one.body
    assert vendor.permit.acquired == 0


async def test_a_contact_gets_its_name() -> None:
    vendor = FakeVendor(now("contact", b'{"contact_id":"7","contact_name":"Harbor","notes":"old"}'))
    assert await prepared(vendor, call("contact", {"notes": "new"})) == {
        "contact_name": "Harbor",
        "notes": "new",
    }
    assert (vendor.permit.acquired, vendor.lines()) == (1, ["GET /books/v3/contacts/7"])


async def test_contact_persons_keep_their_ids_and_nobody_is_left_out() -> None:
    current = (
        b'{"contact_id":"7","contact_name":"Harbor","contact_persons":['
        b'{"contact_person_id":"71","first_name":"Ana","last_name":"Ruiz","designation":"Owner",'
        b'"is_primary_contact":true,"photo_url":"x"},'
        b'{"contact_person_id":"72","first_name":"Bo","email":"bo@harbor.example"}]}'
    )
    vendor = FakeVendor(now("contact", current))
    body = await prepared(
        vendor, call("contact", {"contact_persons": [{"first_name": "Anna", "last_name": ""}]})
    )
    assert body["contact_persons"] == [
        {
            "contact_person_id": "71",
            "first_name": "Anna",
            "last_name": "",
            "designation": "Owner",
            "is_primary_contact": True,
        },
        {"contact_person_id": "72", "first_name": "Bo", "email": "bo@harbor.example"},
    ]


async def test_an_invoice_repeats_its_lines_as_they_can_be_written() -> None:
    current = (
        b'{"invoice_id":"7","customer_id":"5","line_items":[{"line_item_id":"73","item_id":"3",'
        b'"name":"Oven","rate":95.50,"quantity":3.0,"item_total":286.50,"tax_id":"","bcy_rate":95.5}]}'
    )
    vendor = FakeVendor(now("invoice", current))
    body = await prepared(vendor, call("invoice", {"notes": "x"}))
    assert body["customer_id"] == "5"
    line = {"line_item_id": "73", "item_id": "3", "name": "Oven", "rate": Decimal("95.50")}
    assert body["line_items"] == [{**line, "quantity": Decimal("3.0")}]


async def test_new_lines_keep_the_ids_of_the_lines_they_stand_for() -> None:
    current = b'{"invoice_id":"7","customer_id":"5","line_items":[{"line_item_id":"73","name":"Old"}]}'
    vendor = FakeVendor(now("invoice", current))
    body = await prepared(vendor, call("invoice", {"line_items": [{"name": "A"}, {"name": "B"}]}))
    assert body["line_items"] == [{"line_item_id": "73", "name": "A"}, {"name": "B"}]


async def test_a_currency_becomes_its_id_and_is_looked_up_once() -> None:
    rows = [{"currency_code": "USD", "currency_id": "97"}, {"currency_code": "EUR", "currency_id": "98"}]
    vendor = FakeVendor(reply({"code": 0, "currencies": rows}))
    sink = vendor.connector("zoho_books").sink
    one = call("contact", {"contact_name": "x", "currency_code": "EUR"}, op="create", external_id=None)
    for _ in range(2):
        (answer,) = await sink.prepare([one], vendor.permit)
        assert isinstance(answer, WriteCall)
        assert answer.body == {"contact_name": "x", "currency_id": "98"}
    assert vendor.permit.acquired == 1


async def test_a_currency_the_organization_lacks_is_refused_before_the_write() -> None:
    vendor = FakeVendor(reply({"code": 0, "currencies": []}))
    one = call("contact", {"currency_code": "XAU"}, op="create", external_id=None)
    (answer,) = await vendor.connector("zoho_books").sink.prepare([one], vendor.permit)
    assert isinstance(answer, NotApplied)
    assert isinstance(answer.error, PermanentError)
    assert (answer.error.error_class, answer.error.field) == ("validation", "currency_code")


async def test_a_record_that_is_gone_is_found_out_before_the_write() -> None:
    vendor = FakeVendor(reply({"code": 1002, "message": "x"}, 404))
    (answer,) = await vendor.connector("zoho_books").sink.prepare(
        [call("contact", {"notes": "x"})], vendor.permit
    )
    assert isinstance(answer, NotApplied)
    assert isinstance(answer.error, PermanentError)
    assert answer.error.error_class == "gone"


async def test_a_read_that_fails_for_now_holds_its_own_call_only() -> None:
    vendor = FakeVendor(reply(b"<html>", 503), now("contact", b'{"contact_id":"7","contact_name":"H"}'))
    one = call("contact", {"notes": "x"})
    first, second = await vendor.connector("zoho_books").sink.prepare([one, one], vendor.permit)
    assert isinstance(first, NotApplied)
    assert isinstance(first.error, TransientError)
    assert isinstance(second, WriteCall)


async def test_an_address_keeps_what_somebody_is_typing_into_its_other_fields() -> None:
    current = (
        b'{"contact_id":"7","contact_name":"Harbor","billing_address":{"address_id":"9","address":"4 Wharf",'
        b'"city":"Portland","state":"Maine","state_code":"ME","zip":"04101","country":"U.S.A","phone":""}}'
    )
    body = await prepared(
        FakeVendor(now("contact", current)),
        call("contact", {"contact_name": "Harbor", "billing_address": {"city": "Bath", "state": ""}}),
    )
    assert body["billing_address"] == {
        "address": "4 Wharf",
        "city": "Bath",
        "state": "",
        "zip": "04101",
        "country": "U.S.A",
    }


@pytest.mark.parametrize(("second", "refused"), [("06", False), ("07", True)])
async def test_what_somebody_saved_since_our_read_is_observed_before_we_write(
    second: str, refused: bool
) -> None:
    record = b'{"contact_id":"7","contact_name":"H","last_modified_time":"2026-11-20T10:00:%s+0000"}'
    vendor = FakeVendor(now("contact", record % second.encode()))
    known = datetime(2026, 11, 20, 10, 0, 6, tzinfo=UTC)
    one = call("contact", {"notes": "x"}, unmodified_since=known)
    if not refused:
        assert await prepared(vendor, one) == {"contact_name": "H", "notes": "x"}
        return
    assert await refusal(vendor, one) == "conflict"


async def test_a_complete_call_is_checked_too_where_a_version_is_known() -> None:
    record = b'{"item_id":"7","name":"H","rate":2,"last_modified_time":"2026-11-20T10:00:07+0000"}'
    known = datetime(2026, 11, 20, 10, 0, 6, tzinfo=UTC)
    one = call("item", {"name": "H", "rate": Decimal(1)}, unmodified_since=known)
    assert await refusal(FakeVendor(now("item", record)), one) == "conflict"


def _line(**more: Any) -> dict[str, Any]:
    return {"name": "Work", "quantity": Decimal(1), "rate": Decimal(10), **more}


GROUPS = (
    b'{"code":0,"tax_groups":[{"tax_group_id":"20","taxes":[{"tax_id":"11"},{"tax_id":"12"}]}]}',
    b'{"code":0,"tax_groups":[]}',
)


async def test_two_taxes_are_named_by_the_group_that_has_them_looked_up_once() -> None:
    vendor = FakeVendor(reply(GROUPS[0]))
    new = {"op": "create", "external_id": None, "reference": "TL-X"}
    connector = vendor.connector("zoho_books")
    for _ in range(2):
        one = call("invoice", {"line_items": [_line(tax_ids=["12", "11"]), _line(tax_id="11")]}, **new)
        (answer,) = await connector.sink.prepare([one], vendor.permit)
        assert isinstance(answer, WriteCall)
        assert answer.body["line_items"] == [_line(tax_id="20"), _line(tax_id="11")]
    assert vendor.lines() == ["GET /books/v3/settings/taxgroups"]


async def test_a_group_that_is_missing_is_made_and_named_by_its_taxes() -> None:
    vendor = FakeVendor(
        reply(GROUPS[1]),
        now("tax", b'{"tax_id":"11","tax_name":"GST"}'),
        now("tax", b'{"tax_id":"12","tax_name":"PST"}'),
        now("tax_group", b'{"tax_group_id":"21"}'),
    )
    body = {"line_items": [_line(tax_ids=["11", "12"])]}
    prepared_body = await prepared(vendor, call("invoice", body, op="create", external_id=None))
    assert prepared_body["line_items"] == [_line(tax_id="21")]
    assert b'"tax_group_name":"GST + PST"' in vendor.requests[-1].content
    assert b'"taxes":"11,12"' in vendor.requests[-1].content


async def test_a_group_that_somebody_made_meanwhile_is_taken() -> None:
    vendor = FakeVendor(
        reply(GROUPS[1]),
        now("tax", b'{"tax_id":"11","tax_name":"GST"}'),
        now("tax", b'{"tax_id":"12","tax_name":"PST"}'),
        reply(b'{"code":1001,"message":"taken"}', 400),
        reply(GROUPS[0]),
    )
    body = {"line_items": [_line(tax_ids=["11", "12"])]}
    prepared_body = await prepared(vendor, call("invoice", body, op="create", external_id=None))
    assert prepared_body["line_items"] == [_line(tax_id="20")]
