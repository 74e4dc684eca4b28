"""Sandbox, Zoho Books: invoices: status rules, what they are owed, their orders (sheet 2.5)."""

from typing import Any, ClassVar

from ..call import Call, Change, Reply
from ..indexes import Keyed
from ..plugin import ActOperation, Route
from ..store import AnyOf, Equal, Filter, Range
from .answers import invalid, refuse, success
from .documents import HEADER, Document
from .listing import Columns
from .resource import Action, Query, Record, product_of
from .shape import Shape, ident, read_body, text
from .sums import Sums
from .totals import ZERO, dec, num

__all__ = ["Invoices"]

OWED = ("sent", "partially_paid")
DEFAULTS: Record = {
    "payment_made": 0.0,
    "credits_applied": 0.0,
    "tax_amount_withheld": 0.0,
    "write_off_amount": 0.0,
    "last_payment_date": "",
    "salesorder_id": "",
    "salesorder_number": "",
}


class Invoices(Document):
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

    def settle(self, record: Record) -> None:
        """Balance and status from what was paid, credited, withheld and written off."""
        settled = sum(
            (
                dec(record[each])
                for each in ("payment_made", "credits_applied", "tax_amount_withheld", "write_off_amount")
            ),
            ZERO,
        )
        balance = dec(record["total"]) - settled
        record["balance"] = num(balance)
        if record["status"] == "void":
            return
        if settled > 0:
            record["status"] = "paid" if balance <= 0 else "partially_paid"
        elif record["status"] in ("paid", "partially_paid"):
            record["status"] = "sent"

    def _settled(self, record: Record) -> bool:
        return any(record[each] for each in ("payment_made", "credits_applied", "write_off_amount"))

    def render(self, record: Record, product: str) -> Any:
        if (
            record["status"] in OWED
            and record["balance"] > 0
            and record["due_date"] < self.organization.today()
        ):
            record["status"] = "overdue"
        return record

    def status_filters(self, wanted: str) -> list[Filter]:
        word = wanted.rpartition(".")[2].replace("_", "").casefold()
        today = self.organization.today()
        if word in ("all", ""):
            return []
        if word == "overdue":
            return [AnyOf("=status", OWED), Range("due_date", "0", today)]
        if word in ("sent", "partiallypaid"):
            return [
                Equal("=status", "sent" if word == "sent" else "partially_paid"),
                Range("due_date", today),
            ]
        if word == "unpaid":
            return [AnyOf("=status", OWED)]
        if word in ("draft", "paid", "void", "viewed", "pendingapproval", "approved"):
            return [Equal("=status", {"pendingapproval": "pending_approval"}.get(word, word))]
        if wanted.startswith("Date."):
            return []
        raise invalid("filter_by")

    def after(self, change: Change, before: Record | None, record: Record | None) -> None:
        for order_id in {*_orders(before or {}), *_orders(record or {})}:
            self.finance.sales_orders.refresh(change, order_id)

    def check_delete(self, record: Record) -> None:
        if self._settled(record):
            raise self.refuse_state("Invoices with payments or credits applied to them cannot be deleted.")

    def pay(self, change: Change, record: Record, amount: Any, day: str) -> None:
        """`amount` below 0 takes a payment back."""
        record["payment_made"] = num(dec(record["payment_made"]) + amount)
        if amount > 0:
            record["last_payment_date"] = max(record["last_payment_date"], day)
        self._settle_and_store(change, record)

    def credit(self, change: Change, record: Record, amount: Any) -> None:
        record["credits_applied"] = num(dec(record["credits_applied"]) + amount)
        self._settle_and_store(change, record)

    def _settle_and_store(self, change: Change, record: Record) -> None:
        before = self.need(record["invoice_id"])
        self.settle(record)
        self.store(change, record)
        self.after(change, before, record)

    def actions(self) -> dict[str, tuple[Action, str, int]]:
        return {
            "status/sent": (self.mark_sent, "Invoice status has been changed to Sent.", 200),
            "status/void": (self.void, "Invoice status has been changed to Void.", 200),
            "status/draft": (self.mark_draft, "Status of invoice changed from void to draft", 200),
            "email": (self.email, "Your invoice has been sent.", 200),
            "submit": (
                self._approval("draft", "pending_approval"),
                "The invoice has been submitted for approval.",
                200,
            ),
            "approve": (
                self._approval("pending_approval", "approved"),
                "You have approved the invoice.",
                200,
            ),
            "writeoff": (self.write_off, "Invoice has been written off.", 200),
            "writeoff/cancel": (
                self.cancel_write_off,
                "The writeoff done for this invoice has been cancelled.",
                200,
            ),
        }

    def mark_sent(self, change: Change, record_id: str, _: Record) -> None:
        record = self.need(record_id)
        if record["status"] == "void":
            raise self.refuse_state("A void invoice cannot be marked as sent.")
        if record["status"] in ("draft", "approved", "pending_approval"):
            self.set_status(change, record, "sent")

    def void(self, change: Change, record_id: str, _: Record) -> None:
        record = self.need(record_id)
        if self._settled(record):
            raise self.refuse_state("Invoices with payments or credits applied to them cannot be voided.")
        self.set_status(change, record, "void")

    def mark_draft(self, change: Change, record_id: str, _: Record) -> None:
        record = self.need(record_id)
        if record["status"] != "void":
            raise self.refuse_state("Only void invoices can be changed to draft.")
        self.set_status(change, record, "draft")

    def email(self, change: Change, record_id: str, fields: Record) -> None:
        if not fields.get("to_mail_ids") and change.path is not None:
            raise invalid("to_mail_ids")
        record = self.need(record_id)
        record["is_emailed"] = True
        sent = record["status"] in ("draft", "approved")
        self.set_status(change, record, "sent" if sent else record["status"])

    def _approval(self, wanted: str, reached: str) -> Action:
        def move(change: Change, record_id: str, _: Record) -> None:
            record = self.need(record_id)
            if record["status"] != wanted:
                raise self.refuse_state(f"The invoice is not {wanted.replace('_', ' ')}.")
            self.set_status(change, record, reached)

        return move

    def write_off(self, change: Change, record_id: str, _: Record) -> None:
        record = self.need(record_id)
        if record["status"] not in OWED or record["balance"] <= 0:
            raise self.refuse_state("Only unpaid invoices can be written off.")
        record["write_off_amount"] = record["balance"]
        self._settle_and_store(change, record)

    def cancel_write_off(self, change: Change, record_id: str, _: Record) -> None:
        record = self.need(record_id)
        record["write_off_amount"] = 0.0
        self._settle_and_store(change, record)

    def _pay_act(self, act: Change, record_id: str | None, fields: Record) -> str:
        """A person records a payment on the invoice's page: in full unless `amount` says less."""
        record = self.need(str(record_id))
        amount = fields.get("amount", record["balance"])
        body = {
            "customer_id": record["customer_id"],
            "payment_mode": fields.get("payment_mode", "cash"),
            "amount": amount,
            "date": fields.get("date") or self.organization.today(),
            "invoices": [{"invoice_id": record_id, "amount_applied": amount}],
        }
        self.finance.customer_payments.create(act, {**fields, **body}, {})
        return str(record_id)

    def act_extras(self) -> dict[str, ActOperation]:
        return {
            "send": self.act_of(self.mark_sent),
            "void": self.act_of(self.void),
            "approve": self.act_of(self._approval("pending_approval", "approved")),
            "restore": self.act_of(self.mark_draft),
            "pay": self._pay_act,
        }

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
        body = self.finance.sales_orders.invoice_body(order_id) | read_body(call)
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
