"""Mapping, money: what one system says of a document, as arithmetic takes it.

In: an object's mapping and the canonical fields it was read as    Out: MoneyDocument for `explain`
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from twinledger.mapping.entity_model import JSON
from twinledger.mapping.lens import ObjectMapping
from twinledger.mapping.line_taxes import taxes_of
from twinledger.mapping.totals import MoneyDocument, MoneyLine, Tax, TotalsRule

__all__ = ["money_document"]

Lookup = Callable[[str], Mapping[str, JSON]]


def money_document(mapping: ObjectMapping, fields: Mapping[str, Any], lookup: Lookup) -> MoneyDocument:
    """`lookup` gives the fields of a tax by its reference, nothing where it is not known."""
    stated = fields.get("total")
    return MoneyDocument(
        mapping.object.partition(".")[0],
        fields.get("currency") or "",
        mapping.totals or TotalsRule(),
        [_line(line, lookup) for line in fields.get("lines") or ()],
        _number(fields.get("discount_percent")),
        _number(fields.get("rounding")),
        None if stated is None else Decimal(stated),
    )


def _line(line: Mapping[str, Any], lookup: Lookup) -> MoneyLine:
    taxes = tuple(_tax(reference, lookup(reference)) for reference in taxes_of(line))
    return MoneyLine(line["name"] or "", _number(line["quantity"]), _number(line["unit_price"]), taxes)


def _tax(reference: str, content: Mapping[str, JSON]) -> Tax:
    name = str(content.get("name") or reference)
    return Tax(name, _number(content.get("percent")), content.get("compound") is True)


def _number(text: Any) -> Decimal:
    return Decimal(str(text)) if text is not None else Decimal(0)
