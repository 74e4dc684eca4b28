"""Sandbox, Zoho Books: expenses, with tax inside or on top, and their receipts (sheet 2.8)."""

from typing import Any, ClassVar

from ..call import Call, Reply
from ..plugin import Route
from ..store import Filter
from .answers import invalid, refuse, success
from .listing import Columns, status_filter
from .resource import Query, Record, Resource
from .shape import Shape, anything, day, flag, ident, number, rows, text
from .totals import Discount, Priced, TaxPart, Terms, dec, num, total_up

__all__ = ["Expenses"]

DEFAULTS: Record = {
    "paid_through_account_id": "",
    "vendor_id": "",
    "vendor_name": "",
    "customer_id": "",
    "customer_name": "",
    "project_id": "",
    "tax_id": "",
    "reference_number": "",
    "description": "",
    "employee_id": "",
    "is_billable": False,
    "is_inclusive_tax": False,
    "invoice_id": "",
    "has_attachment": False,
}


class Expenses(Resource):
    name, path, id_key = "expense", "/expenses", "expense_id"
    one, many, label, scope, report, sheet = "expense", "expenses", "Expense", "expenses", "Expenses", "2.8"
    created = "The expense has been recorded."
    updated = "Expense information has been updated."
    deleted = "The expense has been deleted."
    created_status = 200
    required = ("date", "account_id", "amount", "paid_through_account_id")
    shape: ClassVar[Shape] = {
        "account_id": ident,
        "paid_through_account_id": ident,
        "date": day,
        "amount": number,
        "vendor_id": ident,
        "customer_id": ident,
        "project_id": ident,
        "tax_id": ident,
        "employee_id": ident,
        "currency_id": ident,
        "exchange_rate": number,
        "is_billable": flag,
        "is_inclusive_tax": flag,
        "reference_number": text(100),
        "description": text(None),
        "line_items": rows,
        "mileage_type": text(50),
        "distance": anything,
        "mileage_rate": anything,
        "mileage_unit": text(10),
        "custom_fields": rows,
        "tags": rows,
        "location_id": ident,
    }
    row = (
        "expense_id",
        "date",
        "account_id",
        "account_name",
        "paid_through_account_id",
        "paid_through_account_name",
        "vendor_id",
        "vendor_name",
        "customer_id",
        "customer_name",
        "description",
        "reference_number",
        "currency_code",
        "total",
        "bcy_total",
        "is_billable",
        "status",
        "has_attachment",
        "created_time",
        "last_modified_time",
        "custom_fields",
        "custom_field_hash",
    )
    columns = Columns(
        texts=("description", "reference_number", "account_name", "vendor_name", "customer_name"),
        exact=("status", "account_id", "vendor_id", "customer_id", "paid_through_account_id", "employee_id"),
        days=("date",),
        amounts=("amount",),
        sorts=(
            "date",
            "account_name",
            "total",
            "bcy_total",
            "reference_number",
            "customer_name",
            "created_time",
        ),
        default_sort="date",
    )

    def build(self, record: Record, fields: Record, query: Query, *, creating: bool) -> None:
        for name, value in DEFAULTS.items():
            record.setdefault(name, value)
        if record["invoice_id"]:
            raise refuse(5001, "This expense has been invoiced already.")
        record |= {name: value for name, value in fields.items() if name != "custom_fields"}
        lines = record.get("line_items") or []
        if lines:
            amounts = [number("amount", line.get("amount")) for line in lines]
            record["amount"] = num(sum(map(dec, amounts), dec(0)))
        if record["amount"] <= 0:
            raise refuse(5015, "Invalid amount for the expense.")
        self._names(record)
        self._currency(record, fields)
        self._tax(record)
        self._status(record)

    def _names(self, record: Record) -> None:
        accounts, contacts = self.finance.accounts, self.finance.contacts
        record["account_name"] = accounts.need(record["account_id"])["account_name"]
        through = record["paid_through_account_id"]
        record["paid_through_account_name"] = accounts.need(through)["account_name"] if through else ""
        for party in ("vendor", "customer"):
            party_id = record[f"{party}_id"]
            record[f"{party}_name"] = contacts.need(party_id)["contact_name"] if party_id else ""
        if record["project_id"]:
            self.finance.projects.need(record["project_id"])

    def _currency(self, record: Record, fields: Record) -> None:
        currencies = self.finance.currencies
        currency = currencies.chosen(record.get("currency_id", ""), self.organization.currency_code)
        for name in ("currency_id", "currency_code", "currency_symbol", "price_precision"):
            record[name] = currency[name]
        given = fields.get("exchange_rate")
        base = 1.0 if currency["is_base_currency"] else float(currency["exchange_rate"])
        record["exchange_rate"] = given or record.get("exchange_rate") or base

    def _tax(self, record: Record) -> None:
        name, percent = "", dec(0)
        parts: tuple[TaxPart, ...] = ()
        if record["tax_id"]:
            name, _, percent, parts = self.finance.taxes.parts(record["tax_id"])
        line = Priced(dec(record["amount"]), dec(1), Discount(), parts)
        terms = Terms(precision=record["price_precision"], inclusive=record["is_inclusive_tax"])
        totals = total_up([line], terms)
        record |= {
            "tax_name": name,
            "tax_percentage": num(percent),
            "tax_amount": num(totals.tax_total),
            "sub_total": num(totals.sub_total),
            "total": num(totals.total),
            "bcy_total": num(totals.total * dec(record["exchange_rate"])),
        }

    def _status(self, record: Record) -> None:
        if record["is_billable"] and not record["customer_id"]:
            raise invalid("customer_id")
        record["status"] = "unbilled" if record["is_billable"] else "non-billable"

    def status_filters(self, wanted: str) -> list[Filter]:
        words: dict[str, tuple[str, ...]] = {
            "unbilled": ("unbilled",),
            "invoiced": ("invoiced",),
            "reimbursed": ("reimbursed",),
            "nonbillable": ("non-billable",),
            "billable": ("unbilled", "invoiced"),
        }
        return status_filter(words, wanted.replace("-", ""))

    def check_delete(self, record: Record) -> None:
        if record["invoice_id"]:
            raise refuse(5001, "This expense has been invoiced already.")

    def routes(self, product: Any) -> list[Route]:
        path, make = "/expenses/{id}/receipt", product.route
        return [
            *super().routes(product),
            make(self, "POST", path, self.attach),
            make(self, "GET", path, self.receipt),
            make(self, "DELETE", path, self.detach),
        ]

    def attach(self, call: Call) -> Reply:
        record, files = self.need(call.params["id"]), call.form().files
        if "receipt" not in files:
            raise invalid("receipt")
        upload = files["receipt"]
        record["has_attachment"] = True
        record["expense_receipt_name"], record["expense_receipt_type"] = upload.filename, upload.media_type
        self.finance.receipts.keep(record["expense_id"], upload.media_type, upload.content)
        self.store(call, record)
        return success("The expense receipt has been attached.")

    def receipt(self, call: Call) -> Reply:
        self.need(call.params["id"])
        kept = self.finance.receipts.find(call.params["id"])
        if kept is None:
            raise self.absent("Receipt")
        return Reply(200, kept[1], [], kept[0])

    def detach(self, call: Call) -> Reply:
        record = self.need(call.params["id"])
        record["has_attachment"] = False
        self.finance.receipts.drop(record["expense_id"])
        self.store(call, record)
        return success("The attached expense receipt has been deleted.")
