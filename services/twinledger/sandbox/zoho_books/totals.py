"""Sandbox, Zoho finance: the arithmetic of documents (sheet 2.5). Decimal inside, JSON numbers outside.

item_total = rate x quantity less item discount, rounded; sub_total = sum; total = sub_total + tax +
shipping + adjustment - entity discount. With inclusive tax the sums are split so that the same holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

__all__ = [
    "Discount",
    "LineAmounts",
    "Priced",
    "TaxPart",
    "Terms",
    "Totals",
    "dec",
    "num",
    "rounded",
    "total_up",
]

HUNDRED = Decimal(100)
ZERO = Decimal(0)
WIDE = Context(prec=60)  # the largest rate times the largest quantity still has its cents


def dec(value: Any) -> Decimal:
    """A JSON number as it was written; absent is 0."""
    return Decimal(str(value)) if value not in (None, "") else ZERO


def num(value: Decimal) -> float:
    return float(value)


def rounded(value: Decimal, precision: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-precision), ROUND_HALF_UP, WIDE)


@dataclass(frozen=True, slots=True)
class TaxPart:
    """One tax of a line; a tax group has several. A compound part is taken on the amount with the others."""

    id: str
    name: str
    percent: Decimal
    compound: bool = False


@dataclass(frozen=True, slots=True)
class Discount:
    """A number, or a percentage."""

    amount: Decimal = ZERO
    is_percent: bool = False

    def of(self, base: Decimal, precision: int) -> Decimal:
        return rounded(base * self.amount / HUNDRED, precision) if self.is_percent else self.amount

    @classmethod
    def parse(cls, value: Any) -> "Discount":
        """Raises ValueError (decimal.InvalidOperation) for what is neither."""
        source = str(value if value is not None else "").strip()
        if source.endswith("%"):
            return cls(Decimal(source[:-1].strip() or "0"), True)
        return cls(Decimal(source or "0"))


@dataclass(frozen=True, slots=True)
class Priced:
    rate: Decimal
    quantity: Decimal
    discount: Discount
    taxes: tuple[TaxPart, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """`per_line`: taxes are rounded on each line; else once per tax over the document."""

    precision: int = 2
    per_line: bool = False
    inclusive: bool = False
    discount: Discount = field(default_factory=Discount)
    discount_before_tax: bool = True
    shipping: Decimal = ZERO
    adjustment: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class LineAmounts:
    item_total: Decimal
    taxes: tuple[tuple[TaxPart, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Totals:
    lines: tuple[LineAmounts, ...]
    sub_total: Decimal
    discount_total: Decimal
    taxes: tuple[tuple[TaxPart, Decimal], ...]
    tax_total: Decimal
    total: Decimal


def total_up(lines: Sequence[Priced], terms: Terms) -> Totals:
    amounts = [_amount(line, terms.precision) for line in lines]
    carried = sum(amounts, ZERO)
    discount = terms.discount.of(carried, terms.precision) if terms.discount_before_tax else ZERO
    share = (carried - discount) / carried if carried and discount else Decimal(1)
    raw = [_taxes(line.taxes, each * share, terms) for line, each in zip(lines, amounts, strict=True)]
    taxes = _by_tax(raw, terms)
    tax_total = sum((each for _, each in taxes), ZERO)
    with_tax = carried if terms.inclusive else carried + tax_total
    if not terms.discount_before_tax:
        discount = terms.discount.of(with_tax, terms.precision)
    return Totals(
        tuple(_line(each, parts, terms) for each, parts in zip(amounts, raw, strict=True)),
        with_tax - tax_total,
        discount,
        taxes,
        tax_total,
        rounded(with_tax - discount + terms.shipping + terms.adjustment, terms.precision),
    )


def _amount(line: Priced, precision: int) -> Decimal:
    gross = line.rate * line.quantity
    return rounded(gross - line.discount.of(gross, precision), precision)


def _taxes(parts: tuple[TaxPart, ...], base: Decimal, terms: Terms) -> list[tuple[TaxPart, Decimal]]:
    if not parts:
        return []
    simple = sum((part.percent for part in parts if not part.compound), ZERO) / HUNDRED
    compound = sum((part.percent for part in parts if part.compound), ZERO) / HUNDRED
    net = base / ((1 + simple) * (1 + compound)) if terms.inclusive else base
    found = [
        (part, (net * (1 + simple) if part.compound else net) * part.percent / HUNDRED) for part in parts
    ]
    if terms.per_line:
        return [(part, rounded(amount, terms.precision)) for part, amount in found]
    return found


def _by_tax(
    lines: Sequence[list[tuple[TaxPart, Decimal]]], terms: Terms
) -> tuple[tuple[TaxPart, Decimal], ...]:
    sums: dict[str, tuple[TaxPart, Decimal]] = {}
    for line in lines:
        for part, amount in line:
            sums[part.id] = (part, sums.get(part.id, (part, ZERO))[1] + amount)
    return tuple((part, rounded(amount, terms.precision)) for part, amount in sums.values())


def _line(amount: Decimal, parts: list[tuple[TaxPart, Decimal]], terms: Terms) -> LineAmounts:
    taxes = tuple((part, rounded(each, terms.precision)) for part, each in parts)
    carried = sum((each for _, each in taxes), ZERO) if terms.inclusive else ZERO
    return LineAmounts(amount - carried, taxes)
