"""Sandbox, Zoho Books: the states of an invoice and what moves it from one to the next (sheet 2.5)."""

from typing import Any

from ..call import Change
from ..plugin import ActOperation
from ..store import AnyOf, Equal, Filter, Range
from .answers import invalid
from .documents import Document
from .resource import Action, Record
from .totals import ZERO, dec, num

__all__ = ["OWED", "InvoiceStates"]

OWED = ("sent", "partially_paid")
SETTLED_BY = ("payment_made", "credits_applied", "tax_amount_withheld", "write_off_amount")


class InvoiceStates(Document):
    """draft, sent, partially_paid, paid, void are stored; overdue is derived when read."""

    def settle(self, record: Record) -> None:
        """Balance and status from what was paid, credited, withheld and written off."""
        settled = sum((dec(record[each]) for each in SETTLED_BY), ZERO)
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
