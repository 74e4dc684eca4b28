"""Sandbox: Zoho Books v3, one vendor per data centre."""

from collections.abc import Sequence

from ..business import Business
from ..plugin import ObjectKind, Route, Vendor
from ..world import SITES, World
from .product import FinanceProduct
from .seeding import seed

__all__ = ["Books", "vendors"]


class Books(FinanceProduct):
    name, service, prefix = "books", "ZohoBooks", "/books/v3"

    def kinds(self) -> Sequence[ObjectKind]:
        return [*(each.kind for each in self.finance.resources()), self.finance.custom_fields.kind]

    def routes(self) -> Sequence[Route]:
        routes = self.finance.organizations.routes(self)
        for resource in self.finance.resources():
            routes += resource.routes(self)
        return routes

    def seed(self, business: Business) -> None:
        """The business lives in the first data centre; the second has an organization and nothing in it."""
        seed(self.finance, business, full=self.site == SITES[0])


def vendors(world: World) -> list[Vendor]:
    return [Books(world, site) for site in SITES]
