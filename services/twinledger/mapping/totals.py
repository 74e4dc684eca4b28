"""Mapping, money: how a vendor works out the total of an invoice or order from its lines.

The vendors agree on quantities, prices and percentages and differ in what they round, and when. A
`TotalsRule` says it for one of them, so that a document can be worked out by either rule. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from typing import Literal

from babel.numbers import get_currency_precision

__all__ = [
    "MoneyDocument",
    "MoneyLine",
    "Tax",
    "TotalsRule",
    "Worked",
    "decimals_of",
    "round_to",
    "work_out",
]

HUNDRED = Decimal(100)
ZERO = Decimal(0)
_WIDE = Context(prec=60)


@dataclass(frozen=True, slots=True)
class Tax:
    """`compound`: taken on the amount with the other tax of its line."""

    name: str
    percent: Decimal
    compound: bool = False


@dataclass(frozen=True, slots=True)
class MoneyLine:
    """One line, its price without tax."""

    name: str
    quantity: Decimal
    unit_price: Decimal
    taxes: tuple[Tax, ...] = ()


@dataclass(frozen=True, slots=True)
class TotalsRule:
    """`decimals` of every amount (None: those of the currency). `taxes`: rounded once per tax over the
    document, or on each line. `taxed`: what is left of a line is its exact part of the discount's
    percentage, or its part of the rounded discount. `rounding`: an amount beside the lines, or an
    untaxed line, of which the discount takes its part."""

    decimals: int | None = 2
    taxes: Literal["per_tax", "per_line"] = "per_tax"
    taxed: Literal["exact", "rounded_discount"] = "exact"
    rounding: Literal["beside", "line"] = "beside"

    def decimals_in(self, currency: str) -> int:
        return decimals_of(currency) if self.decimals is None else self.decimals


@dataclass(frozen=True, slots=True)
class MoneyDocument:
    """What makes the total of one document of one system. `rounding` is what it adds by hand so as to
    agree with another ledger; `stated` the total that the system itself says."""

    system: str
    currency: str
    rule: TotalsRule
    lines: Sequence[MoneyLine]
    discount_percent: Decimal = ZERO
    rounding: Decimal = ZERO
    stated: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Worked:
    """A document worked out: amount of each line, what each line owes to each tax, sums."""

    amounts: tuple[Decimal, ...]
    line_taxes: tuple[tuple[tuple[Tax, Decimal], ...], ...]
    discount: Decimal
    taxes: dict[Tax, Decimal]
    total: Decimal


def work_out(document: MoneyDocument) -> Worked:
    """Lines, discount, taxes and total by the rule of its system."""
    rule, decimals = document.rule, document.rule.decimals_in(document.currency)
    amounts = tuple(round_to(line.quantity * line.unit_price, decimals) for line in document.lines)
    beside, in_line = (document.rounding, ZERO) if rule.rounding == "beside" else (ZERO, document.rounding)
    subtotal = sum(amounts, in_line)
    discount = round_to(subtotal * document.discount_percent / HUNDRED, decimals)
    left = _left(document, subtotal, discount)
    line_taxes = tuple(
        tuple(_line_taxes(line.taxes, amount * left, rule, decimals))
        for line, amount in zip(document.lines, amounts, strict=True)
    )
    taxes = {tax: round_to(amount, decimals) for tax, amount in _by_tax(line_taxes).items()}
    total = subtotal - discount + sum(taxes.values(), ZERO) + beside
    return Worked(amounts, line_taxes, discount, taxes, round_to(total, decimals))


def round_to(value: Decimal, decimals: int) -> Decimal:
    """Half away from zero, as both vendors do."""
    return value.quantize(_unit(decimals), ROUND_HALF_UP, _WIDE)


@lru_cache(maxsize=512)
def decimals_of(currency: str) -> int:
    """Decimals that money of a currency has: JPY 0, USD 2, KWD 3."""
    return int(get_currency_precision(currency))


@lru_cache(maxsize=32)
def _unit(decimals: int) -> Decimal:
    return Decimal(1).scaleb(-decimals)


def _left(document: MoneyDocument, subtotal: Decimal, discount: Decimal) -> Decimal:
    """What part of a line is taxed."""
    if not document.discount_percent:
        return Decimal(1)
    if document.rule.taxed == "exact":
        return (HUNDRED - document.discount_percent) / HUNDRED
    return (subtotal - discount) / subtotal if subtotal else Decimal(1)


def _line_taxes(
    taxes: tuple[Tax, ...], base: Decimal, rule: TotalsRule, decimals: int
) -> Iterable[tuple[Tax, Decimal]]:
    if not taxes:
        return
    simple = sum((tax.percent for tax in taxes if not tax.compound), ZERO) / HUNDRED
    for tax in taxes:
        amount = (base * (1 + simple) if tax.compound else base) * tax.percent / HUNDRED
        yield tax, round_to(amount, decimals) if rule.taxes == "per_line" else amount


def _by_tax(lines: Iterable[Iterable[tuple[Tax, Decimal]]]) -> dict[Tax, Decimal]:
    sums: dict[Tax, Decimal] = {}
    for line in lines:
        for tax, amount in line:
            sums[tax] = sums.get(tax, ZERO) + amount
    return sums
