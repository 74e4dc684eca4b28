"""Sandbox, Zoho Inventory: sales returns, their receipts, and receipts of purchase orders (sheet 3.3)."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from ..call import Call, Change
from ..store import Filter
from ..zoho_books.answers import invalid
from ..zoho_books.listing import Columns
from ..zoho_books.resource import Query, Record, Resource
from ..zoho_books.shape import Shape, day, ident, number, rows, shaped, text
from ..zoho_books.totals import dec, num

__all__ = ["PurchaseReceives", "ReturnReceives", "SalesReturns"]

LINE: Shape = {
    "item_id": ident,
    "line_item_id": ident,
    "salesorder_item_id": ident,
    "so_line_item_id": ident,
    "quantity": number,
    "name": text(100),
    "description": text(2000),
}


class _Paper(Resource, ABC):
    """A list of lines with quantities below a parent that must stand in the query."""

    parent_key: ClassVar[str]
    number_key: ClassVar[str]
    number_prefix: ClassVar[str]
    stock: ClassVar[int] = 0
    upsert = False
    required = ("date", "line_items")
    sheet = "3.3"
    scope = "salesreturns"

    @abstractmethod
    def parent(self, record_id: str) -> Record: ...

    def build(self, record: Record, fields: Record, query: Query, *, creating: bool) -> None:
        if creating:
            parent_id = query.get(self.parent_key, "")
            record[self.parent_key] = self.parent(parent_id)[self.parent_key] if parent_id else ""
            serial = self.world.counters.next(f"zoho.{self.organization.site}.{self.name}.number")
            record |= {self.number_key: f"{self.number_prefix}{serial:05d}", "notes": "", "reason": ""}
        given = fields.pop("line_items", None)
        record |= {name: value for name, value in fields.items() if value != ""}
        if given is not None:
            lines = [shaped(LINE, each, ("quantity",)) for each in given]
            if any(each["quantity"] <= 0 for each in lines):
                raise invalid("quantity")
            record["line_items"] = [self._line(record, each) for each in lines]
        record["quantity"] = num(sum((dec(each["quantity"]) for each in record["line_items"]), dec(0)))

    def _line(self, record: Record, given: Record) -> Record:
        item_id = given.get("item_id", "")
        if not item_id and record[self.parent_key]:
            lines = self.parent(record[self.parent_key]).get("line_items", ())
            named = (
                given.get("salesorder_item_id") or given.get("so_line_item_id") or given.get("line_item_id")
            )
            item_id = next((each["item_id"] for each in lines if each["line_item_id"] == named), "")
        name = self.finance.items.need(item_id)["name"] if item_id else given.get("name", "")
        line = {**given, "item_id": item_id, "name": name}
        return {**line, "line_item_id": given.get("line_item_id") or self.organization.new_id()}

    def act_query(self, fields: Record) -> Query:
        return {self.parent_key: str(fields.get(self.parent_key, ""))}

    def _custom(self, record: Record, body: Record) -> None:
        """No custom fields here."""

    def after(self, change: Change, before: Record | None, record: Record | None) -> None:
        for sign, paper in ((-1, before), (1, record)):
            for line in paper["line_items"] if paper and self.stock else ():
                self.finance.items.move_stock(change, line["item_id"], sign * self.stock * line["quantity"])


class SalesReturns(_Paper):
    name, path, id_key = "sales_return", "/salesreturns", "salesreturn_id"
    one, many, label, report = "salesreturn", "salesreturns", "Sales Return", "Sales Returns"
    created = "Sales Return created successfully."
    updated = "Sales Return has been updated."
    deleted = "Sales Return has been deleted."
    parent_key, number_key, number_prefix = "salesorder_id", "salesreturn_number", "RMA-"
    shape: ClassVar[Shape] = {
        "salesreturn_number": text(100),
        "date": day,
        "reason": text(500),
        "line_items": rows,
    }
    row = (
        "salesreturn_id",
        "salesreturn_number",
        "salesorder_id",
        "date",
        "reason",
        "quantity",
        "last_modified_time",
    )
    columns = Columns(texts=("salesreturn_number",), exact=("salesorder_id",), days=("date",))

    def parent(self, record_id: str) -> Record:
        return self.finance.sales_orders.need(record_id)

    def list_filters(self, call: Call) -> list[Filter]:
        ignored = self.world.switches.on("zoho_inventory.filters_ignored")
        return [] if ignored else super().list_filters(call)


class ReturnReceives(_Paper):
    name, path, id_key = "sales_return_receive", "/salesreturnreceives", "receive_id"
    one, many, label = "salesreturnreceive", "salesreturnreceives", "Sales Return Receive"
    created = "Sales Return Receive created successfully."
    deleted = "Sales Return Receive has been deleted."
    parent_key, number_key, number_prefix, stock = "salesreturn_id", "receive_number", "RR-", 1
    shape: ClassVar[Shape] = {
        "receive_number": text(100),
        "date": day,
        "notes": text(500),
        "line_items": rows,
    }
    row = ("receive_id", "receive_number", "salesreturn_id", "date", "quantity")
    columns = Columns(texts=("receive_number",), exact=("salesreturn_id",), days=("date",))

    def __init__(self, finance: Any, returns: SalesReturns) -> None:
        self._returns = returns
        super().__init__(finance)

    def parent(self, record_id: str) -> Record:
        return self._returns.need(record_id)


class PurchaseReceives(_Paper):
    name, path, id_key = "purchase_receive", "/purchasereceives", "receive_id"
    one, many, label, scope = "purchasereceive", "purchasereceives", "Purchase Receive", "purchasereceives"
    created = "Purchase Receive created successfully."
    deleted = "Purchase Receive has been deleted."
    parent_key, number_key, number_prefix, stock = "purchaseorder_id", "receive_number", "PR-", 1
    shape: ClassVar[Shape] = {
        "receive_number": text(100),
        "date": day,
        "notes": text(500),
        "line_items": rows,
    }
    row = ("receive_id", "receive_number", "purchaseorder_id", "date", "quantity")
    columns = Columns(texts=("receive_number",), exact=("purchaseorder_id",), days=("date",))

    def parent(self, record_id: str) -> Record:
        return self.finance.purchase_orders.need(record_id)
