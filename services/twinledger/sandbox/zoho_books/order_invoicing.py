"""Sandbox, Zoho Books: from sales order to invoice: what is left to invoice, what was (sheet 2.7)."""

from typing import TYPE_CHECKING, Any

from .documents import Document
from .resource import Record
from .totals import dec, num

if TYPE_CHECKING:
    from .finance import Finance

__all__ = ["count_invoices", "invoice_body"]


def count_invoices(finance: "Finance", record: Record) -> None:
    """Quantities invoiced of each line, and the invoices themselves, onto the order."""
    invoices = finance.invoices
    linked = [invoices.need(each) for each in invoices.table.find("order", record["salesorder_id"])]
    living = [each for each in linked if each["status"] != "void"]
    taken: dict[str, Any] = {}
    for line in (line for invoice in living for line in invoice["line_items"]):
        key = line.get("salesorder_item_id", "")
        taken[key] = taken.get(key, dec(0)) + dec(line["quantity"])
    for line in record["line_items"]:
        line["quantity_invoiced"] = num(taken.get(line["line_item_id"], dec(0)))
        line["is_invoiced"] = 0 < line["quantity"] <= line["quantity_invoiced"]
    keys = (
        "invoice_id",
        "invoice_number",
        "reference_number",
        "status",
        "date",
        "due_date",
        "total",
        "balance",
    )
    record["invoices"] = [{key: each[key] for key in keys} for each in linked]


def invoice_body(orders: Document, order_id: str) -> Record:
    """What is left to invoice of an order, as the body of an invoice."""
    order = orders.need(order_id)
    if order["order_status"] in ("void", "onhold"):
        raise orders.refuse_state("This sales order cannot be invoiced.")
    lines = [_invoice_line(each) for each in order["line_items"]]
    lines = [each for each in lines if each["quantity"] > 0]
    if not lines:
        raise orders.refuse_state("The sales order is invoiced already.")
    keys = (
        "customer_id",
        "reference_number",
        "currency_id",
        "exchange_rate",
        "discount",
        "discount_type",
        "is_discount_before_tax",
        "is_inclusive_tax",
        "notes",
        "terms",
    )
    body = {key: order[key] for key in keys}
    if not order["invoices"]:
        body |= {key: order[key] for key in ("shipping_charge", "adjustment", "adjustment_description")}
    return {**body, "line_items": lines}


def _invoice_line(line: Record) -> Record:
    keys = (
        "item_id",
        "name",
        "description",
        "rate",
        "unit",
        "discount",
        "tax_id",
        "account_id",
        "project_id",
    )
    left = dec(line["quantity"]) - dec(line["quantity_invoiced"])
    taken = {key: line[key] for key in keys if line.get(key) not in (None, "")}
    return {**taken, "quantity": num(left), "salesorder_item_id": line["line_item_id"]}
