"""Mapping, money: what a document must add by hand so that it comes to what was charged.

The vendors round at different places, so the same lines may differ by a cent. Money fields are never
bent: the difference is entered where people see it, as a rounding. More than rounding can make is no
rounding and is refused, with the lines it may come from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from twinledger.mapping.entity_model import JSON
from twinledger.mapping.errors import ValueFault
from twinledger.mapping.field_lens import Writing
from twinledger.mapping.line_taxes import tax_of, taxes_of
from twinledger.mapping.totals import (
    HUNDRED,
    MoneyDocument,
    MoneyLine,
    TotalsRule,
    Worked,
    decimals_of,
    round_to,
    work_out,
)

__all__ = ["rounding_of"]

CHARGED, CURRENCY, PERCENT = "charged", "currency", "discount_percent"
CENTS = 2


def rounding_of(rule: TotalsRule, lines: Sequence[Mapping[str, JSON]], writing: Writing) -> Decimal | None:
    """What a document with these lines must add; None when it is not known what was charged."""
    charged, currency = writing.record.get(CHARGED), writing.record.get(CURRENCY)
    if charged is None or currency is None:
        return None
    percent = Decimal(str(writing.record.get(PERCENT) or "0"))
    priced = [_priced(line, writing) for line in lines]
    document = MoneyDocument("", str(currency), rule, priced, percent)
    missing = _checked(document, Decimal(str(charged)))
    return _price(document, missing) if missing and rule.rounding == "line" else missing


def _price(document: MoneyDocument, missing: Decimal) -> Decimal:
    """Price of a line that adds so much, though the percentage is taken off this line too."""
    wanted = work_out(document).total + missing
    decimals = document.rule.decimals_in(document.currency)
    left = HUNDRED - document.discount_percent
    near = round_to(missing * HUNDRED / left, decimals) if left else missing
    unit = Decimal(1).scaleb(-decimals)
    for price in (near, near + unit, near - unit):
        if work_out(replace(document, rounding=price)).total == wanted:
            return price
    raise ValueFault(f"no line adds {missing:f} where a discount is taken off everything")


def _priced(line: Mapping[str, JSON], writing: Writing) -> MoneyLine:
    quantity, price = Decimal(str(line["quantity"] or "0")), Decimal(str(line["unit_price"] or "0"))
    taxes = tuple(tax_of(reference, writing) for reference in taxes_of(line))
    return MoneyLine(str(line["name"] or ""), quantity, price, taxes)


def _checked(document: MoneyDocument, charged: Decimal) -> Decimal:
    worked = work_out(document)
    rounding = charged - worked.total
    decimals = document.rule.decimals_in(document.currency)
    if rounding and round_to(rounding, decimals) != rounding:
        raise ValueFault(f"{document.currency} has {decimals} decimals here{_named(worked, decimals)}")
    if abs(rounding) > _most(document):
        raise ValueFault(f"{rounding:f} is missing from what was charged{_named(worked, decimals)}")
    return rounding


def _most(document: MoneyDocument) -> Decimal:
    """Half a unit for each amount that one of the systems rounds, and one for the sum; the unit is the
    coarsest that any of them may have: the currency's own, or a cent."""
    rounded = len(document.lines) + sum(len(line.taxes) for line in document.lines)
    finest = min(document.rule.decimals_in(document.currency), decimals_of(document.currency), CENTS)
    return Decimal(rounded + 2) / 2 * Decimal(1).scaleb(-finest)


def _named(worked: Worked, decimals: int) -> str:
    """The lines on which something is left to round."""
    found = [
        f"lines[{index}]"
        for index, taxes in enumerate(worked.line_taxes)
        if any(round_to(amount, decimals) != amount for _, amount in taxes)
    ]
    return f": {', '.join(found)}" if found else ""
