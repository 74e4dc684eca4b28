"""Sandbox: Zoho Expense v1: reports and expenses of its own; contacts, projects, taxes shared with Books."""

from collections.abc import Sequence
from typing import Any

from ..business import Business
from ..call import Applied, Call
from ..plugin import ObjectKind, Route, Vendor
from ..webhooks import Delivery
from ..world import SITES, World
from ..zoho_books.answers import refuse
from ..zoho_books.product import FinanceProduct
from ..zoho_books.resource import Resource
from .categories import Categories, ExpenseUsers
from .expenses import ReportedExpenses
from .facts import SWITCHES
from .reports import Reports

__all__ = ["Expense", "vendors"]

HEADER = "x-com-zoho-expense-organizationid"
GROUPS = {
    "currency": "currency",
    "tax": "tax",
    "tax_group": "tax",
    "contact": "contacts",
    "project": "project",
    "organization": "orgsettings",
}


class Expense(FinanceProduct):
    name, service, prefix = "expense", "ZohoExpense", "/expense/v1"

    def __init__(self, world: World, site: str) -> None:
        world.switches.declare(*SWITCHES)
        super().__init__(world, site)
        finance = self.finance
        self.users, self.categories = ExpenseUsers(finance), Categories(finance)
        self.expenses = ReportedExpenses(finance, self.users, self.categories)
        self.reports = Reports(finance, self.users, self.expenses)
        self.own: list[Resource] = [self.users, self.categories, self.expenses, self.reports]
        finance.extensions += self.own

    def scope_group(self, resource: Any) -> str:
        return GROUPS.get(resource.name, str(resource.scope))

    def check_organization(self, call: Call) -> None:
        """In a header here (sheet 1.2)."""
        given = call.headers.get(HEADER, "")
        if not given and self.world.switches.on("zoho_expense.organization_in_query"):
            given = call.arg("organization_id") or ""
        if not given:
            code = self.organization.code("missing_organization_code")
            raise refuse(code, "X-com-zoho-expense-organizationid is missing")
        self.check_organization_id(given)

    def notify(self, applied: Applied) -> Sequence[Delivery]:
        """No webhooks here; the shared records tell through Books."""
        return []

    def kinds(self) -> Sequence[ObjectKind]:
        return [each.kind for each in self.own]

    def routes(self) -> Sequence[Route]:
        finance = self.finance
        shared: list[Resource] = [finance.currencies, finance.taxes, finance.contacts, finance.projects]
        routes = finance.organizations.routes(self)
        for resource in (*self.own, *shared):
            routes += resource.routes(self)
        return routes

    def seed(self, business: Business) -> None:
        moment = business.now - 400 * 86_400
        self.users.seed(moment)
        self.categories.seed(moment)


def vendors(world: World) -> list[Vendor]:
    return [Expense(world, site) for site in SITES]
