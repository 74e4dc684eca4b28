"""Sandbox, Zoho Books: invoices: status rules, what they are owed, their orders (sheet 2.5)."""

from typing import Any, ClassVar

from ..call import Call, Change, Reply
from ..indexes import Keyed
from ..plugin import Route
from .answers import invalid, refuse, success
from .billing import bill_parts
from .documents import HEADER
from .invoice_states import OWED, InvoiceStates
from .listing import Columns
from .order_invoicing import invoice_body
from .resource import Query, Record, product_of
from .shape import Shape, ident, read_body, text
from .sums import Sums
from .totals import ZERO, dec

__all__ = ["Invoices"]

DEFAULTS: Record = {
    "payment_made": 0.0,
    "credits_applied": 0.0,
    "tax_amount_withheld": 0.0,
    "write_off_amount": 0.0,
    "last_payment_date": "",
    "salesorder_id": "",
    "salesorder_number": "",
}


class Invoices(InvoiceStates):
    name, path, id_key = "invoice", "/invoices", "invoice_id"
    one, many, label, scope, report, sheet = "invoice", "invoices", "Invoice", "invoices", "Invoices", "2.5"
    created = "The invoice has been created."
    updated = "Invoice information has been updated."
    deleted = "The invoice has been deleted."
    number_key, number_prefix = "invoice_number", "INV-"
    required = ("customer_id", "line_items")
    shape: ClassVar[Shape] = {
        **HEADER,
        "invoice_number": text(100),
        "invoiced_estimate_id": ident,
        "recurring_invoice_id": ident,
    }
    row = (
        "invoice_id",
        "invoice_number",
        "customer_id",
        "customer_name",
        "email",
        "status",
        "reference_number",
        "date",
        "due_date",
        "currency_id",
        "currency_code",
        "exchange_rate",
        "total",
        "balance",
        "write_off_amount",
        "last_payment_date",
        "salesperson_name",
        "is_emailed",
        "created_time",
        "last_modified_time",
        "custom_fields",
        "custom_field_hash",
    )
    columns = Columns(
        texts=("invoice_number", "reference_number", "customer_name", "email"),
        exact=("customer_id", "recurring_invoice_id", "salesorder_id"),
        days=("date", "due_date"),
        amounts=("total", "balance"),
        sorts=(
            "customer_name",
            "invoice_number",
            "date",
            "due_date",
            "total",
            "balance",
            "created_time",
            "last_modified_time",
        ),
        modified_filter=True,
        line_ids=("item_id",),
    )

    def extra_indexes(self) -> list[Any]:
        outstanding = Sums("outstanding", lambda record: record["customer_id"], _owed)
        return [*super().extra_indexes(), Keyed("order", _orders), outstanding]

    def build(self, record: Record, fields: Record, query: Query, *, creating: bool) -> None:
        for name, value in DEFAULTS.items():
            record.setdefault(name, value)
        if not creating and record["status"] == "void":
            raise self.refuse_state("A void invoice cannot be edited.")
        held = record.get("customer_id")
        if not creating and fields.get("customer_id", held) != held and (self._settled(record)):
            raise self.refuse_state("The customer of an invoice with payments cannot be changed.")
        super().build(record, fields, query, creating=creating)
        if creating and str(query.get("send", "")).lower() == "true":
            record["status"], record["is_emailed"] = "sent", True
        record.setdefault("invoice_url", f"https://books.invalid/invoice/{record['invoice_id']}")
        self._link_order(record)
        self.settle(record)
        if dec(record["balance"]) < 0 and self._settled(record):
            raise self.refuse_state("The total is less than what has been paid.")

    def _link_order(self, record: Record) -> None:
        """A line's `salesorder_item_id` ties the invoice to its order."""
        for line in record["line_items"]:
            if line.get("salesorder_item_id"):
                found = self.finance.sales_orders.table.find("line", line["salesorder_item_id"])
                if not found:
                    raise self.absent("Sales Order Item")
                record["salesorder_id"] = found[0]
                record["salesorder_number"] = self.finance.sales_orders.need(found[0])["salesorder_number"]

    def after(self, change: Change, before: Record | None, record: Record | None) -> None:
        for order_id in {*_orders(before or {}), *_orders(record or {})}:
            self.finance.sales_orders.refresh(change, order_id)
        bill_parts(self.finance, change, before, record)

    def routes(self, product: Any) -> list[Route]:
        make = product.route
        return [
            *super().routes(product),
            make(self, "POST", "/invoices/fromsalesorder", self.from_order),
            make(self, "POST", "/invoices/mapwithorder", self.map_with_order),
            make(self, "GET", "/invoices/{id}/payments", self.payments),
            make(self, "POST", "/invoices/{id}/credits", self.apply_credits),
            make(self, "PUT", "/invoice/{id}/customfields", self.custom_alone),
        ]

    def from_order(self, call: Call) -> Reply:
        order_id = call.arg("salesorder_id")
        if not order_id:
            raise invalid("salesorder_id")
        body = invoice_body(self.finance.sales_orders, order_id) | read_body(call)
        created = self.create(call, body, dict(call.query))
        return success(self.created, 201, invoice=self.view(created, product_of(call)))

    def map_with_order(self, call: Call) -> Reply:
        body = read_body(call)
        ids = body.get("invoice_ids") or (call.arg("invoice_ids") or "").split(",")
        if not any(ids):
            raise invalid("invoice_ids")
        return success(errors=[])

    def payments(self, call: Call) -> Reply:
        self.need(call.params["id"])
        payments = self.finance.customer_payments
        found = [payments.need(each) for each in payments.table.find("invoice", call.params["id"])]
        return success(payments=[_payment_row(each, call.params["id"]) for each in found])

    def apply_credits(self, call: Call) -> Reply:
        body, invoice = read_body(call), self.need(call.params["id"])
        wanted = body.get("apply_creditnotes") or body.get("invoice_payments") or []
        if not isinstance(wanted, list) or not wanted:
            raise refuse(4, "Invalid value passed for apply_creditnotes")
        self.finance.apply_credits(call, invoice["invoice_id"], body)
        return success("Credits have been applied to the invoice(s).", 200)


def _owed(record: Record) -> Any:
    return dec(record["balance"]) if record["status"] in OWED else ZERO


def _orders(record: Record) -> list[str]:
    return [record["salesorder_id"]] if record.get("salesorder_id") else []


def _payment_row(payment: Record, invoice_id: str) -> Record:
    applied = next(each for each in payment["invoices"] if each["invoice_id"] == invoice_id)
    keys = (
        "payment_id",
        "payment_number",
        "payment_mode",
        "date",
        "reference_number",
        "description",
        "amount",
    )
    row = {key: payment[key] for key in keys}
    return {
        **row,
        "invoice_id": invoice_id,
        **{key: applied[key] for key in ("invoice_payment_id", "amount_applied")},
    }
