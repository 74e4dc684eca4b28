"""Sandbox, Zoho Books and Inventory: the words for the state of a sales order (sheet 2.7, 3.3)."""

from typing import Any

from .totals import ZERO, dec, num

__all__ = ["DONE", "invoiced_word", "paid_word", "quantities", "shipped_word", "status_in"]

DONE = ("confirmed", "closed")
Record = dict[str, Any]


def quantities(lines: list[Record]) -> Record:
    """Totals over the lines."""
    names = ("quantity", "quantity_invoiced", "quantity_packed", "quantity_shipped")
    return {name: num(sum((dec(line[name]) for line in lines), ZERO)) for name in names}


def invoiced_word(record: Record) -> str:
    if record["quantity_invoiced"] <= 0:
        return "not_invoiced"
    return "invoiced" if _all(record, "quantity_invoiced") else "partially_invoiced"


def paid_word(record: Record) -> str:
    living = [each for each in record["invoices"] if each["status"] != "void"]
    if not living:
        return "unpaid"
    if all(each["status"] == "paid" for each in living) and _all(record, "quantity_invoiced"):
        return "paid"
    touched = any(each["status"] in ("paid", "partially_paid") for each in living)
    return "partially_paid" if touched else "unpaid"


def shipped_word(record: Record) -> str:
    if _all(record, "quantity_delivered") or record["is_manually_fulfilled"]:
        return "fulfilled"
    if _all(record, "quantity_shipped"):
        return "shipped"
    return "partially_shipped" if record["quantity_shipped"] > 0 else "pending"


def _all(record: Record, name: str) -> bool:
    lines = record["line_items"]
    return bool(lines) and all(line[name] >= line["quantity"] for line in lines)


def status_in(product: str, record: Record) -> str:
    status, invoiced, shipped = record["order_status"], record["invoiced_status"], record["shipped_status"]
    if status != "confirmed":
        return str(status)
    if product == "books":
        return str(invoiced) if invoiced in ("invoiced", "partially_invoiced") else "open"
    if shipped in ("partially_shipped", "shipped", "fulfilled"):
        return str(shipped)
    return "invoiced" if invoiced == "invoiced" else "confirmed"
