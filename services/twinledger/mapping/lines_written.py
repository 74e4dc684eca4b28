"""Mapping, lines: a document's lines in the shape that a vendor takes, and what goes beside them.

In: canonical lines    Out: the vendor's lines in a body; the same lines as they will read back
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from twinledger.mapping.entity_model import JSON, CanonicalField
from twinledger.mapping.errors import ValueFault
from twinledger.mapping.field_lens import Body, Document, FieldLens, Writing
from twinledger.mapping.functions.amounts import canonical_decimal, to_decimal
from twinledger.mapping.line_taxes import FIRST, SECOND, in_order, tax_of, taxes_of
from twinledger.mapping.lines_beside import Line, whole
from twinledger.mapping.models import LinesStatement
from twinledger.mapping.paths import Path, put
from twinledger.mapping.rounding import rounding_of
from twinledger.mapping.totals import TotalsRule, decimals_of, round_to

__all__ = ["LineShape", "headers_writer", "is_rounding_line", "is_rounding_note", "rule_of", "upright"]

ROUNDING_NOTE = "Rounding"


def is_rounding_line(statement: LinesStatement) -> Callable[[Mapping[str, JSON]], bool]:
    """Tells the line that we add so that totals agree; `charged` already counts it."""
    name = statement.totals.line if statement.totals else None
    return lambda line: name is not None and line.get("name") == name and not taxes_of(line)


def is_rounding_note(statement: LinesStatement) -> Callable[[Document], bool]:
    """The same where it is an amount beside the lines."""
    note = statement.totals.note if statement.totals else None
    return lambda document: note is not None and document.get(note) == ROUNDING_NOTE


def rule_of(statement: LinesStatement) -> TotalsRule | None:
    """How the vendor works out a total."""
    totals = statement.totals
    if totals is None:
        return None
    decimals = None if totals.decimals == "currency" else totals.decimals
    return TotalsRule(decimals, totals.taxes, totals.taxed, "beside" if totals.line is None else "line")


def upright(line: Line) -> Line:
    """Taken back: a negative price instead of a negative quantity."""
    quantity, price = line.get("quantity"), line.get("unit_price")
    if not isinstance(quantity, str) or not isinstance(price, str) or not quantity.startswith("-"):
        return line
    return {**line, "quantity": quantity[1:], "unit_price": canonical_decimal(-Decimal(price))}


@dataclass(frozen=True, slots=True)
class LineShape:
    """What a vendor's lines can say."""

    statement: LinesStatement
    parts: Mapping[str, CanonicalField]
    lenses: Sequence[FieldLens]

    def normal(self, lines: JSON, currency: JSON) -> list[Line] | None:
        """The lines as they read back."""
        if not isinstance(lines, list):
            return None
        return [self._normal_line(self.fitted(line, currency)) for line in lines]

    def fitted(self, line: Line, currency: JSON) -> Line:
        """The line in numbers that the vendor takes."""
        quantity, price = line.get("quantity"), line.get("unit_price")
        if not isinstance(quantity, str) or not isinstance(price, str):
            return line
        if self.statement.positive_quantities:
            return upright(line)
        finest = self.statement.price_decimals
        if finest is None or len(price.partition(".")[2]) <= finest:
            return line
        decimals = finest if currency is None else min(finest, decimals_of(str(currency)))
        return whole(line, round_to(Decimal(quantity) * Decimal(price), decimals))

    def write(self, line: Line, writing: Writing) -> Body:
        """One line of the body."""
        creating = writing.creating or not self.statement.merged_by_id
        ordered = self._compound_last(line, writing)
        target: Body = dict(self.statement.constants)
        scope = replace(writing, fields=ordered, creating=creating)
        for lens in self.lenses:
            lens.emit(target, scope)
        if self.statement.compounded is not None and len(taxes_of(ordered)) > 1:
            first, second = (tax_of(reference, writing) for reference in taxes_of(ordered))
            target[self.statement.compounded] = second.compound and not first.compound
        self._put_group(target, ordered, writing)
        return target

    def _normal_line(self, line: Mapping[str, JSON]) -> Line:
        record: Line = dict.fromkeys(self.parts)
        for lens in self.lenses:
            record[lens.field] = lens.normal(line.get(lens.field))
        if self.statement.several_taxes is not None:
            record[SECOND] = line.get(SECOND)
        return in_order(record) if SECOND in self.parts else record

    def _compound_last(self, line: Line, writing: Writing) -> Line:
        """Two taxes on each other's amount are none: only a mixed pair has an order."""
        taxes = taxes_of(line)
        if len(taxes) == 2 and self.statement.compounded is not None:
            taxes.sort(key=lambda reference: tax_of(reference, writing).compound)
        return {**line, **dict(zip((FIRST, SECOND), [*taxes, None, None], strict=False))}

    def _put_group(self, target: Body, line: Line, writing: Writing) -> None:
        several, taxes = self.statement.several_taxes, taxes_of(line)
        if several is not None and len(taxes) > 1:
            target.pop(several.id, None)
            target[several.written] = [writing.resolve(reference) for reference in taxes]


def headers_writer(
    statement: LinesStatement, path: Path, shape: LineShape
) -> Callable[[Body, list[Line] | None, Writing], None]:
    """Writer of lines and of what stands beside them."""
    beside, totals, rule = statement.beside, statement.totals, rule_of(statement)

    def write(body: Body, lines: list[Line] | None, writing: Writing) -> None:
        percent = writing.fields.get(beside.discount.percent) if beside else None
        if beside is not None and percent is not None:
            body[beside.discount.path] = f"{percent}%"
        if lines is None:
            return
        given = [shape.fitted(line, writing.record.get("currency")) for line in lines]
        rounding = rounding_of(rule, given, writing) if rule is not None else None
        if rounding and totals is not None and totals.line is not None:
            price = canonical_decimal(rounding)
            given.append({"name": totals.line, "quantity": "1", "unit_price": price})
        put(body, path, [_located(shape, line, index, writing) for index, line in enumerate(given)])
        body.update(beside.written if beside is not None else {})
        if rounding is not None and totals is not None and totals.path and totals.note:
            body[totals.path] = to_decimal(canonical_decimal(rounding))
            body[totals.note] = ROUNDING_NOTE if rounding else ""

    return write


def _located(shape: LineShape, line: Line, index: int, writing: Writing) -> Any:
    try:
        return shape.write(line, writing)
    except ValueFault as fault:
        raise ValueFault(str(fault), f"[{index}]{f'.{fault.at}' if fault.at else ''}") from fault
