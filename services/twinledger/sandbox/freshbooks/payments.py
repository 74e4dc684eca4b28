"""FreshBooks payments: they move the invoice; what is paid beyond it becomes a credit. Sheet 3.4."""

from collections.abc import Hashable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from ..call import Change
from ..indexes import Index, Keyed, Ordered, Text
from .errors import Detail
from .fields import Field
from .listing import SearchKey, amounts, days, flag, found_by, like, number, text
from .resource import Record, Resource
from .wire import amount_of, money

__all__ = ["PAYMENT_TYPES", "Payments"]

PAYMENT_TYPES = (
    "Check",
    "Credit",
    "Cash",
    "Bank Transfer",
    "Credit Card",
    "Debit",
    "PayPal",
    "2Checkout",
    "VISA",
    "MASTERCARD",
    "DISCOVER",
    "AMEX",
    "DINERS",
    "JCB",
    "ACH",
    "Other",
)


class Payments(Resource):
    name, plural, path, scope, sheet = "payment", "payments", "payments/payments", "payments", "3.4"
    id_keys = ("id", "logid")
    first_id = 66_001
    required = ("invoiceid", "amount", "date")
    plain_view = False
    fields: Mapping[str, Field] = {
        "invoiceid": Field("int", 0, create_only=True),
        "amount": Field("money", None),
        "date": Field("date", None),
        "type": Field("choice", "Other", PAYMENT_TYPES),
        "note": Field(),
        "orderid": Field(default=None),
        "transactionid": Field(default=None),
        "send_client_notification": Field("bool", None),
    }

    def indexes(self) -> Sequence[Index]:
        return (
            Keyed("id_value", lambda record: (record["id"],)),
            Keyed("invoiceid", lambda record: (record["invoiceid"],)),
            Keyed("clientid", lambda record: (record["clientid"],)),
            Keyed("type", lambda record: (record["type"],)),
            Keyed("currency", lambda record: (record["amount"]["code"],)),
            Ordered("date", lambda record: record["date"]),
            Text("note", lambda record: str(record["note"] or "")),
        )

    def search_keys(self) -> Mapping[str, SearchKey]:
        return {
            "invoiceid": number("invoiceid"),
            **{key: number("clientid") for key in ("clientid", "clientids", "customerid", "customerids")},
            "type": text("type"),
            "currency": text("currency"),
            "notes": like("note"),
            **days("date", "date"),
            **days("updated", "updated"),
            **amounts("amount", lambda record: amount_of(record["amount"])),
            "from_credit": flag(lambda record: bool(record["from_credit"])),
            "client_name": found_by(self._client_named),
            "number": found_by(lambda record, value: self._invoice(record).get("invoice_number") == value),
        }

    def _client_named(self, record: Record, value: str) -> bool:
        client = self.vendor.clients.table.get(str(record["clientid"])) or {}
        names = (client.get("organization"), f"{client.get('fname')} {client.get('lname')}")
        return any(value.casefold() in str(each or "").casefold() for each in names)

    def _invoice(self, record: Record) -> Record:
        return self.vendor.invoices.table.get(str(record["invoiceid"])) or {}

    def check(self, change: Change, values: Record, before: Record | None) -> list[Detail]:
        details = []
        if values.get("amount") and amount_of(values["amount"]) < 0:
            details.append(Detail(1025, "'amount' may not be negative.", "amount", self.name, None))
        if before is None:
            invoice = self._invoice(values)
            if not invoice:
                wrong = str(values["invoiceid"])
                details.append(Detail(1012, "Invoice not found.", "invoiceid", self.name, wrong))
            elif invoice["vis_state"] == 1:
                details.append(Detail(1011, "Invoice has been deleted.", "invoiceid", self.name, None))
        return details

    def complete(self, change: Change, record: Record, values: Record, before: Record | None) -> None:
        if before is None:
            record |= {
                "accounting_systemid": self.vendor.account_id,
                "clientid": self._invoice(record).get("customerid"),
                "gateway": None,
                "creditid": None,
                "overpaymentid": None,
                "bulk_paymentid": None,
                "from_credit": False,
            }
            self._credit_excess(change, record)

    def _credit_excess(self, change: Change, record: Record) -> None:
        invoice = self._invoice(record)
        excess = amount_of(record["amount"]) - max(amount_of(invoice["outstanding"]), Decimal(0))
        if excess <= 0 or not self.world.switches.on("freshbooks.overpayment_credit"):
            return
        line = {"name": "Overpayment", "qty": 1, "unit_cost": money(excess, record["amount"]["code"])}
        credit = {
            "clientid": invoice["customerid"],
            "create_date": record["date"],
            "credit_type": "overpayment",
            "currency_code": record["amount"]["code"],
            "lines": [line],
        }
        record["overpaymentid"] = int(self.vendor.credit_notes.create(change, credit))

    def applied(self, change: Change, before: Record | None, after: Record) -> None:
        self.vendor.invoices.refresh(change, after["invoiceid"])

    def view_depends_on(self, includes: set[str]) -> Hashable | None:
        return None if includes else ()

    def view(self, record: Record, includes: set[str]) -> Any:
        invoice = self._invoice(record)
        if "invoice" in includes and invoice:
            record["invoice"] = self.vendor.invoices.view(invoice, set())
        if "client" in includes:
            client = self.vendor.clients.table.get(str(record["clientid"]))
            record["client"] = None if client is None else self.vendor.clients.view(client, set())
        if "credit_note" in includes:
            record["credit_note"] = None
        return record
