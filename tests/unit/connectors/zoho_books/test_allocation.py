"""How much of a payment goes to its invoices: no more than is owed, and all of it when it is sent again."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.connectors.vendor import FakeVendor, httpx, reply
from tests.unit.connectors.zoho_books.completing import call, now, prepared, refusal

from twinledger.connectors.zoho_books.completion import within

AMOUNTS = st.decimals(0, 500, places=2)


async def test_a_payment_keeps_its_allocation() -> None:
    current = (
        b'{"payment_id":"7","customer_id":"5","payment_mode":"cash","amount":10.0,"invoices":'
        b'[{"invoice_payment_id":"9","invoice_id":"12","amount_applied":10.0,"balance_amount":0}]}'
    )
    body = {"amount": Decimal(8), "invoices": [{"amount_applied": Decimal(8)}]}
    vendor = FakeVendor(now("payment", current), now("invoice", b'{"invoice_id":"12","balance":0}'))
    complete = await prepared(vendor, call("customer_payment", body))
    assert complete["invoices"] == [
        {"invoice_payment_id": "9", "invoice_id": "12", "amount_applied": Decimal(8)}
    ]
    assert (complete["customer_id"], complete["payment_mode"], complete["amount"]) == ("5", "cash", 8)


def _payment(amount: int) -> dict[str, Any]:
    allocation = {"invoice_id": "9", "amount_applied": Decimal(amount)}
    return {"customer_id": "5", "amount": Decimal(amount), "payment_mode": "cash", "invoices": [allocation]}


@pytest.mark.parametrize(
    ("balance", "applied"),
    [(b"100", [Decimal(60)]), (b"45.5", [Decimal("45.5")]), (b"0", [])],
)
async def test_an_invoice_takes_no_more_than_it_is_owed(balance: bytes, applied: list[Decimal]) -> None:
    vendor = FakeVendor(now("invoice", b'{"invoice_id":"9","balance":' + balance + b"}"))
    one = call("customer_payment", _payment(60), op="create", external_id=None)
    body = await prepared(vendor, one)
    assert body["amount"] == 60
    assert [each["amount_applied"] for each in body["invoices"]] == applied


def _marked(payment_id: str, reference: str) -> httpx.Response:
    record = {"payment_id": payment_id, "custom_field_hash": {"cf_twinledger_ref": reference}}
    return reply({"code": 0, "payment": record})


def _paid(*rows: tuple[str, int]) -> httpx.Response:
    return reply({"code": 0, "payments": [{"payment_id": one, "amount_applied": much} for one, much in rows]})


@pytest.mark.parametrize(
    ("balance", "seen", "applied"),
    [
        (b"0", [_paid(("3", 20), ("7", 60)), _marked("3", "TL-OTHER"), _marked("7", "TL-X")], [Decimal(60)]),
        (b"5", [_paid(("7", 30)), _marked("7", "TL-X")], [Decimal(35)]),
        (b"15", [_paid(("3", 60)), _marked("3", "TL-OTHER")], [Decimal(15)]),
        (b"0", [_paid()], []),
    ],
    ids=["ours took all", "ours took a part", "another's", "nobody's"],
)
async def test_a_payment_sent_again_keeps_what_its_lost_try_applied(
    balance: bytes, seen: list[httpx.Response], applied: list[Decimal]
) -> None:
    vendor = FakeVendor(now("invoice", b'{"invoice_id":"9","balance":' + balance + b"}"), *seen)
    one = call("customer_payment", _payment(60), op="create", external_id=None, reference="TL-X")
    body = await prepared(vendor, one)
    assert [each["amount_applied"] for each in body["invoices"]] == applied
    assert vendor.lines()[1] == "GET /books/v3/invoices/9/payments"


async def test_a_first_payment_that_has_room_looks_for_no_other() -> None:
    vendor = FakeVendor(now("invoice", b'{"invoice_id":"9","balance":60}'))
    one = call("customer_payment", _payment(60), op="create", external_id=None, reference="TL-X")
    await prepared(vendor, one)
    assert vendor.lines() == ["GET /books/v3/invoices/9"]


async def test_a_payment_deleted_while_we_look_is_looked_at_again() -> None:
    vendor = FakeVendor(
        now("invoice", b'{"invoice_id":"9","balance":0}'), _paid(("7", 60)), reply({"code": 1002}, 404)
    )
    one = call("customer_payment", _payment(60), op="create", external_id=None, reference="TL-X")
    assert await refusal(vendor, one) == "conflict"


async def test_more_of_a_payment_has_room_where_it_was_already() -> None:
    vendor = FakeVendor(
        now("payment", b'{"payment_id":"7","invoices":[{"invoice_id":"9","amount_applied":60}]}'),
        now("invoice", b'{"invoice_id":"9","balance":15}'),
    )
    changed = {"amount": Decimal(80), "invoices": [{"amount_applied": Decimal(80)}]}
    body = await prepared(vendor, call("customer_payment", changed))
    assert body["invoices"] == [{"invoice_id": "9", "amount_applied": Decimal(75)}]


@pytest.mark.parametrize(
    ("corrected", "applied"), [(110, {"9": 60, "12": 40}), (80, {"9": 60, "12": 20}), (50, {"9": 50})]
)
async def test_a_corrected_amount_leaves_what_a_bookkeeper_divided(
    corrected: int, applied: dict[str, int]
) -> None:
    divided = (
        b'[{"invoice_payment_id":"1","invoice_id":"9","amount_applied":60},'
        b'{"invoice_payment_id":"2","invoice_id":"12","amount_applied":40}]'
    )
    vendor = FakeVendor(
        now("payment", b'{"payment_id":"7","invoices":' + divided + b"}"),
        now("invoice", b'{"invoice_id":"9","balance":25}'),
        now("invoice", b'{"invoice_id":"12","balance":0}'),
    )
    changed = {"amount": Decimal(corrected), "invoices": [{"amount_applied": Decimal(corrected)}]}
    body = await prepared(vendor, call("customer_payment", changed))
    assert {each["invoice_id"]: each["amount_applied"] for each in body["invoices"]} == applied


@given(
    st.lists(st.tuples(AMOUNTS, AMOUNTS), max_size=5),
    AMOUNTS,
)
def test_allocations_are_conserved(pairs: list[tuple[Decimal, Decimal]], amount: Decimal) -> None:
    """I6: no more than was paid, no more than is owed, and all of it that fits."""
    given = [{"invoice_id": str(at), "amount_applied": wanted} for at, (wanted, _) in enumerate(pairs)]
    room = {str(at): owed for at, (_, owed) in enumerate(pairs)}
    applied = {each["invoice_id"]: each["amount_applied"] for each in within(given, room, amount)}
    most = [min(wanted, owed) for wanted, owed in pairs]
    assert all(Decimal(0) < value <= most[int(at)] for at, value in applied.items())
    assert sum(applied.values(), Decimal(0)) == min(amount, sum(most, Decimal(0)))
