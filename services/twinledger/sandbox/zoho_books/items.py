"""Sandbox, Zoho Books and Inventory: items (sheet 2.9, 3.2). Lists show active ones only unless asked."""

from collections.abc import Callable
from typing import Any, ClassVar

from ..call import Call, Change, Reply
from ..plugin import ActOperation, Route
from ..store import Filter
from .answers import invalid, refuse, success
from .listing import Columns, status_filter
from .resource import Action, Query, Record, Resource, product_of
from .shape import Shape, anything, flag, ident, number, one_of, rows, text
from .totals import dec, num

__all__ = ["Items"]

DEFAULTS: Record = {
    "description": "",
    "sku": "",
    "unit": "",
    "tax_id": "",
    "is_taxable": True,
    "product_type": "goods",
    "item_type": "sales",
    "status": "active",
    "source": "user",
    "rate": 0.0,
    "purchase_rate": 0.0,
    "stock_on_hand": 0.0,
    "track_inventory": False,
}
IDS = (
    "tax_id",
    "tax_exemption_id",
    "account_id",
    "purchase_account_id",
    "inventory_account_id",
    "vendor_id",
    "group_id",
)
WORDS = (
    "unit",
    "upc",
    "ean",
    "isbn",
    "part_number",
    "brand",
    "manufacturer",
    "group_name",
    "purchase_description",
)


class Items(Resource):
    name, path, id_key = "item", "/items", "item_id"
    one, many, label, scope, report, sheet = "item", "items", "Item", "settings", "Items", "2.9"
    created = "The item has been added."
    updated = "Item details have been saved."
    deleted = "The item has been deleted."
    required = ("name", "rate")
    default_filter = "Status.Active"
    plain = False
    shape: ClassVar[Shape] = {
        "name": text(100),
        "rate": number,
        "description": text(2000),
        "sku": text(100),
        "is_taxable": flag,
        "product_type": one_of("goods", "service", "digital_service"),
        "item_type": one_of("sales", "purchases", "sales_and_purchases", "inventory"),
        "purchase_rate": number,
        "reorder_level": anything,
        "initial_stock": number,
        "initial_stock_rate": number,
        "locations": rows,
        "track_inventory": flag,
        "can_be_sold": flag,
        "can_be_purchased": flag,
        **dict.fromkeys(IDS, ident),
        **dict.fromkeys(WORDS, text(2000)),
    }
    row = (
        "item_id",
        "name",
        "item_name",
        "status",
        "description",
        "rate",
        "sku",
        "unit",
        "tax_id",
        "tax_name",
        "tax_percentage",
        "purchase_rate",
        "product_type",
        "item_type",
        "is_taxable",
        "stock_on_hand",
        "created_time",
        "last_modified_time",
    )
    columns = Columns(
        texts=("name", "description"),
        exact=("sku", "status", "tax_id", "account_id"),
        amounts=("rate",),
        sorts=("name", "rate", "tax_name", "created_time", "last_modified_time"),
        default_sort="name",
        default_order="A",
        search=("name", "description", "sku"),
    )

    def build(self, record: Record, fields: Record, query: Query, *, creating: bool) -> None:
        for name, value in DEFAULTS.items():
            record.setdefault(name, value)
        self._refuse_taken(record, fields)
        record.update(fields)
        record["item_name"] = record["name"]
        record["track_inventory"] = record["item_type"] == "inventory" or record["track_inventory"]
        if creating and record.pop("initial_stock", 0.0):
            record["stock_on_hand"] = fields["initial_stock"]
        if record["tax_id"]:
            name, kind, percent, _ = self.finance.taxes.parts(record["tax_id"])
            record |= {"tax_name": name, "tax_type": kind, "tax_percentage": float(percent)}
        else:
            record |= {"tax_name": "", "tax_type": "", "tax_percentage": 0.0}

    def _refuse_taken(self, record: Record, fields: Record) -> None:
        name, sku = fields.get("name"), fields.get("sku")
        own = record["item_id"]
        if name and any(each != own for each in self.table.find("=name", name.casefold())):
            raise refuse(1001, f'An item with the name "{name}" already exists.')
        taken = sku and any(each != own for each in self.table.find("=sku", sku.casefold()))
        if taken and not self.organization.switch("duplicate_sku"):
            raise refuse(1001, f'An item with the SKU "{sku}" already exists.')

    def render(self, record: Record, product: str) -> Any:
        stock = record["stock_on_hand"]
        return {**record, "available_stock": stock, "actual_available_stock": stock}

    def status_filters(self, wanted: str) -> list[Filter]:
        return status_filter({"active": ("active",), "inactive": ("inactive",)}, wanted)

    def check_delete(self, record: Record) -> None:
        item_id = record["item_id"]
        if any(each.table.count("=item_id", item_id) for each in self.finance.documents()):
            raise self.refuse_state(
                "Items that are part of transactions cannot be deleted. Mark them as inactive."
            )

    def actions(self) -> dict[str, tuple[Action, str, int]]:
        return {
            "active": (self._marking("active"), "The item has been marked as active.", 200),
            "inactive": (self._marking("inactive"), "The item has been marked as inactive.", 200),
        }

    def _marking(self, status: str) -> Action:
        def mark(change: Change, record_id: str, _: Record) -> None:
            record = self.need(record_id)
            record["status"] = status
            self.store(change, record)

        return mark

    def act_extras(self) -> dict[str, ActOperation]:
        return {
            "archive": self.act_of(self._marking("inactive")),
            "restore": self.act_of(self._marking("active")),
        }

    def move_stock(self, change: Change, item_id: str, amount: float) -> None:
        """Shipments and receipts move tracked stock only."""
        record = self.table.get(item_id)
        if record is not None and record["track_inventory"]:
            record["stock_on_hand"] = num(dec(record["stock_on_hand"]) + dec(amount))
            change.update(self.kind, record)

    def routes(self, product: Any) -> list[Route]:
        make = product.route
        return [
            *super().routes(product),
            make(self, "GET", "/itemdetails", self.details),
            make(self, "POST", "/items/active", self.mark_many("active")),
            make(self, "POST", "/items/inactive", self.mark_many("inactive")),
            make(self, "PUT", "/item/{id}/customfields", self.custom_alone),
        ]

    def mark_many(self, status: str) -> Callable[[Call], Reply]:
        def handle(call: Call) -> Reply:
            wanted = [each.strip() for each in (call.arg("item_ids") or "").split(",") if each.strip()]
            if not wanted:
                raise invalid("item_ids")
            for each in [self.need(each)["item_id"] for each in wanted]:
                self._marking(status)(call, each, {})
            return success(f"The item(s) have been marked as {status}.")

        return handle

    def status_of_create(self, product: str) -> int:
        return 200 if product == "inventory" else 201

    def details(self, call: Call) -> Reply:
        wanted = [each.strip() for each in (call.arg("item_ids") or "").split(",") if each.strip()]
        return success(items=[self.view(each, product_of(call)) for each in wanted if each in self.table])
