"""The two vendors' arithmetic, against the sandbox's, and the naming of what makes them differ."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinledger.mapping.explain import UNEXPLAINED, explain_difference
from twinledger.mapping.totals import MoneyDocument, MoneyLine, Tax, TotalsRule, work_out
from twinledger.sandbox.freshbooks.invoice_math import compute_totals, line_amount
from twinledger.sandbox.zoho_books.totals import Discount, Priced, TaxPart, Terms, total_up

FRESHBOOKS = TotalsRule()
BOOKS = TotalsRule(None, "per_tax", "rounded_discount")
GST, PST, QST = Tax("GST", Decimal(5)), Tax("PST", Decimal("7.5")), Tax("QST", Decimal("9.975"), True)


def _document(rule: TotalsRule, *lines: MoneyLine, currency: str = "USD", **more: Any) -> MoneyDocument:
    system = "zoho_books" if rule.decimals is None else "freshbooks"
    return MoneyDocument(system, currency, rule, lines, **more)


def _line(name: str, quantity: str, price: str, *taxes: Tax) -> MoneyLine:
    return MoneyLine(name, Decimal(quantity), Decimal(price), taxes)


lines = st.lists(
    st.builds(
        MoneyLine,
        st.sampled_from(["Work", "Travel"]),
        st.decimals("0.1", 40, places=2),
        st.decimals(-50, 900, places=2),
        st.sampled_from([(), (GST,), (PST,), (GST, PST), (GST, QST)]),
    ),
    min_size=1,
    max_size=5,
)
percents = st.sampled_from([Decimal(0), Decimal(5), Decimal("12.5"), Decimal("33.333")])


@settings(max_examples=150, deadline=None)
@given(lines, percents, st.sampled_from(["tax", "line"]))
def test_the_freshbooks_rule_is_that_of_freshbooks(
    given: list[MoneyLine], discount: Decimal, rounding: str
) -> None:
    rule = TotalsRule(2, "per_tax" if rounding == "tax" else "per_line")
    theirs = compute_totals([_freshbooks(line) for line in given], discount, rounding=rounding)
    worked = work_out(_document(rule, *given, discount_percent=discount))
    assert (worked.total, worked.discount) == (theirs.total, theirs.discount)


@settings(max_examples=150, deadline=None)
@given(lines, percents, st.booleans(), st.sampled_from([("JPY", 0), ("USD", 2), ("KWD", 3)]))
def test_the_books_rule_is_that_of_books(
    given: list[MoneyLine], discount: Decimal, per_line: bool, currency: tuple[str, int]
) -> None:
    rule = TotalsRule(None, "per_line" if per_line else "per_tax", "rounded_discount")
    code, precision = currency
    terms = Terms(precision, per_line, discount=Discount(discount, True), adjustment=Decimal(7))
    theirs = total_up([_books(line) for line in given], terms)
    ours = _document(rule, *given, currency=code, discount_percent=discount, rounding=Decimal(7))
    assert work_out(ours).total == theirs.total


def test_documents_that_agree_need_no_words() -> None:
    line = _line("Work", "3", "10.10", GST)
    assert explain_difference(_document(FRESHBOOKS, line), _document(BOOKS, line)) == ()


def test_a_tax_rounded_per_line_is_named_with_its_lines() -> None:
    per_line = TotalsRule(2, "per_line")
    given = [_line("Work", "1", "10.10", GST), _line("Travel", "1", "10.10", GST)]
    (found,) = explain_difference(_document(FRESHBOOKS, *given), _document(per_line, *given))
    assert (found.where, found.amount) == ("tax GST 5%", Decimal("0.01"))
    assert found.cause == "rounded per tax | per line"
    assert found.lines == ("lines[0] Work: 0.505 | 0.51", "lines[1] Travel: 0.505 | 0.51")
    assert "lines[1] Travel" in found.as_text()


def test_a_line_of_other_decimals_is_named() -> None:
    line = _line("Rice", "2.5", "1.23")
    (found,) = explain_difference(
        _document(FRESHBOOKS, line, currency="KWD"), _document(BOOKS, line, currency="KWD")
    )
    assert (found.where, found.amount) == ("lines[0] Rice", Decimal("-0.005"))


def test_a_line_of_one_side_and_a_rounding_are_named() -> None:
    left = _document(FRESHBOOKS, _line("Work", "1", "10"), _line("Tip", "1", "2"))
    right = _document(BOOKS, _line("Work", "1", "11"), rounding=Decimal("0.01"))
    assert [each.where for each in explain_difference(left, right)] == [
        "lines[0] Work",
        "lines[1] Tip",
        "rounding",
    ]


def test_a_total_that_no_line_explains_stands_last() -> None:
    line = _line("Work", "1", "10")
    left, right = _document(FRESHBOOKS, line), _document(BOOKS, line, stated=Decimal("10.40"))
    (found,) = explain_difference(left, right)
    assert (found.where, found.amount) == (UNEXPLAINED, Decimal("0.40"))


@settings(max_examples=150, deadline=None)
@given(lines, lines, percents, percents)
def test_the_differences_add_up_to_the_whole(
    one: list[MoneyLine], other: list[MoneyLine], discount: Decimal, theirs: Decimal
) -> None:
    left = _document(FRESHBOOKS, *one, discount_percent=discount)
    right = _document(BOOKS, *other, discount_percent=theirs)
    named = sum((each.amount for each in explain_difference(left, right)), Decimal(0))
    assert named == work_out(right).total - work_out(left).total


def _freshbooks(line: MoneyLine) -> dict[str, Any]:
    given: dict[str, Any] = {
        "qty": str(line.quantity),
        "unit_cost": {"amount": str(line.unit_price), "code": "USD"},
        "compounded_tax": any(tax.compound for tax in line.taxes),
    }
    for number, tax in enumerate(line.taxes, 1):
        given |= {f"taxName{number}": tax.name, f"taxAmount{number}": str(tax.percent)}
    return given | {"amount": {"amount": str(line_amount(given)), "code": "USD"}}


def _books(line: MoneyLine) -> Priced:
    parts = tuple(TaxPart(tax.name, tax.name, tax.percent, tax.compound) for tax in line.taxes)
    return Priced(line.unit_price, line.quantity, Discount(), parts)


@pytest.mark.parametrize(("currency", "total"), [("JPY", "101"), ("USD", "100.50"), ("KWD", "100.500")])
def test_books_keeps_the_decimals_of_the_currency(currency: str, total: str) -> None:
    assert work_out(_document(BOOKS, _line("Tea", "3", "33.5"), currency=currency)).total == Decimal(total)
