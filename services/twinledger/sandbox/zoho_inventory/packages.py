"""Sandbox, Zoho Inventory: packages of sales orders (sheet 3.3).

The order must be named in the query; in the body it is dropped, and the package has no order.
"""

from typing import Any, ClassVar

from ..call import Act, Call, Change, Reply
from ..indexes import Keyed
from ..store import Filter
from ..zoho_books.answers import invalid, success
from ..zoho_books.listing import Columns, filters_of, status_filter
from ..zoho_books.resource import Query, Record, Resource, product_of
from ..zoho_books.shape import Shape, day, ident, number, read_body, rows, shaped, text
from ..zoho_books.totals import ZERO, dec, num

__all__ = ["Packages"]

LINE: Shape = {"so_line_item_id": ident, "quantity": number}
IGNORED = {"package_number", "salesorder_id", "salesorder_number"}


class Packages(Resource):
    name, path, id_key = "package", "/packages", "package_id"
    one, many, label, scope, report, sheet = "package", "packages", "Package", "packages", "Packages", "3.3"
    created = "Package created successfully. It's now time to ship!"
    updated = "Package information has been updated."
    deleted = "Whooooosh! Package Deleted Successfully."
    required = ("date", "line_items")
    upsert = False
    shape: ClassVar[Shape] = {
        "package_number": text(100),
        "date": day,
        "line_items": rows,
        "notes": text(None),
        "custom_fields": rows,
    }
    row = (
        "package_id",
        "package_number",
        "salesorder_id",
        "salesorder_number",
        "customer_id",
        "customer_name",
        "date",
        "status",
        "quantity",
        "shipment_id",
        "shipment_number",
        "shipment_date",
        "tracking_number",
        "created_time",
        "last_modified_time",
    )
    columns = Columns(
        texts=("package_number", "salesorder_number"),
        exact=("salesorder_id", "customer_id", "status"),
        days=("date", "shipment_date"),
        sorts=(
            "package_number",
            "date",
            "shipment_date",
            "customer_name",
            "created_time",
            "last_modified_time",
        ),
    )

    def extra_indexes(self) -> list[Any]:
        return [Keyed("order", lambda record: [record["salesorder_id"]] if record["salesorder_id"] else [])]

    def build(self, record: Record, fields: Record, query: Query, *, creating: bool) -> None:
        if creating:
            self._begin(record, query)
        if record["status"] != "not_shipped":
            raise self.refuse_state("Shipped packages cannot be changed.")
        given = [shaped(LINE, each, ("so_line_item_id", "quantity")) for each in fields.pop("line_items", [])]
        own = fields.pop("package_number", "") or record.get("package_number", "")
        if own and any(
            each != record["package_id"] for each in self.table.find("=package_number", own.casefold())
        ):
            raise invalid("package_number")
        record |= fields
        record["package_number"] = own or self._next_number()
        if given:
            record["line_items"] = self._lines(record, given)
        record["quantity"] = num(sum((dec(each["quantity"]) for each in record["line_items"]), ZERO))

    def _begin(self, record: Record, query: Query) -> None:
        order_id = query.get("salesorder_id", "")
        order = self.finance.sales_orders.need(order_id) if order_id else None
        if order is not None and order["order_status"] != "confirmed":
            raise self.refuse_state("Packages can be made for confirmed sales orders only.")
        keys = ("salesorder_id", "salesorder_number", "customer_id", "customer_name")
        record |= {key: order[key] if order else "" for key in keys}
        record |= {"status": "not_shipped", "notes": ""}
        record |= dict.fromkeys(
            (
                "shipment_id",
                "shipment_number",
                "shipment_date",
                "tracking_number",
                "carrier",
                "delivery_method",
            ),
            "",
        )

    def _next_number(self) -> str:
        return f"PKG-{self.world.counters.next(f'zoho.{self.organization.site}.package.number'):05d}"

    def _lines(self, record: Record, given: list[Record]) -> list[Record]:
        orders = self.finance.sales_orders
        order = orders.need(record["salesorder_id"]) if record["salesorder_id"] else {"line_items": []}
        lines = {each["line_item_id"]: each for each in order["line_items"]}
        held = {each["so_line_item_id"]: each["quantity"] for each in record.get("line_items", ())}
        made = []
        for each in given:
            line = lines.get(each["so_line_item_id"])
            if line is None and record["salesorder_id"]:
                raise invalid("so_line_item_id")
            left = each["quantity"]
            if line is not None:
                own = dec(held.get(each["so_line_item_id"], 0))
                left = num(dec(line["quantity"]) - dec(line["quantity_packed"]) + own)
            if not 0 < each["quantity"] <= left:
                raise invalid("quantity")
            shown = {key: (line or {}).get(key, "") for key in ("item_id", "name", "sku", "unit")}
            made.append({"line_item_id": self.organization.new_id(), **each, **shown})
        return made

    def after(self, change: Change, before: Record | None, record: Record | None) -> None:
        for order_id in {(each or {}).get("salesorder_id", "") for each in (before, record)} - {""}:
            self.finance.sales_orders.refresh(change, order_id)

    def count(self, order: Record) -> None:
        """Packed, shipped and delivered quantities, and the packages, onto the order."""
        found = [self.need(each) for each in self.table.find("order", order["salesorder_id"])]
        for line in order["line_items"]:
            for name, states in (
                ("quantity_packed", ("not_shipped", "shipped", "delivered")),
                ("quantity_shipped", ("shipped", "delivered")),
                ("quantity_delivered", ("delivered",)),
            ):
                line[name] = num(_packed(found, line["line_item_id"], states))
        order["packages"] = [_shown(each) for each in found]

    def check_delete(self, record: Record) -> None:
        if record["status"] != "not_shipped":
            raise self.refuse_state("Shipped packages cannot be deleted.")

    def status_filters(self, wanted: str) -> list[Filter]:
        words = {"notshipped": ("not_shipped",), "shipped": ("shipped",), "delivered": ("delivered",)}
        return status_filter(words, wanted)

    def list_filters(self, call: Call) -> list[Filter]:
        if self.world.switches.on("zoho_inventory.filters_ignored"):
            call.query = [each for each in call.query if each[0] not in IGNORED]
        return filters_of(call, self.columns, self.organization)

    def many_key(self) -> str:
        return str(self.world.switches.get("zoho_inventory.packages_key"))

    def act_query(self, fields: Record) -> Query:
        return {"salesorder_id": str(fields.get("salesorder_id", ""))}

    def post(self, call: Call) -> Reply:
        created = self.create(call, read_body(call), dict(call.query))
        shown: Any = self.view(created, product_of(call))
        if self.world.switches.get("zoho_inventory.package_answer") == "array":
            shown = [shown]
        return success(self.created, 201, package=shown)

    def pack(self, act: Act, order_id: str | None, fields: Record) -> str:
        """A person packs what is left of an order, or the lines named."""
        order = self.finance.sales_orders.need(str(order_id))
        left = [
            {
                "so_line_item_id": line["line_item_id"],
                "quantity": num(dec(line["quantity"]) - dec(line["quantity_packed"])),
            }
            for line in order["line_items"]
        ]
        lines = fields.get("line_items") or [each for each in left if each["quantity"] > 0]
        body = {"date": self.organization.today(), **fields, "line_items": lines}
        self.create(act, body, {"salesorder_id": str(order_id)})
        return str(order_id)


def _packed(packages: list[Record], line_id: str, states: tuple[str, ...]) -> Any:
    return sum(
        (
            dec(line["quantity"])
            for package in packages
            if package["status"] in states
            for line in package["line_items"]
            if line["so_line_item_id"] == line_id
        ),
        ZERO,
    )


def _shown(package: Record) -> Record:
    keys = (
        "package_id",
        "package_number",
        "date",
        "status",
        "shipment_id",
        "shipment_number",
        "carrier",
        "tracking_number",
        "shipment_date",
        "delivery_method",
        "quantity",
    )
    return {
        **{key: package[key] for key in keys},
        "shipment_status": package["status"] if package["shipment_id"] else "",
    }
