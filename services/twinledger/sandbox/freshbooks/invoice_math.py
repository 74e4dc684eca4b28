"""FreshBooks' arithmetic: lines, discount, taxes, totals, of documents and bills. Pure. Sheet 3.3.

Line amount = qty x unit_cost. Total = lines - discount + taxes; a tax is taken of the line after its discount
(4 x 5.00 at 10 % off and 13 % tax: 2.34). A compounded second tax is taken of the line and its first tax.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .wire import amount_of, decimal_of, round_money

__all__ = ["Totals", "compute_totals"]

HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Totals:
    subtotal: Decimal
    discount: Decimal
    tax: Decimal

    @property
    def total(self) -> Decimal:
        return self.subtotal - self.discount + self.tax


def line_amount(line: Mapping[str, Any], quantity: str = "qty") -> Decimal:
    return round_money((decimal_of(line.get(quantity)) or Decimal(0)) * amount_of(line.get("unit_cost")))


def compute_totals(
    lines: Iterable[Mapping[str, Any]],
    discount_percent: Decimal,
    *,
    rounding: str,
    percents: tuple[str, str] = ("taxAmount1", "taxAmount2"),
    names: tuple[str, str] = ("taxName1", "taxName2"),
) -> Totals:
    """`rounding`: `line` rounds each tax of each line, `tax` each tax once over the whole document."""
    kept = (HUNDRED - discount_percent) / HUNDRED
    subtotal = Decimal(0)
    per_tax: dict[tuple[str, Decimal], Decimal] = defaultdict(Decimal)
    for line in lines:
        amount = amount_of(line["amount"])
        subtotal += amount
        for key, tax in _taxes_of(line, amount * kept, percents, names):
            per_tax[key] += round_money(tax) if rounding == "line" else tax
    discount = round_money(subtotal * discount_percent / HUNDRED)
    return Totals(subtotal, discount, sum((round_money(tax) for tax in per_tax.values()), Decimal(0)))


def _taxes_of(
    line: Mapping[str, Any], base: Decimal, percents: tuple[str, str], names: tuple[str, str]
) -> list[tuple[tuple[str, Decimal], Decimal]]:
    first = decimal_of(line.get(percents[0])) or Decimal(0)
    second = decimal_of(line.get(percents[1])) or Decimal(0)
    first_tax = base * first / HUNDRED if line.get(names[0]) else Decimal(0)
    second_base = base + first_tax if line.get("compounded_tax") else base
    second_tax = second_base * second / HUNDRED if line.get(names[1]) else Decimal(0)
    return [
        ((str(line.get(names[0])), first), first_tax),
        ((str(line.get(names[1])), second), second_tax),
    ]
