"""The demo's judgement: what it calls equal is equal, what differs is named."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from twinledger.cli.demo.business import make_plan
from twinledger.cli.demo.compare import compare
from twinledger.cli.demo.views import (
    books_customers,
    books_payments,
    crm_customers,
    freshbooks_customers,
    freshbooks_orders,
    freshbooks_payments,
)

_CLIENT = {
    "email": "Ana@Harbor.example", "organization": "", "fname": "Ana", "lname": "Ruiz",
    "bus_phone": "+1 (608) 555-0101", "p_street": "1 Main", "p_city": "Madison", "p_province": "Wisconsin",
    "p_code": "53703", "p_country": "United States",
}  # fmt: skip
_ADDRESS = {"address": "1 Main", "city": "Madison", "state": "Wisconsin", "zip": "53703", "country": "U.S.A."}


def _books_contact(**changes: Any) -> dict[str, Any]:
    person = {
        "first_name": "Ana", "last_name": "Ruiz", "email": "ana@harbor.example", "phone": "+16085550101",
        "is_primary_contact": True, **changes,
    }  # fmt: skip
    return {"company_name": "", "contact_persons": [person], "billing_address": _ADDRESS}


def test_forms_of_writing_do_not_count() -> None:
    ours, theirs = freshbooks_customers([_CLIENT]), books_customers([_books_contact()])
    assert compare("customer", ours, ("Books", theirs)).differences == []


def test_a_different_field_is_named_with_both_values() -> None:
    theirs = books_customers([_books_contact(first_name="Anna")])
    result = compare("customer", freshbooks_customers([_CLIENT]), ("Books", theirs))
    assert not result.equal
    (difference,) = result.differences
    assert (difference.key, difference.field) == ("ana@harbor.example", "given")
    assert (difference.freshbooks, difference.zoho) == ("Ana", "Anna in Books")


def test_a_missing_record_is_a_difference_on_either_side() -> None:
    ours = freshbooks_customers([_CLIENT])
    assert compare("customer", ours, ("Books", {})).differences[0].zoho == "missing in Books"
    assert compare("customer", {}, ("Books", ours)).differences[0].freshbooks == "missing"


def test_an_organization_is_read_from_its_account() -> None:
    account = {
        "id": "7", "Account_Name": "Harbor", "Phone": "+16085550101", "Billing_Street": "1 Main",
        "Billing_City": "Madison", "Billing_State": "Wisconsin", "Billing_Code": "53703",
        "Billing_Country": "USA",
    }  # fmt: skip
    contact = {
        "Account_Name": {"id": "7", "name": "Harbor"},
        "First_Name": "Ana",
        "Last_Name": "Ruiz",
        "Email": "ana@harbor.example",
    }
    ours = freshbooks_customers([{**_CLIENT, "organization": "Harbor"}])
    assert compare("customer", ours, ("CRM", crm_customers([contact], [account]))).equal


def test_a_second_invoice_for_an_order_is_seen() -> None:
    rows = [{"invoice_number": "SO-00001", "po_number": ""}] * 2
    view = freshbooks_orders([*rows, {"invoice_number": "0000042", "po_number": ""}])
    assert view == {"SO-00001": {"invoices": "2", "reference": ""}}


def test_two_equal_payments_are_two() -> None:
    paid = {"invoiceid": 1, "amount": {"amount": "10.00"}, "date": "2026-03-05", "type": "Bank Transfer"}
    ours = freshbooks_payments([paid, paid], [{"id": 1, "invoice_number": "SO-1"}])
    row = {"invoice_numbers": "SO-1", "amount": 10.0, "date": "2026-03-05", "payment_mode": "banktransfer"}
    assert compare("payment", ours, ("Books", books_payments([row, row]))).equal
    assert not compare("payment", ours, ("Books", books_payments([row]))).equal


@given(st.integers(min_value=1, max_value=9))
def test_a_plan_has_the_promised_size_and_unique_names(run: int) -> None:
    plan = make_plan(run)
    assert (len(plan.persons), len(plan.orders)) == (50, 40)
    for values in (
        [person.email for person in plan.persons],
        [person.organization for person in plan.persons if person.organization],
        [f"{person.given} {person.family}" for person in plan.persons],
        [good.name for good in plan.goods],
    ):
        assert len(set(values)) == len(values)
    assert all(order.customer.books for order in plan.orders)
