"""Sandbox: Zoho Inventory v1: the records of Books, with orders that are packed and shipped."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ..call import Call, Reply
from ..plugin import ObjectKind, Route, Vendor
from ..world import SITES, World
from ..zoho_books.limiter import FinanceLimiter
from ..zoho_books.product import FinanceProduct, system_name
from ..zoho_books.resource import Resource
from .facts import SWITCHES
from .limiter import SharedLimiter
from .orders import Orders
from .packages import Packages
from .returns import PurchaseReceives, ReturnReceives, SalesReturns
from .shipments import Shipments

__all__ = ["Inventory", "vendors"]

STAMP = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}")
OVERRIDDEN = {
    ("POST", "/salesorders"),
    ("POST", "/salesorders/{id}/status/open"),
    ("POST", "/purchaseorders/{id}/status/open"),
    ("GET", "/bills"),
}


class Inventory(FinanceProduct):
    name, service, prefix = "inventory", "ZohoInventory", "/inventory/v1"

    def __init__(self, world: World, site: str) -> None:
        world.switches.declare(*SWITCHES)
        super().__init__(world, site)
        finance = self.finance
        self.packages = Packages(finance)
        self.shipments = Shipments(finance, self.packages)
        returns = SalesReturns(finance)
        self.own: list[Resource] = [
            self.packages,
            self.shipments,
            returns,
            ReturnReceives(finance, returns),
            PurchaseReceives(finance),
        ]
        finance.extensions += self.own
        finance.order_counters.append(self.packages.count)

    def make_limiter(self, world: World, site: str) -> FinanceLimiter:
        books = world.limiters[system_name("zoho_books", site)]
        return SharedLimiter(world.clock, world.switches, books)

    def shared(self) -> list[Resource]:
        finance = self.finance
        return [
            finance.contacts,
            finance.items,
            finance.sales_orders,
            finance.invoices,
            finance.customer_payments,
            finance.credit_notes,
            finance.purchase_orders,
            finance.bills,
            finance.taxes,
            finance.tax_groups,
            finance.currencies,
            finance.users,
            finance.webhooks,
            finance.webhook_rules,
        ]

    def scope_group(self, resource: Any) -> str:
        return "items" if resource.name == "item" else str(resource.scope)

    def decorate(self, call: Call, reply: Reply) -> None:
        super().decorate(call, reply)
        if self.world.switches.get("zoho_inventory.times") == "utc":
            reply.body = STAMP.sub(_in_utc, reply.body)

    def kinds(self) -> Sequence[ObjectKind]:
        return [self._kind(each) for each in (*self.shared(), *self.own)]

    def _kind(self, resource: Resource) -> ObjectKind:
        acts = resource.acts()
        if resource.name == "sales_order":
            acts |= {"pack": self.packages.pack, "ship": self.shipments.ship}
        return ObjectKind(
            resource.name, resource.table, lambda record: resource.render(record, "inventory"), acts=acts
        )

    def routes(self) -> Sequence[Route]:
        routes = self.finance.organizations.routes(self)
        for resource in (*self.shared(), *self.own):
            routes += resource.routes(self)
        kept = [
            each for each in routes if (each.method, each.path.removeprefix(self.prefix)) not in OVERRIDDEN
        ]
        return [*kept, *Orders(self).routes()]


def _in_utc(match: re.Match[bytes]) -> bytes:
    moment = datetime.fromisoformat(match[0].decode()).astimezone(UTC)
    return moment.isoformat(" ", "seconds").encode()


def vendors(world: World) -> list[Vendor]:
    return [Inventory(world, site) for site in SITES]
