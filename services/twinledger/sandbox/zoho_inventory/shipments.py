"""Sandbox, Zoho Inventory: shipments of packages; there is no list of them (sheet 3.3)."""

from typing import Any, ClassVar

from ..call import Act, Call, Change, Reply
from ..plugin import ActOperation, Route
from ..zoho_books.answers import invalid, refuse, success
from ..zoho_books.listing import Columns
from ..zoho_books.resource import Action, Query, Record, Resource, product_of
from ..zoho_books.shape import Shape, day, number, read_body, text
from .packages import Packages

__all__ = ["Shipments"]


class Shipments(Resource):
    name, path, id_key = "shipment", "/shipmentorders", "shipment_id"
    one, many, label, scope = "shipmentorder", "shipmentorders", "Shipment", "shipmentorders"
    report, sheet = "Shipments", "3.3"
    created = "Shipment created successfully."
    updated = "Shipment information has been updated."
    deleted = "The shipment order has been deleted."
    required = ("shipment_number", "date", "delivery_method", "tracking_number")
    upsert = False
    shape: ClassVar[Shape] = {
        "shipment_number": text(100),
        "date": day,
        "delivery_method": text(100),
        "tracking_number": text(100),
        "reference_number": text(100),
        "shipping_charge": number,
        "exchange_rate": number,
        "notes": text(None),
    }
    columns = Columns(texts=("shipment_number",), exact=("salesorder_id",))

    def __init__(self, finance: Any, packages: Packages) -> None:
        self.packages = packages
        super().__init__(finance)

    def build(self, record: Record, fields: Record, query: Query, *, creating: bool) -> None:
        if creating:
            packages = self._chosen(query)
            order_ids = {each["salesorder_id"] for each in packages}
            if order_ids != {query.get("salesorder_id", "")}:
                raise invalid("salesorder_id")
            keys = ("salesorder_id", "salesorder_number", "customer_id", "customer_name")
            record |= {key: packages[0][key] for key in keys}
            record |= {"status": "shipped", "reference_number": "", "shipping_charge": 0.0, "notes": ""}
            record["packages"] = [_package(each) for each in packages]
        own = fields.get("shipment_number", record.get("shipment_number", ""))
        taken = self.table.find("=shipment_number", str(own).casefold())
        if any(each != record["shipment_id"] for each in taken):
            code = self.organization.code("duplicate_number_code")
            raise refuse(code, f'Shipment number "{own}" already exists.')
        record.update(fields)
        record["carrier"] = record["delivery_method"]

    def _chosen(self, query: Query) -> list[Record]:
        ids = [each.strip() for each in str(query.get("package_ids", "")).split(",") if each.strip()]
        if not ids:
            raise invalid("package_ids")
        packages = [self.packages.need(each) for each in dict.fromkeys(ids)]
        if any(each["status"] != "not_shipped" for each in packages):
            raise self.refuse_state("A package has been shipped already.")
        return packages

    def _custom(self, record: Record, body: Record) -> None:
        """The published field is `shipmentorder_custom_fields`; nothing reads it back."""

    def after(self, change: Change, before: Record | None, record: Record | None) -> None:
        shown = record or before or {}
        status = record["status"] if record else "not_shipped"
        for each in shown["packages"]:
            package = self.packages.need(each["package_id"])
            was = package["status"]
            package |= {"status": status, "shipment_id": shown["shipment_id"] if record else ""}
            keys = ("shipment_number", "tracking_number", "carrier", "delivery_method")
            package |= {key: shown[key] if record else "" for key in keys}
            package["shipment_date"] = shown["date"] if record else ""
            self.packages.store(change, package)
            if (was == "not_shipped") != (status == "not_shipped"):
                self._move_stock(change, package, -1 if record else 1)
        if shown["salesorder_id"]:
            self.finance.sales_orders.refresh(change, shown["salesorder_id"])

    def _move_stock(self, change: Change, package: Record, sign: int) -> None:
        for line in package["line_items"]:
            if line["item_id"]:
                self.finance.items.move_stock(change, line["item_id"], sign * line["quantity"])

    def deliver(self, change: Change, record_id: str, _: Record) -> None:
        before, record = self.need(record_id), self.need(record_id)
        record["status"] = "delivered"
        record["packages"] = [{**each, "status": "delivered"} for each in record["packages"]]
        self.store(change, record)
        self.after(change, before, record)

    def actions(self) -> dict[str, tuple[Action, str, int]]:
        return {"status/delivered": (self.deliver, "Shipment status has been changed to delivered.", 200)}

    def act_extras(self) -> dict[str, ActOperation]:
        return {"deliver": self.act_of(self.deliver)}

    def act_query(self, fields: Record) -> Query:
        names = ("salesorder_id", "package_ids")
        return {name: str(fields.get(name, "")) for name in names}

    def ship(self, act: Act, order_id: str | None, fields: Record) -> str:
        """A person ships all packed packages of an order, packing the rest first if nothing is packed."""
        found = self._unshipped(str(order_id))
        if not found:
            self.packages.pack(act, order_id, {})
            found = self._unshipped(str(order_id))
        number_ = self.world.counters.next(f"zoho.{self.organization.site}.shipment.number")
        body = {
            "shipment_number": f"SHP-{number_:05d}",
            "date": self.organization.today(),
            "delivery_method": "UPS",
            "tracking_number": "",
            **fields,
        }
        body["tracking_number"] = body["tracking_number"] or f"1Z{number_:016d}"
        created = self.create(act, body, {"salesorder_id": str(order_id), "package_ids": ",".join(found)})
        if fields.get("delivered") is True:
            self.deliver(act, created, {})
        return str(order_id)

    def _unshipped(self, order_id: str) -> list[str]:
        packages = map(self.packages.need, self.packages.table.find("order", order_id))
        return [each["package_id"] for each in packages if each["status"] == "not_shipped"]

    def _key(self) -> str:
        return str(self.world.switches.get("zoho_inventory.shipment_key"))

    def read(self, call: Call) -> Reply:
        record = self.need(call.params["id"])
        body: Record = {self._key(): record}
        return success(**body)

    def post(self, call: Call) -> Reply:
        created = self.create(call, read_body(call), dict(call.query))
        body: Record = {self._key(): self.view(created, product_of(call))}
        return success(self.created, 201, **body)

    def routes(self, product: Any) -> list[Route]:
        routes = super().routes(product)
        return [each for each in routes if (each.method, each.path) != ("GET", product.prefix + self.path)]


def _package(package: Record) -> Record:
    keys = ("package_id", "package_number", "date", "line_items", "quantity")
    return {**{key: package[key] for key in keys}, "status": "shipped"}
