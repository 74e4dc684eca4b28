"""Sandbox, Zoho Inventory: what its orders and bills do otherwise than in Books (sheet 3.1)."""

from typing import TYPE_CHECKING

from ..call import Call, Reply
from ..plugin import Route
from ..zoho_books.answers import invalid, success
from ..zoho_books.resource import Record
from ..zoho_books.shape import read_body

if TYPE_CHECKING:
    from . import Inventory

__all__ = ["Orders"]

CONFIRMED = "Sales order status has been changed to Confirmed."


class Orders:
    def __init__(self, product: "Inventory") -> None:
        self._product = product
        self._orders = product.finance.sales_orders
        self._purchases = product.finance.purchase_orders
        self._bills = product.finance.bills

    def routes(self) -> list[Route]:
        product, orders, purchases = self._product, self._orders, self._purchases
        return [
            product.route(orders, "POST", "/salesorders", self.create),
            product.route(orders, "POST", "/salesorders/{id}/status/confirmed", self.confirm),
            product.route(orders, "POST", "/salesorders/status/confirmed", self.confirm_many),
            product.route(purchases, "POST", "/purchaseorders/{id}/status/issued", self.issue),
            product.route(self._bills, "GET", "/bills", self.bills),
        ]

    def create(self, call: Call) -> Reply:
        orders = self._orders
        created = orders.create(call, read_body(call), dict(call.query))
        key = str(call.world.switches.get("zoho_inventory.order_key"))
        body: Record = {key: orders.view(created, "inventory")}
        return success(orders.created, 201, **body)

    def confirm(self, call: Call) -> Reply:
        self._orders.confirm(call, self._orders.need(call.params["id"])["salesorder_id"], {})
        return success(CONFIRMED, 201)

    def confirm_many(self, call: Call) -> Reply:
        ids = [each.strip() for each in (call.arg("salesorder_ids") or "").split(",") if each.strip()]
        if not ids:
            raise invalid("salesorder_ids")
        for each in [self._orders.need(each)["salesorder_id"] for each in ids]:
            self._orders.confirm(call, each, {})
        return success(CONFIRMED, 201)

    def issue(self, call: Call) -> Reply:
        record = self._purchases.need(call.params["id"])
        self._purchases.marking("open")(call, record["purchaseorder_id"], {})
        return success("Purchase order status has been changed to Issued.", 201)

    def bills(self, call: Call) -> Reply:
        """Only paging works (live)."""
        if call.world.switches.on("zoho_inventory.filters_ignored"):
            call.query = [each for each in call.query if each[0] in ("page", "per_page", "organization_id")]
        return self._bills.page(call)
