"""Sandbox, Zoho Books: payments to vendors, allocated to bills (sheet 2.8)."""

from typing import Any, ClassVar

from ..call import Change
from .customer_payments import BODY, Payments
from .documents import Document
from .listing import Columns
from .resource import Query, Record
from .shape import Shape, anything, ident, rows

__all__ = ["VendorPayments"]


class VendorPayments(Payments):
    name, path, id_key = "vendor_payment", "/vendorpayments", "payment_id"
    one, many, label, scope = "vendorpayment", "vendorpayments", "Payment", "vendorpayments"
    report, sheet = "Vendor Payments", "2.8"
    created = "The payment made to the vendor has been recorded."
    updated = "The payment has been updated."
    deleted = "The payment has been deleted."
    party, paper, papers_key, applied_id = "vendor", "bill", "bills", "bill_payment_id"
    required = ("amount",)
    shape: ClassVar[Shape] = {
        **BODY,
        "vendor_id": ident,
        "paid_through_account_id": ident,
        "check_details": anything,
        "bills": rows,
    }
    row = (
        "payment_id",
        "payment_number",
        "vendor_id",
        "vendor_name",
        "date",
        "payment_mode",
        "amount",
        "bcy_amount",
        "unused_amount",
        "currency_code",
        "reference_number",
        "description",
        "paid_through_account_id",
        "created_time",
        "last_modified_time",
        "custom_fields",
        "custom_field_hash",
    )
    columns = Columns(
        texts=("vendor_name", "reference_number"),
        exact=("vendor_id", "payment_mode"),
        days=("date",),
        amounts=("amount",),
        sorts=("date", "amount", "vendor_name", "payment_number", "created_time", "last_modified_time"),
        default_sort="date",
        modified_filter=True,
    )

    def papers(self) -> Document:
        return self.finance.bills

    def settle_paper(self, change: Change, paper: Record, amount: Any, day: str) -> None:
        self.finance.bills.pay(change, paper, amount)

    def build(self, record: Record, fields: Record, query: Query, *, creating: bool) -> None:
        """A payment of bills knows its vendor from them."""
        given = fields.get("bills") or []
        if not fields.get("vendor_id") and not record.get("vendor_id") and given:
            fields["vendor_id"] = self.finance.bills.need(str(given[0].get("bill_id")))["vendor_id"]
        account = fields.get("paid_through_account_id")
        if account:
            record["paid_through_account_name"] = self.finance.accounts.need(account)["account_name"]
        record.setdefault("paid_through_account_id", "")
        super().build(record, fields, query, creating=creating)
