"""PUT by a unique custom field: update, upsert, never a second record (sheet 2.2)."""

from typing import Any

import pytest
from tests.unit.sandbox.zoho_desk import Answer, Desk


async def _put(
    desk: Desk, value: str, name: str, *, upsert: bool = True, key: str = "cf_twinledger_ref"
) -> Answer:
    headers = {"X-Unique-Identifier-Key": key, "X-Unique-Identifier-Value": value}
    headers |= {"X-Upsert": "true"} if upsert else {}
    body = {"contact_name": name, "custom_fields": [{"api_name": key, "value": value}]}
    return await desk.call("PUT", "/contacts", body, headers=headers)


async def test_the_same_request_twice_makes_one_record(desk: Desk) -> None:
    first = await _put(desk, "TL-1", "Harbor Bakery")
    again = await _put(desk, "TL-1", "Harbor Bakery & Sons")
    assert (first[0], first[1]["message"]) == (200, "Contact has been updated successfully")
    assert first[1]["contact"]["contact_id"] == again[1]["contact"]["contact_id"]
    assert again[1]["contact"]["contact_name"] == "Harbor Bakery & Sons"
    assert (await desk.ok("GET", "/contacts"))["page_context"]["has_more_page"] is False


async def test_without_upsert_no_match_is_an_error(desk: Desk) -> None:
    status, answer = await _put(desk, "TL-1", "Harbor Bakery", upsert=False)
    assert (status, answer["code"]) == (404, 1002)


async def test_a_taken_value_and_a_field_that_is_not_unique_are_refused(desk: Desk) -> None:
    await _put(desk, "TL-1", "Harbor Bakery")
    fields = [{"api_name": "cf_twinledger_ref", "value": "TL-1"}]
    status, _ = await desk.call("POST", "/contacts", {"contact_name": "Other", "custom_fields": fields})
    assert status == 400
    await desk.act("custom_field", "create", entity="contact", label="Plain")
    assert (await _put(desk, "x", "Other", key="cf_plain"))[1]["code"] == 4


async def test_a_created_record_can_be_told_by_its_status(desk: Desk) -> None:
    await desk.switch("zoho_books.upsert_created_status", 201)
    assert (await _put(desk, "TL-1", "Harbor Bakery"))[0] == 201
    assert (await _put(desk, "TL-1", "Harbor Bakery"))[0] == 200


@pytest.mark.parametrize("header", ["X-Unique-Identifier-Key", "X-Unique-Identifier-Value"])
async def test_both_headers_are_required(desk: Desk, header: str) -> None:
    status, answer = await desk.call(
        "PUT", "/contacts", {"contact_name": "x"}, headers={header: "cf_twinledger_ref"}
    )
    assert (status, answer["code"]) == (400, 4)


async def test_invoices_items_orders_and_payments_take_it_too(desk: Desk) -> None:
    customer_id = await desk.customer()
    line = {"name": "Work", "rate": 10}
    bodies: dict[str, dict[str, Any]] = {
        "/items": {"name": "Oven", "rate": 5},
        "/invoices": {"customer_id": customer_id, "line_items": [line]},
        "/salesorders": {"customer_id": customer_id, "line_items": [line]},
        "/customerpayments": {
            "customer_id": customer_id,
            "payment_mode": "cash",
            "amount": 5,
            "date": "2026-03-01",
            "invoices": [],
        },
    }
    for path, body in bodies.items():
        headers = {
            "X-Unique-Identifier-Key": "cf_twinledger_ref",
            "X-Unique-Identifier-Value": "TL-7",
            "X-Upsert": "true",
        }
        body["custom_fields"] = [{"api_name": "cf_twinledger_ref", "value": "TL-7"}]
        if path == "/customerpayments":
            await desk.switch("zoho_books.put_needs_required", False)
        answers = [await desk.ok("PUT", path, body, headers=headers) for _ in range(2)]
        ids = [next(value for name, value in _only(each).items() if name.endswith("_id")) for each in answers]
        assert ids[0] == ids[1], path


def _only(answer: dict[str, object]) -> dict[str, object]:
    [record] = [value for value in answer.values() if isinstance(value, dict)]
    return record
