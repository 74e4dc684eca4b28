"""Sandbox, Zoho Books and Inventory: bills; the number is the vendor's own (sheet 2.8, 9)."""

from typing import Any, ClassVar

from ..call import Act, Call, Change, Reply
from ..indexes import Keyed
from ..plugin import ActOperation, Route
from ..store import AnyOf, Equal, Filter, Range
from .answers import invalid, refuse, success
from .documents import HEADER, Document
from .listing import Columns
from .resource import Action, Query, Record
from .shape import Shape, anything, ident, text
from .sums import Sums
from .totals import ZERO, dec, num

__all__ = ["Bills"]

OWED = ("open", "partially_paid")
TAKEN = "A bill with this number has already been created for this vendor. Please check and try again."


class Bills(Document):
    name, path, id_key = "bill", "/bills", "bill_id"
    one, many, label, scope, report, sheet = "bill", "bills", "Bill", "bills", "Bills", "2.8"
    created = "success"
    updated = "Bill information has been updated."
    deleted = "The bill has been deleted."
    number_key, number_prefix = "bill_number", None
    party, buying, first_status = "vendor", True, "open"
    required = ("vendor_id", "bill_number")
    shape: ClassVar[Shape] = {
        **{name: check for name, check in HEADER.items() if name != "customer_id"},
        "bill_number": text(100),
        "purchaseorder_ids": anything,
        "recurring_bill_id": ident,
        "is_draft": anything,
    }
    row = (
        "bill_id",
        "bill_number",
        "vendor_id",
        "vendor_name",
        "status",
        "reference_number",
        "date",
        "due_date",
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
        texts=("bill_number", "reference_number", "vendor_name"),
        exact=("vendor_id", "recurring_bill_id"),
        days=("date", "due_date"),
        amounts=("total", "balance"),
        sorts=(
            "vendor_name",
            "bill_number",
            "date",
            "due_date",
            "total",
            "balance",
            "created_time",
            "last_modified_time",
        ),
        modified_filter=True,
        line_ids=("item_id", "purchaseorder_id"),
    )

    def extra_indexes(self) -> list[Any]:
        payable = Sums("payable", lambda record: record["vendor_id"], _owed)
        taken = Keyed("taken", lambda record: [(record["vendor_id"], _plain(record["bill_number"]))])
        return [*super().extra_indexes(), Keyed("order", _orders), taken, payable]

    def build(self, record: Record, fields: Record, query: Query, *, creating: bool) -> None:
        if not creating and record["status"] == "void":
            raise self.refuse_state("A void bill cannot be edited.")
        record.setdefault("payment_made", 0.0)
        record.setdefault("purchaseorder_ids", [])
        super().build(record, fields, query, creating=creating)
        for line in record["line_items"]:
            if not line["item_id"] and not line.get("account_id"):
                raise refuse(13009, "The account cannot be empty.")
            if line.get("purchaseorder_item_id"):
                line["purchaseorder_id"] = self._order_of(line["purchaseorder_item_id"])
        if creating and str(fields.get("is_draft", "")).lower() == "true":
            record["status"] = "draft"
        self.settle(record)
        if record["balance"] < 0 and record["payment_made"]:
            raise self.refuse_state("The total is less than what has been paid.")

    def _order_of(self, line_id: str) -> str:
        orders = self.finance.purchase_orders
        found = orders.table.find("line", line_id)
        if not found:
            raise self.absent("Purchase Order Item")
        return found[0]

    def put_number(self, record: Record, fields: Record, query: Query, *, creating: bool) -> None:
        own = str(fields.get("bill_number", record.get("bill_number", "")))
        if not own.strip():
            raise invalid("bill_number")
        key = (record["vendor_id"], _plain(own))
        if any(each != record["bill_id"] for each in self.table.find("taken", key)):
            raise refuse(13011, TAKEN)
        record["bill_number"] = own

    def act_query(self, fields: Record) -> Query:
        return {}

    def settle(self, record: Record) -> None:
        balance = dec(record["total"]) - dec(record["payment_made"])
        record["balance"] = num(balance)
        if record["status"] in ("void", "draft") and not record["payment_made"]:
            return
        if record["payment_made"] > 0:
            record["status"] = "paid" if balance <= 0 else "partially_paid"
        else:
            record["status"] = "open"

    def pay(self, change: Change, record: Record, amount: Any) -> None:
        record["payment_made"] = num(dec(record["payment_made"]) + amount)
        self.settle(record)
        self.store(change, record)

    def after(self, change: Change, before: Record | None, record: Record | None) -> None:
        for order_id in {*_orders(before or {}), *_orders(record or {})}:
            self.finance.purchase_orders.refresh(change, order_id)

    def render(self, record: Record, product: str) -> Any:
        late = record["status"] in OWED and record["due_date"] < self.organization.today()
        if late and record["balance"] > 0:
            record["status"] = "overdue"
        return record

    def status_filters(self, wanted: str) -> list[Filter]:
        word = wanted.rpartition(".")[2].replace("_", "").casefold()
        today = self.organization.today()
        if word in ("all", ""):
            return []
        if word == "overdue":
            return [AnyOf("=status", OWED), Range("due_date", "0", today)]
        if word in ("open", "partiallypaid"):
            return [
                Equal("=status", "open" if word == "open" else "partially_paid"),
                Range("due_date", today),
            ]
        if word in ("draft", "paid", "void", "pendingapproval"):
            return [Equal("=status", {"pendingapproval": "pending_approval"}.get(word, word))]
        raise invalid("filter_by")

    def check_delete(self, record: Record) -> None:
        if record["payment_made"]:
            raise self.refuse_state("Bills with payments cannot be deleted.")

    def mark_open(self, change: Change, record_id: str, _: Record) -> None:
        record = self.need(record_id)
        if record["status"] in ("draft", "void"):
            self.set_status(change, record, "open")

    def void(self, change: Change, record_id: str, _: Record) -> None:
        record = self.need(record_id)
        if record["payment_made"]:
            raise self.refuse_state("Bills with payments cannot be voided.")
        self.set_status(change, record, "void")

    def actions(self) -> dict[str, tuple[Action, str, int]]:
        return {
            "status/open": (
                self.mark_open,
                "The status of the bill has been changed from void to open.",
                201,
            ),
            "status/void": (self.void, "The bill has been marked as void.", 201),
        }

    def act_extras(self) -> dict[str, ActOperation]:
        return {
            "void": self.act_of(self.void),
            "approve": self.act_of(self.mark_open),
            "pay": self._pay_act,
        }

    def _pay_act(self, act: Act, record_id: str | None, fields: Record) -> str:
        record = self.need(str(record_id))
        amount = fields.get("amount", record["balance"])
        body = {
            "vendor_id": record["vendor_id"],
            "amount": amount,
            "date": fields.get("date") or self.organization.today(),
            "bills": [{"bill_id": record_id, "amount_applied": amount}],
        }
        self.finance.vendor_payments.create(act, {**fields, **body}, {})
        return str(record_id)

    def routes(self, product: Any) -> list[Route]:
        make = product.route
        return [
            *super().routes(product),
            make(self, "GET", "/bills/editpage/frompurchaseorders", self.from_orders),
            make(self, "PUT", "/bill/{id}/customfields", self.custom_alone),
        ]

    def from_orders(self, call: Call) -> Reply:
        """What a bill for these purchase orders would hold; nothing is made."""
        ids = [each.strip() for each in (call.arg("purchaseorder_ids") or "").split(",") if each.strip()]
        if not ids:
            raise invalid("purchaseorder_ids")
        orders = [self.finance.purchase_orders.need(each) for each in ids]
        keys = ("item_id", "account_id", "name", "description", "rate", "quantity", "tax_id")
        lines = [
            {**{key: line.get(key, "") for key in keys}, "purchaseorder_item_id": line["line_item_id"]}
            for order in orders
            for line in order["line_items"]
        ]
        head = {key: orders[0][key] for key in ("vendor_id", "vendor_name", "currency_id", "currency_code")}
        return success(bill={**head, "purchaseorder_ids": ids, "line_items": lines})


def _plain(number: str) -> str:
    """Trimmed, letter case aside; punctuation counts (sheet 9)."""
    return number.strip().casefold()


def _owed(record: Record) -> Any:
    return dec(record["balance"]) if record["status"] in OWED else ZERO


def _orders(record: Record) -> set[str]:
    return {each["purchaseorder_id"] for each in record.get("line_items", ()) if each.get("purchaseorder_id")}
