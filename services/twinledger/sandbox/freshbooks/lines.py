"""Lines of FreshBooks invoices and credit notes: the whole set is replaced by a write. Sheet 3.3."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from .errors import Detail
from .fields import Field, parse_fields
from .invoice_math import line_amount
from .wire import money

__all__ = ["parse_lines"]

LINE_FIELDS: Mapping[str, Field] = {
    "type": Field("int", 0),
    "name": Field(default=None),
    "description": Field(default=None),
    "qty": Field("number", "1"),
    "unit_cost": Field("money", None),
    "taxName1": Field(default=None),
    "taxAmount1": Field("percent", "0"),
    "taxName2": Field(default=None),
    "taxAmount2": Field("percent", "0"),
    "compounded_tax": Field("bool", False),
    "expenseid": Field("int", 0),
    "date": Field("date", None),
    "retainer_id": Field("int", None),
    "retainer_period_id": Field("int", None),
    "modern_project_id": Field("int", None),
    "modern_time_entries": Field("any", None),
}


def parse_lines(
    given: Any, *, currency: str, numbers: Mapping[str, str]
) -> tuple[list[dict[str, Any]], list[Detail]]:
    """`numbers`: tax name -> tax number, which a line copies and nobody can write."""
    if given is None:
        return [], []
    if not isinstance(given, list):
        return [], [Detail(1035, "The field 'lines' must be a list.", "lines", "line", None)]
    lines: list[dict[str, Any]] = []
    details: list[Detail] = []
    for index, row in enumerate(given, 1):
        if not isinstance(row, Mapping):
            details.append(Detail(1035, "A line must be an object.", "lines", "line", None))
            continue
        values, invalid, _ = parse_fields(LINE_FIELDS, row, name="line", currency=currency, creating=True)
        details += invalid
        if not invalid:
            lines.append(_line(index, values, currency, numbers))
    return lines, details


def _line(index: int, values: dict[str, Any], currency: str, numbers: Mapping[str, str]) -> dict[str, Any]:
    line = {key: field.default for key, field in LINE_FIELDS.items()} | values
    line["lineid"] = index
    line["taskno"] = index
    line["basecampid"] = 0
    line["unit_cost"] = line["unit_cost"] or money(Decimal(0), currency)
    line["amount"] = money(line_amount(line), line["unit_cost"]["code"])
    line["taxNumber1"] = numbers.get(line["taxName1"] or "")
    line["taxNumber2"] = numbers.get(line["taxName2"] or "")
    line["modern_time_entries"] = line["modern_time_entries"] or []
    return line
