"""Mapping, money: names what makes two systems' totals of one document differ, line by line. Pure.

explain_difference(freshbooks_document, books_document) -> differences whose sum is the whole
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest

from twinledger.mapping.totals import ZERO, MoneyDocument, MoneyLine, Tax, Worked, work_out

__all__ = ["UNEXPLAINED", "Difference", "explain_difference"]

UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class Difference:
    """One cause. `where` is a line ("lines[2] Oven service"), a tax, the discount or the rounding;
    `lines` are those it comes from, each with what both systems make of it."""

    where: str
    left: Decimal
    right: Decimal
    cause: str
    lines: tuple[str, ...] = ()

    @property
    def amount(self) -> Decimal:
        return self.right - self.left

    def as_text(self) -> str:
        parts = f" ({'; '.join(self.lines)})" if self.lines else ""
        return f"{self.where}: {self.left:f} | {self.right:f}, {self.cause}{parts}"


def explain_difference(left: MoneyDocument, right: MoneyDocument) -> tuple[Difference, ...]:
    """What `right` counts otherwise than `left`; empty when they agree in every part.

    The amounts add up to the difference of the totals. What the rules do not explain stands last, as
    UNEXPLAINED: a total that its own system states otherwise than its rule would make it.
    """
    ours, theirs = work_out(left), work_out(right)
    found = [*_lines(left, right, ours, theirs), *_discount(ours, theirs)]
    found += _taxes(left, right, ours, theirs)
    if left.rounding != right.rounding:
        found.append(Difference("rounding", left.rounding, right.rounding, "entered to make totals agree"))
    total = _total(right, theirs) - _total(left, ours)
    rest = total - sum((each.amount for each in found), ZERO)
    if rest:
        found.append(Difference(UNEXPLAINED, ZERO, rest, "the totals stated differ from those of the lines"))
    return tuple(found)


def _total(document: MoneyDocument, worked: Worked) -> Decimal:
    return worked.total if document.stated is None else document.stated


def _lines(left: MoneyDocument, right: MoneyDocument, ours: Worked, theirs: Worked) -> Iterator[Difference]:
    lines = zip_longest(left.lines, right.lines)
    amounts = zip_longest(ours.amounts, theirs.amounts, fillvalue=ZERO)
    for index, ((one, other), (amount, their_amount)) in enumerate(zip(lines, amounts, strict=True)):
        if amount != their_amount:
            yield Difference(_line_name(index, one or other), amount, their_amount, _why(one, other))


def _why(one: MoneyLine | None, other: MoneyLine | None) -> str:
    if one is None or other is None:
        return "a line of one system only"
    same = (one.quantity, one.unit_price) == (other.quantity, other.unit_price)
    return "rounded to other decimals" if same else "another quantity or price"


def _line_name(index: int, line: MoneyLine | None) -> str:
    return f"lines[{index}] {line.name if line else ''}".rstrip()


def _discount(ours: Worked, theirs: Worked) -> Iterator[Difference]:
    if ours.discount != theirs.discount:
        yield Difference("discount", -ours.discount, -theirs.discount, "of another sum, or rounded otherwise")


def _taxes(left: MoneyDocument, right: MoneyDocument, ours: Worked, theirs: Worked) -> Iterator[Difference]:
    for tax in {**ours.taxes, **theirs.taxes}:
        amount, their_amount = ours.taxes.get(tax, ZERO), theirs.taxes.get(tax, ZERO)
        if amount != their_amount:
            where = f"tax {tax.name} {tax.percent:f}%"
            yield Difference(
                where, amount, their_amount, _why_taxed(left, right), _shares(tax, left, right, ours, theirs)
            )


def _why_taxed(left: MoneyDocument, right: MoneyDocument) -> str:
    if left.rule.taxes != right.rule.taxes:
        return f"rounded {left.rule.taxes.replace('_', ' ')} | {right.rule.taxes.replace('_', ' ')}"
    if left.rule.taxed != right.rule.taxed and (left.discount_percent or right.discount_percent):
        return "taken after the exact | the rounded discount"
    if left.rule.decimals_in(left.currency) != right.rule.decimals_in(right.currency):
        return "rounded to other decimals"
    return "of other amounts"


def _shares(
    tax: Tax, left: MoneyDocument, right: MoneyDocument, ours: Worked, theirs: Worked
) -> tuple[str, ...]:
    """The lines that bear the tax, with what each system takes of them before the last rounding."""
    shares = []
    pairs = zip_longest(ours.line_taxes, theirs.line_taxes, fillvalue=())
    for index, (mine, other) in enumerate(pairs):
        amount, their_amount = dict(mine).get(tax, ZERO), dict(other).get(tax, ZERO)
        if amount or their_amount:
            name = _line_name(index, _at(left.lines, index) or _at(right.lines, index))
            shares.append(f"{name}: {amount.normalize():f} | {their_amount.normalize():f}")
    return tuple(shares)


def _at(lines: Sequence[MoneyLine], index: int) -> MoneyLine | None:
    return lines[index] if index < len(lines) else None
