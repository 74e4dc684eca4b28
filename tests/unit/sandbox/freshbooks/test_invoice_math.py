"""FreshBooks' arithmetic, with the numbers of the fact sheet."""

from decimal import Decimal
from typing import Any

import pytest

from twinledger.sandbox.freshbooks.invoice_math import compute_totals, line_amount


def _line(
    qty: str, cost: str, tax: str | None = None, second: str | None = None, **more: Any
) -> dict[str, Any]:
    line: dict[str, Any] = {"qty": qty, "unit_cost": {"amount": cost, "code": "USD"}, **more}
    line |= {"taxName1": tax and "one", "taxAmount1": tax, "taxName2": second and "two", "taxAmount2": second}
    return line | {"amount": {"amount": str(line_amount(line)), "code": "USD"}}


def test_the_example_of_the_sheet() -> None:
    """44.00 - 10 % = 39.60, and 13 % of 18.00 = 2.34."""
    totals = compute_totals([_line("4", "5.00", "13"), _line("1", "24.00")], Decimal(10), rounding="tax")
    assert (totals.subtotal, totals.discount, totals.tax) == (
        Decimal("44.00"),
        Decimal("4.40"),
        Decimal("2.34"),
    )
    assert totals.total == Decimal("41.94")


def test_a_compounded_tax_is_taken_of_the_first() -> None:
    plain = compute_totals([_line("1", "100", "5", "10")], Decimal(0), rounding="tax")
    compounded = compute_totals(
        [_line("1", "100", "5", "10", compounded_tax=True)], Decimal(0), rounding="tax"
    )
    assert (plain.tax, compounded.tax) == (Decimal("15.00"), Decimal("15.50"))


@pytest.mark.parametrize(("rounding", "tax"), [("line", "0.03"), ("tax", "0.02")])
def test_rounding_per_line_or_per_tax(rounding: str, tax: str) -> None:
    lines = [_line("1", "0.10", "5.5") for _ in range(3)]
    assert compute_totals(lines, Decimal(0), rounding=rounding).tax == Decimal(tax)


def test_half_a_cent_goes_up() -> None:
    assert line_amount(_line("0.5", "0.01")) == Decimal("0.01")


def test_a_percent_without_a_name_is_no_tax() -> None:
    line = _line("1", "10") | {"taxAmount1": "20"}
    assert compute_totals([line], Decimal(0), rounding="tax").tax == 0
