"""Mapping, lines: what stands beside the lines of a document and changes its sum becomes lines.

In: document, its lines    Out: lines that say the same without prices that include tax, amounts taken
off, charges put on; and the percentage off the whole, where it can stay one

The amounts are those that the vendor worked out itself; nothing is computed twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from twinledger.mapping.entity_model import JSON
from twinledger.mapping.errors import ValueFault
from twinledger.mapping.field_lens import Document
from twinledger.mapping.functions.amounts import allocated, canonical_decimal, read_decimal
from twinledger.mapping.line_taxes import FIRST, SECOND
from twinledger.mapping.models import Beside
from twinledger.mapping.paths import MISSING
from twinledger.mapping.totals import ZERO, round_to

__all__ = ["DISCOUNT", "BesideLines", "Line"]

DISCOUNT = "Discount"
Line = dict[str, JSON]


@dataclass(frozen=True, slots=True)
class BesideLines:
    """Compiled `beside` of a lines statement. `is_rounding` tells our own rounding from a charge."""

    statement: Beside
    is_rounding: Callable[[Document], bool]

    def plain(self, document: Document, given: Sequence[Document], lines: Sequence[Line]) -> list[Line]:
        """The lines and what follows from what stands beside them."""
        decimals = self._decimals(document)
        inclusive = bool(document.get(self.statement.inclusive))
        found: list[Line] = []
        for raw, line in zip(given, lines, strict=True):
            if inclusive:
                found.append(_without_tax(line, _number(raw, self.statement.line.amount), decimals))
                continue
            found.append(line)
            if not _is_nothing(raw.get(self.statement.line.discount)):
                found += self._line_discount(raw, line, decimals)
        return [*found, *self._off_the_whole(document, given, lines, decimals), *self._charges(document)]

    def percent(self, document: Document) -> Any:
        """What is taken off the whole, as a percentage: "0" where it became lines."""
        value = document.get(self.statement.discount.path, MISSING)
        if value is MISSING or value is None:
            return value
        if not self._stays_percent(document):
            return "0"
        return read_decimal(str(value).strip().removesuffix("%")) or "0"

    def _stays_percent(self, document: Document) -> bool:
        value = document.get(self.statement.discount.path)
        in_percent = type(value) is str and value.strip().endswith("%")
        before_tax = document.get(self.statement.discount.before_tax, True)
        inclusive = document.get(self.statement.inclusive)
        return in_percent and bool(before_tax) and not inclusive and not self._charges(document)

    def _line_discount(self, raw: Document, line: Line, decimals: int) -> list[Line]:
        gross = round_to(_of(line["quantity"]) * _of(line["unit_price"]), decimals)
        return _taken_off(gross - _number(raw, self.statement.line.amount), line)

    def _off_the_whole(
        self, document: Document, given: Sequence[Document], lines: Sequence[Line], decimals: int
    ) -> list[Line]:
        """A line for each set of taxes, so that each tax is still taken of what is left."""
        discount = self.statement.discount
        if _is_nothing(document.get(discount.path)) or self._stays_percent(document):
            return []
        amount = _number(document, discount.amount)
        if not document.get(discount.before_tax, True):
            return _taken_off(amount, {})
        groups: dict[tuple[JSON, JSON], Decimal] = {}
        for raw, line in zip(given, lines, strict=True):
            taxes = (line.get(FIRST), line.get(SECOND))
            groups[taxes] = groups.get(taxes, ZERO) + self._weight(document, raw)
        if not sum(groups.values()):  # off nothing: no tax becomes less by it
            return _taken_off(amount, {})
        parts = allocated(amount, list(groups.values()), decimals)
        taken = (
            _taken_off(part, {FIRST: first, SECOND: second})
            for part, (first, second) in zip(parts, groups, strict=True)
        )
        return [line for lines_off in taken for line in lines_off]

    def _weight(self, document: Document, raw: Document) -> Decimal:
        """What the line counts for in a discount: its price as it stands, with its tax if that is in it."""
        amount = _number(raw, self.statement.line.amount)
        if not document.get(self.statement.inclusive):
            return amount
        listed = raw.get(self.statement.line.taxes)
        taxes = listed if type(listed) is list else ()
        return amount + sum((_number(each, self.statement.line.tax) for each in taxes), ZERO)

    def _charges(self, document: Document) -> list[Line]:
        found = []
        for name, path in self.statement.charges.items():
            value = document.get(path)
            if _is_nothing(value) or (path == self.statement.rounding and self.is_rounding(document)):
                continue
            found.append(_line(name, _number(document, path), {}))
        return found

    def _decimals(self, document: Document) -> int:
        value = document.get(self.statement.decimals)
        number = Decimal(read_decimal(value) or "2") if value is not None else Decimal(2)
        if not 0 <= number <= 6:
            raise ValueFault(f"{self.statement.decimals} makes no sense")
        return int(number)


def _without_tax(line: Line, amount: Decimal, decimals: int) -> Line:
    """The line at its price without tax: by the piece where that gives the amount, else as a whole."""
    quantity = _of(line["quantity"])
    price = round_to(amount / quantity, decimals) if quantity else ZERO
    if quantity and round_to(price * quantity, decimals) == amount:
        return {**line, "unit_price": canonical_decimal(price)}
    return whole(line, amount, "tax included")


def whole(line: Line, amount: Decimal, why: str = "") -> Line:
    """One piece at the line's amount; what it was made of goes into the description."""
    made_of = f"{line['quantity']} x {line['unit_price']}{f' {why}' if why else ''}"
    told = [str(line["description"])] if line.get("description") else []
    return {
        **line,
        "quantity": "1",
        "unit_price": canonical_decimal(amount),
        "description": "\n".join([*told, made_of]),
    }


def _taken_off(amount: Decimal, taxes_of: Mapping[str, JSON]) -> list[Line]:
    return [_line(DISCOUNT, -amount, taxes_of)] if amount else []


def _line(name: str, amount: Decimal, taxes_of: Mapping[str, JSON]) -> Line:
    line: Line = {"item": None, "name": name, "description": None, "quantity": "1"}
    taxes = {FIRST: taxes_of.get(FIRST), SECOND: taxes_of.get(SECOND)}
    return {**line, "unit_price": canonical_decimal(amount), **taxes}


def _number(record: Any, key: str) -> Decimal:
    value = read_decimal(record.get(key)) if type(record) is dict else None
    if value is None:
        raise ValueFault(f"{key} is expected")
    return Decimal(value)


def _of(text: JSON) -> Decimal:
    return Decimal(str(text)) if text is not None else ZERO


def _is_nothing(value: Any) -> bool:
    """Zero, "0.00", "0%", false or nothing."""
    return not value or (type(value) is str and not value.strip("0.% "))
