"""Sandbox, Zoho Books and Inventory: sales orders; what is invoiced, packed, shipped flows back (2.7, 3.3).

Stored: `order_status` and the quantities of each line. `status` is worded by product: Books says open where
Inventory says confirmed.
"""

from typing import Any, ClassVar

from ..call import Act, Call, Change, Reply
from ..indexes import Keyed
from ..plugin import ActOperation, Route
from ..store import AnyOf, Equal, Filter, Range
from .answers import invalid, success
from .documents import HEADER, Document
from .listing import Columns
from .order_invoicing import count_invoices, invoice_body
from .order_status import DONE, invoiced_word, paid_word, quantities, shipped_word, status_in
from .resource import Action, Query, Record
from .shape import Shape, day, ident, text

__all__ = ["SalesOrders"]

DEFAULTS: Record = {
    "shipment_date": "",
    "delivery_method": "",
    "order_status": "draft",
    "invoiced_status": "",
    "paid_status": "",
    "shipped_status": "",
    "current_sub_status": "draft",
    "sales_channel": "direct_sales",
    "sales_channel_formatted": "Direct Sales",
    "source": "Client",
    "is_dropshipped": False,
    "is_backordered": False,
    "is_manually_fulfilled": False,
    "packages": [],
    "invoices": [],
}
QUANTITIES = ("quantity_invoiced", "quantity_packed", "quantity_shipped", "quantity_delivered")
FILTERS = {
    "draft": [Equal("=order_status", "draft")],
    "void": [Equal("=order_status", "void")],
    "closed": [Equal("=order_status", "closed")],
    "onhold": [Equal("=order_status", "onhold")],
    "invoiced": [Equal("=order_status", "confirmed"), Equal("=invoiced_status", "invoiced")],
    "partiallyinvoiced": [
        Equal("=order_status", "confirmed"),
        Equal("=invoiced_status", "partially_invoiced"),
    ],
}


class SalesOrders(Document):
    name, path, id_key = "sales_order", "/salesorders", "salesorder_id"
    one, many, label, scope, report, sheet = (
        "salesorder",
        "salesorders",
        "Sales Order",
        "salesorders",
        "Sales Orders",
        "2.7",
    )
    created = "Sales Order Created Successfully."
    updated = "Sales Order Updated Successfully."
    deleted = "Sales Order Deleted Successfully."
    number_key, number_prefix = "salesorder_number", "SO-"
    required = ("customer_id",)
    shape: ClassVar[Shape] = {
        **{name: check for name, check in HEADER.items() if name != "due_date"},
        "salesorder_number": text(100),
        "shipment_date": day,
        "delivery_method": text(100),
        "estimate_id": ident,
        "pricebook_id": ident,
    }
    row = (
        "salesorder_id",
        "salesorder_number",
        "customer_id",
        "customer_name",
        "email",
        "status",
        "order_status",
        "invoiced_status",
        "paid_status",
        "shipped_status",
        "current_sub_status",
        "reference_number",
        "date",
        "shipment_date",
        "delivery_method",
        "currency_id",
        "currency_code",
        "total",
        "bcy_total",
        "quantity",
        "quantity_invoiced",
        "quantity_packed",
        "quantity_shipped",
        "salesperson_name",
        "sales_channel",
        "created_time",
        "last_modified_time",
        "custom_fields",
        "custom_field_hash",
    )
    columns = Columns(
        texts=("salesorder_number", "reference_number", "customer_name"),
        exact=("customer_id", "order_status", "invoiced_status", "salesperson_id"),
        days=("date", "shipment_date"),
        amounts=("total",),
        sorts=(
            "customer_name",
            "salesorder_number",
            "shipment_date",
            "last_modified_time",
            "reference_number",
            "total",
            "date",
            "created_time",
        ),
        modified_filter=True,
        line_ids=("item_id",),
    )

    def extra_indexes(self) -> list[Any]:
        return [
            Keyed("line", lambda record: [each["line_item_id"] for each in record["line_items"]]),
            Keyed("own_id", lambda record: [record["salesorder_id"]]),
        ]

    def build(self, record: Record, fields: Record, query: Query, *, creating: bool) -> None:
        for name, value in DEFAULTS.items():
            record.setdefault(name, value if not isinstance(value, list) else [])
        if record["order_status"] in ("void", "closed"):
            raise self.refuse_state(f"A {record['order_status']} sales order cannot be edited.")
        super().build(record, fields, query, creating=creating)
        record["status"] = record["order_status"]
        for line in record["line_items"]:
            for name in QUANTITIES:
                line.setdefault(name, 0.0)
            line["is_invoiced"] = 0 < line["quantity"] <= line["quantity_invoiced"]
            if line["quantity"] < max(line["quantity_invoiced"], line["quantity_packed"]):
                raise invalid("quantity")
        self._refuse_lost_lines(record, creating=creating)
        record |= quantities(record["line_items"])

    def _refuse_lost_lines(self, record: Record, *, creating: bool) -> None:
        kept = {line["line_item_id"] for line in record["line_items"]}
        before = [] if creating else self.need(record["salesorder_id"])["line_items"]
        for line in before:
            if line["line_item_id"] not in kept and any(line[name] for name in QUANTITIES):
                raise self.refuse_state("Items that are invoiced or packed cannot be removed.")

    def render(self, record: Record, product: str) -> Any:
        record["status"] = status_in(product, record)
        open_in_books = product == "books" and record["status"] == "open"
        if open_in_books and "" < record["shipment_date"] < self.organization.today():
            record["status"] = "overdue"
        if not self.finance.sub_status_words() and record["shipped_status"] == "pending":
            record["shipped_status"] = record["invoiced_status"] = ""
        return record

    def status_filters(self, wanted: str) -> list[Filter]:
        word = wanted.rpartition(".")[2].replace("_", "").casefold()
        if word in ("all", ""):
            return []
        if word in ("open", "confirmed"):
            return [Equal("=order_status", "confirmed"), AnyOf("=invoiced_status", ("not_invoiced",))]
        if word == "overdue":
            return [
                Equal("=order_status", "confirmed"),
                Range("shipment_date", "0", self.organization.today()),
            ]
        if word in FILTERS:
            return list(FILTERS[word])
        raise invalid("filter_by")

    def list_filters(self, call: Call) -> list[Filter]:
        filters = super().list_filters(call)
        if call.arg("salesorder_ids"):
            ids = str(call.arg("salesorder_ids")).split(",")
            filters.append(AnyOf("own_id", [each.strip() for each in ids]))
        return filters

    def check_delete(self, record: Record) -> None:
        if record["invoices"] or record["packages"]:
            raise self.refuse_state("Sales orders with invoices or packages cannot be deleted.")

    def confirm(self, change: Change, record_id: str, _: Record) -> None:
        record = self.need(record_id)
        if record["order_status"] not in ("draft", "void", "onhold"):
            return
        record["order_status"] = "confirmed"
        self._store_with_words(change, record)

    def void(self, change: Change, record_id: str, _: Record) -> None:
        record = self.need(record_id)
        if record["invoices"] or record["packages"]:
            raise self.refuse_state("Sales orders with invoices or packages cannot be voided.")
        record["order_status"] = "void"
        self._store_with_words(change, record)

    def sub_status(self, call: Call) -> Reply:
        record = self.need(call.params["id"])
        record["current_sub_status"] = call.params["code"]
        self.store(call, record)
        return success("Sales Order status updated successfully.", 201)

    def _store_with_words(self, change: Change, record: Record) -> None:
        record["status"] = record["current_sub_status"] = record["order_status"]
        confirmed = record["order_status"] in DONE
        record["invoiced_status"] = invoiced_word(record) if confirmed else ""
        record["paid_status"] = paid_word(record) if confirmed else ""
        record["shipped_status"] = shipped_word(record) if confirmed else ""
        if record["order_status"] == "confirmed" and self.finance.order_is_done(record):
            record["order_status"] = record["status"] = record["current_sub_status"] = "closed"
        elif record["order_status"] == "closed" and not self.finance.order_is_done(record):
            record["order_status"] = record["status"] = record["current_sub_status"] = "confirmed"
        self.store(change, record)

    def refresh(self, change: Change, order_id: str) -> None:
        """Counts again what invoices, packages and shipments took, and stores the order if that moved it."""
        before, record = self.table.get(order_id), self.table.get(order_id)
        if record is None or before is None:
            return
        count_invoices(self.finance, record)
        self.finance.count_packages(record)
        record |= quantities(record["line_items"])
        if record != before:
            if record["order_status"] == "draft" and (record["invoices"] or record["packages"]):
                record["order_status"] = "confirmed"
            self._store_with_words(change, record)

    def actions(self) -> dict[str, tuple[Action, str, int]]:
        return {
            "status/open": (self.confirm, "Sales order status has been changed to Open.", 201),
            "status/void": (self.void, "Sales order status has been changed to Void.", 201),
        }

    def act_extras(self) -> dict[str, ActOperation]:
        return {
            "confirm": self.act_of(self.confirm),
            "void": self.act_of(self.void),
            "convert": self._convert,
        }

    def _convert(self, act: Act, record_id: str | None, fields: Record) -> str:
        """To an invoice; the order stays the record of the act."""
        self.finance.invoices.create(act, invoice_body(self, str(record_id)) | fields, {})
        return str(record_id)

    def routes(self, product: Any) -> list[Route]:
        make = product.route
        path = "/salesorders/{id}/substatus/{code}"
        return [
            *super().routes(product),
            make(self, "POST", path, self.sub_status),
            make(self, "PUT", "/salesorder/{id}/customfields", self.custom_alone),
        ]
