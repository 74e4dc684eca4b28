"""Sandbox, Zoho Books and Inventory: purchase orders (sheet 2.8)."""

from typing import Any, ClassVar

from ..call import Change
from ..indexes import Keyed
from ..plugin import ActOperation, Route
from ..store import Filter
from .documents import HEADER, Document
from .listing import Columns, status_filter
from .resource import Action, Query, Record
from .shape import Shape, day, ident, text

__all__ = ["PurchaseOrders"]

NEXT = {
    "open": ("draft", "cancelled"),
    "billed": ("open", "partially_billed"),
    "cancelled": ("draft", "open"),
}


class PurchaseOrders(Document):
    name, path, id_key = "purchase_order", "/purchaseorders", "purchaseorder_id"
    one, many, label, scope = "purchaseorder", "purchaseorders", "Purchase Order", "purchaseorders"
    report, sheet = "Purchase Orders", "2.8"
    created = "Purchase Order has been added."
    updated = "Purchase Order information has been updated."
    deleted = "The purchase order has been deleted."
    number_key, number_prefix = "purchaseorder_number", "PO-"
    party, buying = "vendor", True
    required = ("vendor_id", "line_items")
    shape: ClassVar[Shape] = {
        **{name: check for name, check in HEADER.items() if name not in ("customer_id", "due_date")},
        "purchaseorder_number": text(100),
        "delivery_date": day,
        "expected_delivery_date": day,
        "delivery_org_address_id": ident,
        "delivery_customer_id": ident,
        "ship_via": text(100),
    }
    row = (
        "purchaseorder_id",
        "purchaseorder_number",
        "vendor_id",
        "vendor_name",
        "status",
        "reference_number",
        "date",
        "delivery_date",
        "currency_id",
        "currency_code",
        "total",
        "created_time",
        "last_modified_time",
        "custom_fields",
        "custom_field_hash",
    )
    columns = Columns(
        texts=("purchaseorder_number", "reference_number", "vendor_name"),
        exact=("vendor_id",),
        days=("date", "delivery_date"),
        amounts=("total",),
        sorts=(
            "vendor_name",
            "purchaseorder_number",
            "date",
            "delivery_date",
            "total",
            "created_time",
            "last_modified_time",
        ),
        modified_filter=True,
        line_ids=("item_id",),
    )

    def extra_indexes(self) -> list[Any]:
        lines = Keyed("line", lambda record: [each["line_item_id"] for each in record["line_items"]])
        return [*super().extra_indexes(), lines]

    def build(self, record: Record, fields: Record, query: Query, *, creating: bool) -> None:
        for name in ("delivery_date", "ship_via"):
            record.setdefault(name, "")
        if not creating and record["status"] in ("billed", "cancelled"):
            raise self.refuse_state(f"A {record['status']} purchase order cannot be edited.")
        super().build(record, fields, query, creating=creating)
        for line in record["line_items"]:
            line.setdefault("quantity_received", 0.0)
            line.setdefault("quantity_billed", 0.0)

    def render(self, record: Record, product: str) -> Any:
        if product == "inventory" and record["status"] == "open":
            record["status"] = "issued"
        return record

    def status_filters(self, wanted: str) -> list[Filter]:
        words = {each: (each,) for each in ("draft", "open", "billed", "cancelled")}
        words |= {"partiallybilled": ("partially_billed",), "issued": ("open",)}
        return status_filter(words, wanted)

    def check_delete(self, record: Record) -> None:
        if record["status"] in ("billed", "partially_billed"):
            raise self.refuse_state("Purchase orders with bills cannot be deleted.")

    def marking(self, status: str) -> Action:
        def mark(change: Change, record_id: str, _: Record) -> None:
            record = self.need(record_id)
            if record["status"] != status:
                if record["status"] not in NEXT[status]:
                    raise self.refuse_state(
                        f"A {record['status']} purchase order cannot be marked as {status}."
                    )
                self.set_status(change, record, status)

        return mark

    def actions(self) -> dict[str, tuple[Action, str, int]]:
        words = ("open", "billed", "cancelled")
        marked = "The purchase order has been marked as"
        return {f"status/{each}": (self.marking(each), f"{marked} {each}.", 201) for each in words}

    def act_extras(self) -> dict[str, ActOperation]:
        return {
            "confirm": self.act_of(self.marking("open")),
            "send": self.act_of(self.marking("open")),
            "void": self.act_of(self.marking("cancelled")),
        }

    def routes(self, product: Any) -> list[Route]:
        custom = product.route(self, "PUT", "/purchaseorder/{id}/customfields", self.custom_alone)
        return [*super().routes(product), custom]

    def refresh(self, change: Change, order_id: str) -> None:
        """After a bill: how much of the order is billed."""
        record = self.table.get(order_id)
        if record is None or record["status"] in ("draft", "cancelled"):
            return
        bills = self.finance.bills
        taken: dict[str, float] = {}
        for bill_id in bills.table.find("order", order_id):
            bill = bills.need(bill_id)
            for line in bill["line_items"] if bill["status"] != "void" else ():
                key = line.get("purchaseorder_item_id", "")
                taken[key] = taken.get(key, 0.0) + line["quantity"]
        for line in record["line_items"]:
            line["quantity_billed"] = taken.get(line["line_item_id"], 0.0)
        billed = [line["quantity_billed"] >= line["quantity"] for line in record["line_items"]]
        some = any(line["quantity_billed"] for line in record["line_items"])
        status = "billed" if all(billed) else ("partially_billed" if some else "open")
        if self.need(order_id)["line_items"] != record["line_items"] or status != record["status"]:
            record["status"] = status
            self.store(change, record)
