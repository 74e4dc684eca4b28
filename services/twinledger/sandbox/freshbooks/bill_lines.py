"""Lines of FreshBooks bills: snake_case where invoices are not. Sheet 3.13."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ..store import Table
from .errors import Detail
from .fields import Field, parse_fields
from .invoice_math import Totals, compute_totals, line_amount
from .wire import amount_of, money, round_money

__all__ = ["bill_totals", "parse_bill_lines"]

PERCENTS = ("tax_percent1", "tax_percent2")
NAMES = ("tax_name1", "tax_name2")
LINE_FIELDS: Mapping[str, Field] = {
    "categoryid": Field("int", None),
    "description": Field(default=None),
    "quantity": Field("number", "1"),
    "unit_cost": Field("money", None),
    "tax_name1": Field(default=None),
    "tax_name2": Field(default=None),
    "tax_percent1": Field("percent", None),
    "tax_percent2": Field("percent", None),
    "tax_authorityid1": Field(default=None),
    "tax_authorityid2": Field(default=None),
    "compounded_tax": Field("bool", False),
}


def parse_bill_lines(
    given: Any, currency: str, categories: Table
) -> tuple[list[dict[str, Any]], list[Detail]]:
    if not isinstance(given, list) or not given:
        return [], [Detail(1001, "'lines' is a required field.", "lines", "bill", None)]
    lines: list[dict[str, Any]] = []
    details: list[Detail] = []
    for index, row in enumerate(given):
        body = row if isinstance(row, Mapping) else {}
        values, invalid, _ = parse_fields(
            LINE_FIELDS, body, name="bill_line", currency=currency, creating=True
        )
        details += invalid
        category_id = values.get("categoryid")
        if not category_id:
            details.append(Detail(1001, "'categoryid' is a required field.", "categoryid", "bill_line", None))
        elif str(category_id) not in categories:
            details.append(Detail(1012, "Category not found.", "categoryid", "bill_line", str(category_id)))
        elif not invalid:
            lines.append(_line(index, values, currency, categories.get(str(category_id))))
    return lines, details


def _line(index: int, values: dict[str, Any], currency: str, category: Any) -> dict[str, Any]:
    line = {key: field.default for key, field in LINE_FIELDS.items()} | values
    line |= {"id": index + 1, "list_index": index + 1, "category": category}
    line["unit_cost"] = line["unit_cost"] or money(Decimal(0), currency)
    line["amount"] = money(line_amount(line, "quantity"), currency)
    for number in ("1", "2"):
        percent = Decimal(line[f"tax_percent{number}"] or "0")
        tax = round_money(amount_of(line["amount"]) * percent / 100)
        line[f"tax_amount{number}"] = money(tax, currency) if line[f"tax_name{number}"] else None
    total = compute_totals([line], Decimal(0), rounding="line", percents=PERCENTS, names=NAMES).total
    line["total_amount"] = money(total, currency)
    return line


def bill_totals(lines: list[dict[str, Any]], rounding: str) -> Totals:
    return compute_totals(lines, Decimal(0), rounding=rounding, percents=PERCENTS, names=NAMES)
