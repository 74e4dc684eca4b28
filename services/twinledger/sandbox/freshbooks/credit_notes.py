"""FreshBooks credit notes. Sheet 3.15. The wrapper is `credit_note` on write and on single read."""

from collections.abc import Hashable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from ..call import Change
from ..indexes import Index, Keyed, Ordered
from .documents import ClientDocument
from .fields import Field
from .invoice_math import compute_totals
from .listing import SearchKey, days, number
from .resource import Record
from .wire import money

__all__ = ["CreditNotes"]


class CreditNotes(ClientDocument):
    name, plural, path, scope, sheet = (
        "credit_note",
        "credit_notes",
        "credit_notes/credit_notes",
        "credit_notes",
        "3.15",
    )
    id_keys = ("id", "creditid")
    first_id = 5_501
    required = ("clientid", "create_date")
    plain_view = False
    always_shown = ("lines",)
    fields: Mapping[str, Field] = {
        "clientid": Field("int", 0),
        "create_date": Field("date", None),
        "credit_number": Field(default=None),
        "credit_type": Field("choice", "goodwill", ("goodwill", "prepayment", "overpayment")),
        "currency_code": Field(default=None, max_length=3),
        "language": Field(default="en"),
        "notes": Field(default=None),
        "terms": Field(default=None),
        "template": Field(default="clean-grouped"),
        "lines": Field("any", None),
        **{
            key: Field(default=None)
            for key in ("organization", "fname", "lname", "street", "street2", "city")
        },
        **{key: Field(default=None) for key in ("province", "code", "country", "vat_name", "vat_number")},
    }

    def indexes(self) -> Sequence[Index]:
        return (
            Keyed("id_value", lambda record: (record["id"],)),
            Keyed("clientid", lambda record: (record["clientid"],)),
            Ordered("date", lambda record: record["create_date"]),
        )

    def search_keys(self) -> Mapping[str, SearchKey]:
        return {"clientid": number("clientid"), **days("date", "date")}

    def complete(self, change: Change, record: Record, values: Record, before: Record | None) -> None:
        super().complete(change, record, values, before)
        if before is None:
            record |= {
                "accounting_systemid": self.vendor.account_id,
                "status": "created",
                "display_status": "created",
                "payment_status": "unpaid",
                "payment_type": None,
                "dispute_status": None,
                "last_order_status": None,
                "current_organization": record["organization"],
                "sentid": 1,
                "ext_archive": 0,
            }
        if not record["credit_number"]:
            record["credit_number"] = f"CR-{self.world.counters.next('freshbooks.credit_number'):05d}"
        rounding = str(self.world.switches.get("freshbooks.tax_rounding"))
        totals = compute_totals(record["lines"], Decimal(0), rounding=rounding)
        record["amount"] = money(totals.total, record["currency_code"])
        record["paid"] = money(Decimal(0), record["currency_code"])
        record["description"] = next(
            (each["description"] for each in record["lines"] if each["description"]), ""
        )

    def view_depends_on(self, includes: set[str]) -> Hashable | None:
        return ()

    def view(self, record: Record, includes: set[str]) -> Any:
        lines = record.pop("lines", [])
        if "lines" in includes:
            record["lines"] = [
                {**line, "creditid": record["id"], "updated": record["updated"]} for line in lines
            ]
        return record
