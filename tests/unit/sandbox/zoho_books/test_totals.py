"""The arithmetic of documents, to the cent."""

from decimal import Decimal

import pytest

from twinledger.sandbox.zoho_books.totals import Discount, Priced, TaxPart, Terms, dec, num, total_up

SALES = TaxPart("1", "Sales Tax", Decimal("8"))
GST = TaxPart("2", "GST", Decimal("5"))
QST = TaxPart("3", "QST", Decimal("9.975"), compound=True)


def _line(rate: str, quantity: str = "1", discount: str = "0", *taxes: TaxPart) -> Priced:
    return Priced(Decimal(rate), Decimal(quantity), Discount.parse(discount), taxes)


def test_the_sheets_invoice_adds_up() -> None:
    totals = total_up([_line("95.5", "3", "0", SALES)], Terms())
    assert (totals.sub_total, totals.tax_total, totals.total) == (
        Decimal("286.50"),
        Decimal("22.92"),
        Decimal("309.42"),
    )


@pytest.mark.parametrize(("per_line", "tax"), [(False, "0.08"), (True, "0.09")])
def test_rounding_per_tax_or_per_line_differs_by_a_cent(per_line: bool, tax: str) -> None:
    lines = [_line("0.55", "1", "0", GST)] * 3  # 0.0275 each
    assert total_up(lines, Terms(per_line=per_line)).tax_total == Decimal(tax)


def test_a_compound_tax_is_taken_on_the_amount_with_the_others() -> None:
    totals = total_up([_line("100", "1", "0", GST, QST)], Terms())
    assert [amount for _, amount in totals.taxes] == [Decimal("5.00"), Decimal("10.47")]
    assert totals.total == Decimal("115.47")


def test_inclusive_tax_is_split_out_and_the_total_stays() -> None:
    totals = total_up([_line("108", "1", "0", SALES)], Terms(inclusive=True))
    assert (totals.sub_total, totals.tax_total, totals.total) == (
        Decimal("100.00"),
        Decimal("8.00"),
        Decimal("108.00"),
    )
    assert totals.lines[0].item_total == Decimal("100.00")


def test_a_discount_before_tax_lowers_the_tax() -> None:
    line = _line("100", "1", "0", SALES)
    before = total_up([line], Terms(discount=Discount.parse("10%")))
    after = total_up([line], Terms(discount=Discount.parse("10%"), discount_before_tax=False))
    assert (before.tax_total, before.discount_total, before.total) == (
        Decimal("7.20"),
        Decimal("10.00"),
        Decimal("97.20"),
    )
    assert (after.tax_total, after.discount_total, after.total) == (
        Decimal("8.00"),
        Decimal("10.80"),
        Decimal("97.20"),
    )


def test_item_discounts_shipping_and_adjustment() -> None:
    lines = [_line("20", "3", "10%"), _line("5", "2", "1.5")]
    totals = total_up(lines, Terms(shipping=Decimal("4.99"), adjustment=Decimal("-0.01")))
    assert [line.item_total for line in totals.lines] == [Decimal("54.00"), Decimal("8.50")]
    assert totals.total == Decimal("67.48")


def test_half_cents_round_up_and_yen_have_no_cents() -> None:
    assert total_up([_line("0.125")], Terms()).total == Decimal("0.13")
    assert total_up([_line("99.5")], Terms(precision=0)).total == Decimal("100")


def test_numbers_keep_their_digits() -> None:
    assert num(dec(0.1) + dec(0.2)) == 0.3
