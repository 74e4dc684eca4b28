"""Sandbox, Zoho finance: what Books, Inventory and Expense do alike around every call.

Token, scope, organization, the refusals of the core in Zoho's words, rate headers, webhooks.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

from ..call import Applied, Call, Refused, Reply
from ..limits import LimitSettings
from ..plugin import Problem, Route
from ..webhooks import Delivery
from ..world import World
from ..zoho_accounts.tokens import ZohoVendor
from .answers import refuse
from .facts import SWITCHES
from .finance import Finance
from .limiter import FinanceLimiter

__all__ = ["LIMITS", "FinanceProduct", "system_name"]

LIMITS = {"minute": 100, "day": 10_000, "in_flight": 10}  # a paid plan (sheet 7)
VERBS = {"GET": "READ", "POST": "CREATE", "PUT": "UPDATE", "DELETE": "DELETE"}


def system_name(product: str, site: str) -> str:
    return product if site == "us" else f"{product}@{site}"


class FinanceProduct(ZohoVendor):
    name = "books"
    service = "ZohoBooks"
    prefix = "/books/v3"

    def __init__(self, world: World, site: str) -> None:
        product = f"zoho_{self.name}"
        self.host = f"zoho.{site}.api"
        world.switches.declare(*SWITCHES)
        world.limiters.setdefault(system_name(product, site), self.make_limiter(world, site))
        super().__init__(world, product, site, limits=LimitSettings(**LIMITS))
        self.finance = world.shared(f"zoho.{site}.finance", lambda: Finance(world, site))
        self.organization = self.finance.organization

    def make_limiter(self, world: World, site: str) -> FinanceLimiter:
        return FinanceLimiter(world.clock, LimitSettings(**LIMITS), world.switches)

    def hosts(self) -> Sequence[tuple[str, str]]:
        return [(self.host, self.prefix)]

    def route(
        self, resource: Any, method: str, path: str, handler: Callable[[Call], Reply], verb: str | None = None
    ) -> Route:
        group, verb = self.scope_group(resource), verb or VERBS[method]
        return Route(
            method,
            self.prefix + path,
            handler,
            self.host,
            summary=f"{method} {path}",
            sheet=resource.sheet,
            scopes=(f"{self.service}.{group}.{verb}",),
            objects=(resource.name,),
            query=_query_of(resource) if method == "GET" and "{" not in path else ("organization_id",),
            body=_body_of(resource) if method in ("POST", "PUT") else None,
        )

    def scope_group(self, resource: Any) -> str:
        return str(resource.scope)

    def authorize(self, call: Call) -> None:
        """Scope first, then the organization."""
        if call.grant is not None and not self.organization.switch("fullaccess_scope"):
            self._refuse_full_access(call.grant.scopes)
        super().authorize(call)
        if call.route is not None and "organization" not in call.route.objects:
            self.check_organization(call)

    def _refuse_full_access(self, granted: tuple[str, ...]) -> None:
        service = self.service.lower()
        own = {each.lower() for each in granted if each.lower().startswith(service)}
        if own and all(".fullaccess." in each for each in own):
            raise self._unauthorized()

    def _unauthorized(self) -> Refused:
        status = self.organization.code("dead_token_status")
        return refuse(57, "You are not authorized to perform this operation", status)

    def check_organization(self, call: Call) -> None:
        given = call.arg("organization_id")
        if not given:
            raise refuse(self.organization.code("missing_organization_code"), "organization_id is missing")
        self.check_organization_id(given)

    def check_organization_id(self, given: str) -> None:
        if given != self.organization.id:
            status = self.organization.code("foreign_organization_status")
            raise refuse(6041, "This user is not associated with the CompanyID/CompanyName.", status)

    def problem(self, call: Call, problem: Problem) -> Reply:
        if problem.kind == "limit":
            return self._limited(problem)
        if problem.kind == "unauthenticated" and problem.detail == "header":
            return refuse(14, "Invalid value passed for authtoken.", 401).reply
        if problem.kind in ("unauthenticated", "scope"):
            return self._unauthorized().reply
        code, message, status = {
            "no_route": (self.organization.code("no_route_code"), "Invalid URL Passed", 404),
            "method": (self.organization.code("no_route_code"), "Method not allowed", 405),
            "bad_json": (1038, "JSON is not well formed", 400),
            "too_large": (1038, "JSON is not well formed", 400),
        }.get(problem.kind, (1000, "Internal Error", problem.status))
        return refuse(code, message, status).reply

    def _limited(self, problem: Problem) -> Reply:
        over = problem.over
        limit = over.limit if over is not None else "minute"
        code, message = {
            "in_flight": (1070, "The maximum number of concurrent API requests has been reached."),
            "day": (45, "You have exceeded the maximum number of API requests per day."),
        }.get(limit, (44, "You have exceeded the maximum number of API requests per minute."))
        if limit == "minute" and self.organization.code("minute_code") == 43:
            code = 43
            message = (
                "For security reasons you have been blocked for some time as you have exceeded "
                "the maximum number of requests per minute."
            )
        reply = refuse(code, message, 429).reply
        if over is not None and limit != "in_flight" and self.organization.switch("retry_after"):
            reply.headers.append(("Retry-After", str(max(1, math.ceil(over.retry_after_s)))))
        return reply

    def decorate(self, call: Call, reply: Reply) -> None:
        if not self.organization.switch("rate_headers"):
            return
        cap, left = self.limiter.settings.day, self.limiter.remaining("day")
        if cap is not None and left is not None:
            until = self.limiter.day.room_after_s(self.world.clock.now(), cap, cap)
            for name, value in (("Limit", cap), ("Remaining", left), ("Reset", int(until))):
                reply.headers.append((f"X-Rate-Limit-{name}", str(value)))

    def notify(self, applied: Applied) -> Sequence[Delivery]:
        return self.finance.workflows.deliveries(applied)


def _query_of(resource: Any) -> tuple[str, ...]:
    columns = getattr(resource, "columns", None)
    names = ("organization_id", "page", "per_page", "sort_column", "sort_order", "filter_by", "search_text")
    if columns is None:
        return names
    return (*names, "last_modified_time", *columns.texts, *columns.exact, *columns.days, *columns.amounts)


def _body_of(resource: Any) -> dict[str, Any]:
    """The fields that are read; what they may hold is told by the answer."""
    return {"type": "object", "properties": {name: {} for name in getattr(resource, "shape", {})}}
