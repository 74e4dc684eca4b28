"""Sandbox, Zoho Books: credit notes and the invoices they are applied to (sheet 2.3)."""

from typing import Any, ClassVar

from ..call import Call, Change, Reply
from ..plugin import ActOperation, Route
from ..store import Filter
from .answers import invalid, refuse, success
from .documents import HEADER, Document
from .listing import Columns, status_filter
from .resource import Action, Query, Record
from .shape import Shape, flag, ident, number, read_body, rows, shaped, text
from .sums import Sums
from .totals import ZERO, dec, num

__all__ = ["CreditNotes"]


class CreditNotes(Document):
    name, path, id_key = "credit_note", "/creditnotes", "creditnote_id"
    one, many, label, scope, report = (
        "creditnote",
        "creditnotes",
        "Credit Note",
        "creditnotes",
        "Credit Notes",
    )
    created = "The credit note has been created."
    updated = "Credit note information has been updated."
    deleted = "The credit note has been deleted."
    number_key, number_prefix = "creditnote_number", "CN-"
    first_status = "open"
    required = ("customer_id", "date", "line_items")
    shape: ClassVar[Shape] = {
        **{name: check for name, check in HEADER.items() if name != "due_date"},
        "creditnote_number": text(100),
        "ignore_auto_number_generation": flag,
    }
    row = (
        "creditnote_id",
        "creditnote_number",
        "customer_id",
        "customer_name",
        "status",
        "reference_number",
        "date",
        "currency_id",
        "currency_code",
        "total",
        "balance",
        "created_time",
        "last_modified_time",
        "custom_fields",
        "custom_field_hash",
    )
    columns = Columns(
        texts=("creditnote_number", "reference_number", "customer_name"),
        exact=("customer_id",),
        days=("date",),
        amounts=("total", "balance"),
        sorts=("customer_name", "creditnote_number", "date", "total", "balance", "created_time"),
        line_ids=("item_id",),
    )

    def extra_indexes(self) -> list[Any]:
        return [*super().extra_indexes(), Sums("credits", lambda record: record["customer_id"], _left)]

    def build(self, record: Record, fields: Record, query: Query, *, creating: bool) -> None:
        """`ignore_auto_number_generation` is in the query or in the body here (sheet 9)."""
        if fields.pop("ignore_auto_number_generation", False):
            query = {**query, "ignore_auto_number_generation": "true"}
        if not creating and record["status"] == "void":
            raise self.refuse_state("A void credit note cannot be edited.")
        record.setdefault("credits_used", 0.0)
        record.setdefault("invoices_credited", [])
        super().build(record, fields, query, creating=creating)
        self._settle(record)

    def _settle(self, record: Record) -> None:
        balance = dec(record["total"]) - dec(record["credits_used"])
        if balance < 0:
            raise self.refuse_state("The total is less than the credits used.")
        record["balance"] = num(balance)
        if record["status"] != "void":
            record["status"] = "closed" if balance == 0 and record["credits_used"] else "open"

    def apply(self, change: Change, note_id: str, invoice_id: str, amount: float) -> None:
        note, invoice = self.need(note_id), self.finance.invoices.need(invoice_id)
        if invoice["customer_id"] != note["customer_id"] or note["status"] == "void":
            raise invalid("creditnote_id")
        if amount <= 0 or amount > note["balance"] or amount > invoice["balance"]:
            message = "The credits applied are more than the balance."
            raise refuse(self.organization.code("over_allocation_code"), message)
        note["credits_used"] = num(dec(note["credits_used"]) + dec(amount))
        note["invoices_credited"].append(
            {
                "creditnote_invoice_id": self.organization.new_id(),
                "invoice_id": invoice_id,
                "invoice_number": invoice["invoice_number"],
                "credited_amount": amount,
                "credited_date": self.organization.today(),
            }
        )
        self._settle(note)
        self.store(change, note)
        self.finance.invoices.credit(change, invoice, dec(amount))

    def check_delete(self, record: Record) -> None:
        if record["credits_used"]:
            raise self.refuse_state("Credit notes that are applied to invoices cannot be deleted.")

    def void(self, change: Change, record_id: str, _: Record) -> None:
        record = self.need(record_id)
        if record["credits_used"]:
            raise self.refuse_state("Credit notes that are applied to invoices cannot be voided.")
        self.set_status(change, record, "void")

    def reopen(self, change: Change, record_id: str, _: Record) -> None:
        self.set_status(change, self.need(record_id), "open")

    def actions(self) -> dict[str, tuple[Action, str, int]]:
        return {
            "void": (self.void, "The credit note has been marked as Void.", 200),
            "converttoopen": (self.reopen, "The status of the credit note has been changed to open.", 200),
        }

    def act_extras(self) -> dict[str, ActOperation]:
        return {"void": self.act_of(self.void)}

    def status_filters(self, wanted: str) -> list[Filter]:
        return status_filter({each: (each,) for each in ("open", "closed", "void", "draft")}, wanted)

    def routes(self, product: Any) -> list[Route]:
        path, make = "/creditnotes/{id}/invoices", product.route
        return [
            *super().routes(product),
            make(self, "GET", path, self.applied),
            make(self, "POST", path, self.apply_to_invoices),
        ]

    def applied(self, call: Call) -> Reply:
        return success(invoices_credited=self.need(call.params["id"])["invoices_credited"])

    def apply_to_invoices(self, call: Call) -> Reply:
        fields = shaped({"invoices": rows}, read_body(call), ("invoices",))
        note = self.need(call.params["id"])
        wanted = [
            shaped({"invoice_id": ident, "amount_applied": number}, each, ("invoice_id", "amount_applied"))
            for each in fields["invoices"]
        ]
        self._refuse_too_much(note, wanted)
        for each in wanted:
            self.apply(call, note["creditnote_id"], each["invoice_id"], each["amount_applied"])
        rows_ = [
            {"invoice_id": each["invoice_id"], "amount_applied": each["amount_applied"]} for each in wanted
        ]
        return success(
            "Credits have been applied to the invoice(s).", 201, apply_to_invoices={"invoices": rows_}
        )

    def _refuse_too_much(self, note: Record, wanted: list[Record]) -> None:
        """Before the first change: a call applies all or nothing."""
        asked = sum((dec(each["amount_applied"]) for each in wanted), ZERO)
        fits = all(
            0 < each["amount_applied"] <= self.finance.invoices.need(each["invoice_id"])["balance"]
            for each in wanted
        )
        if asked > dec(note["balance"]) or not fits:
            message = "The credits applied are more than the balance."
            raise refuse(self.organization.code("over_allocation_code"), message)


def _left(record: Record) -> Any:
    return dec(record["balance"]) if record["status"] == "open" else ZERO
