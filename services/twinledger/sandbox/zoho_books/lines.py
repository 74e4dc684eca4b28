"""Sandbox, Zoho finance: the lines of documents: fields, items and taxes behind them, amounts (sheet 2.5)."""

from decimal import InvalidOperation
from typing import TYPE_CHECKING, Any

from .answers import invalid
from .shape import LARGEST, Checker, anything, flag, ident, number, rows, shaped, text
from .totals import Discount, Priced, TaxPart, Terms, Totals, dec, num, total_up

if TYPE_CHECKING:
    from .finance import Finance

__all__ = ["LINE", "discount", "lines_of", "put_totals"]

Record = dict[str, Any]


def discount(name: str, value: Any) -> Any:
    """A number, or a string with a percent sign."""
    if value in (None, ""):
        return 0.0
    try:
        amount = Discount.parse(value).amount
    except InvalidOperation:
        raise invalid(name) from None
    if isinstance(value, bool) or not amount.is_finite() or not 0 <= amount <= LARGEST:
        raise invalid(name)
    return value if isinstance(value, str) and value.strip().endswith("%") else num(amount)


IDS = (
    "line_item_id",
    "item_id",
    "tax_id",
    "tax_exemption_id",
    "project_id",
    "expense_id",
    "bill_id",
    "bill_item_id",
    "salesorder_item_id",
    "purchaseorder_item_id",
    "location_id",
    "account_id",
    "customer_id",
)
LINE: dict[str, Checker] = {
    **dict.fromkeys(IDS, ident),
    "name": text(100),
    "description": text(2000),
    "rate": number,
    "quantity": number,
    "unit": text(100),
    "discount": discount,
    "item_order": number,
    "header_name": text(100),
    "is_billable": flag,
    "is_taxable": flag,
    "time_entry_ids": anything,
    "tags": rows,
    "item_custom_fields": rows,
}
DEFAULTS: Record = {
    "item_id": "",
    "name": "",
    "description": "",
    "rate": 0.0,
    "quantity": 1.0,
    "unit": "",
    "discount": 0.0,
    "tax_id": "",
}


def lines_of(
    finance: "Finance", given: list[Record], held: list[Record], *, buying: bool = False, free: bool = True
) -> list[Record]:
    """The lines of a request, merged into the held ones that it names by `line_item_id`."""
    known = {each["line_item_id"]: each for each in held}
    made = []
    for order, each in enumerate(given):
        fields = shaped(LINE, each)
        line_id = fields.pop("line_item_id", "")
        base = known.pop(line_id, None) if line_id else None
        if line_id and base is None:
            raise invalid("line_item_id")
        line: Record = base or {"line_item_id": finance.organization.new_id(), **DEFAULTS}
        _from_item(finance, line, fields, buying=buying)
        line.update(fields)
        line["item_order"] = order
        if (not free and not line["item_id"]) or not (line["item_id"] or line["name"] or line["description"]):
            raise invalid("item_id")
        if line["quantity"] < 0:
            raise invalid("quantity")
        made.append(line)
    if not finance.organization.switch("lines_replace"):
        made += known.values()
    return made


def _from_item(finance: "Finance", line: Record, fields: Record, *, buying: bool) -> None:
    """What the request leaves out comes from the item, when the item is named anew."""
    item_id = fields.get("item_id", "")
    if not item_id or item_id == line["item_id"]:
        return
    item = finance.items.need(item_id)
    line["name"], line["unit"] = item["name"], item["unit"]
    line["description"] = item["purchase_description"] if buying and "purchase_description" in item else ""
    line["rate"] = item["purchase_rate"] if buying else item["rate"]
    line["sku"] = item["sku"]


def put_totals(finance: "Finance", record: Record) -> None:
    """Line amounts, `taxes[]`, sub-total and total of a document, in place."""
    taxes = [_tax(finance, line) for line in record["line_items"]]
    terms = _terms(finance, record)
    item_level = record["discount_type"] == "item_level"
    priced = [
        Priced(
            dec(line["rate"]),
            dec(line["quantity"]),
            Discount.parse(line["discount"]) if item_level else Discount(),
            parts,
        )
        for line, parts in zip(record["line_items"], taxes, strict=True)
    ]
    totals = total_up(priced, terms)
    rate = dec(record["exchange_rate"])
    for line, amounts in zip(record["line_items"], totals.lines, strict=True):
        line["item_total"] = num(amounts.item_total)
        line["bcy_rate"] = num(dec(line["rate"]) * rate)
        line["tax_amount"] = None  # seen null in live answers; `line_item_taxes` has the amounts
        line["line_item_taxes"] = [_shown(part, amount) for part, amount in amounts.taxes]
    _put_sums(record, totals, terms)


def _tax(finance: "Finance", line: Record) -> tuple[TaxPart, ...]:
    if not line["tax_id"]:
        line["tax_name"], line["tax_type"], line["tax_percentage"] = "", "tax", 0.0
        return ()
    line["tax_name"], line["tax_type"], percent, parts = finance.taxes.parts(line["tax_id"])
    line["tax_percentage"] = num(percent)
    return parts


def _terms(finance: "Finance", record: Record) -> Terms:
    entity = Discount.parse(record["discount"]) if record["discount_type"] == "entity_level" else Discount()
    return Terms(
        precision=record["price_precision"],
        per_line=finance.organization.choice("tax_rounding") == "item_level",
        inclusive=record["is_inclusive_tax"],
        discount=entity,
        discount_before_tax=record["is_discount_before_tax"],
        shipping=dec(record["shipping_charge"]),
        adjustment=dec(record["adjustment"]),
    )


def _put_sums(record: Record, totals: Totals, terms: Terms) -> None:
    rate = dec(record["exchange_rate"])
    record["sub_total"] = num(totals.sub_total)
    record["discount_total"] = num(totals.discount_total)
    record["taxes"] = [_shown(part, amount) for part, amount in totals.taxes]
    record["tax_total"] = num(totals.tax_total)
    record["total"] = num(totals.total)
    record["bcy_sub_total"] = num(totals.sub_total * rate)
    record["bcy_total"] = num(totals.total * rate)
    if terms.inclusive:
        record["sub_total_inclusive_of_tax"] = num(totals.sub_total + totals.tax_total)


def _shown(part: TaxPart, amount: Any) -> Record:
    percent = format(part.percent.normalize(), "f")
    return {"tax_id": part.id, "tax_name": f"{part.name} ({percent}%)", "tax_amount": num(amount)}
