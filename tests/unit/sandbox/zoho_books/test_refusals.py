"""The order and the words of refusals (sheet 6, 7)."""

from typing import Any

import pytest
from tests.unit.sandbox.zoho_desk import Desk

NASTY: tuple[Any, ...] = (None, "x" * 5000, 1e30, -1, True, [], {}, [{"a": {}}], "\x00")


async def _code(desk: Desk, *arguments: Any, **rest: Any) -> tuple[int, int]:
    status, answer = await desk.call(*arguments, **rest)
    return status, answer["code"]


async def test_token_scope_and_organization(desk: Desk) -> None:
    assert await _code(desk, "GET", "/contacts", headers={"Authorization": "Bearer desk-token"}) == (401, 14)
    assert await _code(desk, "GET", "/contacts", token="dead") == (401, 57)
    desk.open_grant(("ZohoBooks.contacts.READ",), "reader")
    assert await _code(desk, "GET", "/contacts", token="reader") == (200, 0)
    assert await _code(desk, "POST", "/contacts", {}, token="reader") == (401, 57)
    assert await _code(desk, "GET", "/contacts", organization_id="1") == (401, 6041)
    assert await _code(desk, "GET", "/contacts", organization_id="") == (400, 4029)
    assert await _code(desk, "GET", "/organizations", organization_id="") == (200, 0)


async def test_routes_bodies_and_references(desk: Desk) -> None:
    assert await _code(desk, "GET", "/nothing") == (404, 5)
    assert await _code(desk, "DELETE", "/contacts") == (405, 5)
    assert await _code(desk, "POST", "/contacts", raw=b"{bad") == (400, 1038)
    assert await _code(desk, "POST", "/contacts", ["a"]) == (400, 1038)
    assert await _code(desk, "POST", "/contacts", {}) == (400, 4)
    assert await _code(desk, "GET", "/contacts/12") == (404, 1002)
    wanted = {"customer_id": "12", "line_items": [{"name": "x", "rate": 1}]}
    assert await _code(desk, "POST", "/invoices", wanted) == (404, 1002)
    assert await _code(desk, "GET", "/contacts", sort_column="nothing") == (400, 4)


@pytest.mark.parametrize(("minute_code", "code", "retry_after"), [(44, 44, "60"), (43, 43, "3600")])
async def test_the_minute_limit_and_the_hour_of_code_43(
    desk: Desk, minute_code: int, code: int, retry_after: str
) -> None:
    await desk.switch("zoho_books.minute_code", minute_code)
    await desk.admin_call("PUT", "/limits", {"system": "zoho_books", "minute": 1})
    await desk.call("GET", "/contacts")
    url = f"{desk.urls['api_domain']}/books/v3/contacts?organization_id={desk.organization}"
    async with desk.session.get(url, headers={"Authorization": "Zoho-oauthtoken desk-token"}) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, retry_after)
        assert (await answer.json())["code"] == code
    await desk.admin_call("POST", "/clock/advance", {"seconds": 61})
    assert await _code(desk, "GET", "/contacts") == ((200, 0) if minute_code == 44 else (429, 43))


async def test_the_day_limit(desk: Desk) -> None:
    await desk.admin_call("PUT", "/limits", {"system": "zoho_books", "day": 0})
    assert await _code(desk, "GET", "/contacts") == (429, 45)


def _accepted_bodies(customer_id: str, vendor_id: str, account_id: str) -> dict[str, dict[str, Any]]:
    lines = [{"name": "x", "rate": 1, "account_id": account_id}]
    return {
        "contacts": {
            "contact_name": "N",
            "contact_persons": [{"first_name": "A"}],
            "billing_address": {"city": "C"},
        },
        "items": {"name": "N", "rate": 1},
        "invoices": {"customer_id": customer_id, "line_items": lines},
        "sales_orders": {"customer_id": customer_id, "line_items": lines},
        "customer_payments": {
            "customer_id": customer_id,
            "payment_mode": "cash",
            "amount": 1,
            "date": "2026-01-01",
        },
        "purchase_orders": {"vendor_id": vendor_id, "line_items": lines},
        "bills": {"vendor_id": vendor_id, "bill_number": "B", "line_items": lines},
        "vendor_payments": {"vendor_id": vendor_id, "amount": 1},
        "credit_notes": {"customer_id": customer_id, "date": "2026-01-01", "line_items": lines},
        "expenses": {
            "account_id": account_id,
            "paid_through_account_id": account_id,
            "date": "2026-01-01",
            "amount": 1,
        },
        "journals": {"journal_date": "2026-01-01", "line_items": lines},
        "webhooks": {"webhook_name": "w", "entity": "item", "url": "http://x.example"},
    }


async def test_whatever_a_field_holds_the_answer_is_zohos(desk: Desk) -> None:
    account_id = await desk.account("Office Supplies")
    bodies = _accepted_bodies(await desk.customer(), await desk.vendor(), account_id)
    failures = []
    for name, body in bodies.items():
        resource = getattr(desk.world.vendor("zoho_books").finance, name)  # type: ignore[union-attr]
        for field in resource.shape:
            for value in NASTY:
                status, answer = await desk.call("POST", resource.path, {**body, field: value})
                if status >= 500:
                    failures.append((name, field, value, answer))
        for line_field in (
            "rate",
            "quantity",
            "item_id",
            "tax_id",
            "discount",
            "line_item_id",
            "salesorder_item_id",
        ):
            for value in NASTY:
                changed = {**body, "line_items": [{"name": "x", "account_id": account_id, line_field: value}]}
                status, answer = await desk.call("POST", resource.path, changed)
                if status >= 500:
                    failures.append((name, line_field, value, answer))
    assert failures == []
