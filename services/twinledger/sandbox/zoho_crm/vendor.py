"""Sandbox, Zoho CRM: one organization in one data centre, plugged into the core."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..call import Call, Reply
from ..limits import LimitSettings
from ..plugin import ObjectKind, Problem, Route
from ..zoho_accounts import ZohoVendor
from .acts import Acts
from .answers import flat, refuse
from .facts import SWITCHES
from .module import Module
from .notifications import Notifications
from .organization import Org
from .routes import RECORD_MODULES, all_routes
from .seeds import seed

if TYPE_CHECKING:
    from ..business import Business
    from ..world import World

__all__ = ["ZohoCrm"]

CREDITS = 53_000  # enterprise, three users
IN_FLIGHT, HEAVY_IN_FLIGHT = 20, 10


class ZohoCrm(ZohoVendor):
    def __init__(self, world: "World", site: str) -> None:
        super().__init__(world, "zoho_crm", site, limits=_enterprise())
        world.switches.declare(*SWITCHES)
        self.org: Org = world.shared(f"zoho.{site}.crm", lambda: Org(world, site))
        self.notifications = Notifications(self)
        acts = Acts(self)
        self._kinds = {
            name: ObjectKind(
                module.singular.lower(),
                module.table,
                render=module.show,
                deleted=lambda record: "_deleted" in record,
                acts=acts.of(module),
            )
            for name, module in self.org.modules.items()
        }
        self._routes = all_routes(self)

    def hosts(self) -> Sequence[tuple[str, str]]:
        return [(f"zoho.{self.site}.api", "/crm"), (f"zoho.{self.site}.api", "/")]

    def kinds(self) -> Sequence[ObjectKind]:
        return [self._kinds[name] for name in (*RECORD_MODULES, "Notes")]

    def kind_of(self, module: Module) -> ObjectKind:
        return self._kinds[module.api_name]

    def routes(self) -> Sequence[Route]:
        return self._routes

    def module(self, call: Call) -> Module:
        """The module of the path, as its own route names it."""
        route = call.route
        assert route is not None
        name = call.params.get("module") or route.path.split("/")[3]
        module = self.org.modules.get(name)
        if module is None:
            message = "the module name given seems to be invalid"
            raise refuse("INVALID_MODULE", message, {"resource_path_index": 0})
        return module

    def addressed(self, call: Call, module: Module, target: str) -> str:
        """`X-EXTERNAL: Contacts.FreshBooks_ID` puts the value of that field into the path."""
        header = call.headers.get("x-external")
        if not header:
            return target
        name = header.rpartition(".")[2]
        field = module.fields.get(name)
        code = str(self.org.switch("external_error_code"))
        if field is None or not (field.external or field.unique) or not header.startswith(module.api_name):
            raise refuse(code, "The value of the external field is invalid.", {"header": "X-EXTERNAL"})
        found = module.find(name, target)
        if not found:
            raise refuse(code, "The value of the external field is invalid.", {"api_name": name})
        return found[0]

    def problem(self, call: Call, problem: Problem) -> Reply:
        kind = problem.kind
        if kind in ("no_route", "method"):
            self.authenticate(call)
        if kind == "no_route":
            return flat(
                "INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one", {}, 404
            )
        if kind == "method":
            return flat("INVALID_REQUEST_METHOD", "The http request method type is not a valid one")
        if kind == "bad_json":
            return flat("INVALID_DATA", "invalid data", {"expected_data_type": "jsonobject"})
        if kind == "too_large":
            return flat("REQUEST_ENTITY_TOO_LARGE", "request entity is too large", {}, 413)
        if kind == "unauthenticated" and problem.detail == "header":
            return flat("AUTHENTICATION_FAILURE", "Authentication failed", {}, 401)
        if kind == "unauthenticated":
            return flat("INVALID_TOKEN", "invalid oauth token", {}, 401)
        if kind == "scope":
            return flat("OAUTH_SCOPE_MISMATCH", "Unauthorized", {}, 401)
        if kind == "limit":
            return self._too_many(call, problem)
        return self._broken(problem.status)

    def _too_many(self, call: Call, problem: Problem) -> Reply:
        code = "TOO_MANY_REQUESTS"
        if call.path.endswith(("/search", "/actions/watch")):
            code = str(self.org.switch("too_many_code"))
        details = {"limit": problem.detail} if self.org.switch("too_many_details") else {}
        return flat(code, "You have made too many requests", details, 429)

    def _broken(self, status: int) -> Reply:
        if status in (502, 503):
            return flat("SERVICE_UNAVAILABLE", "Service temporarily unavailable", {}, status)
        if status == 401:
            return flat("INVALID_TOKEN", "invalid oauth token", {}, status)
        if status == 429:
            return flat("TOO_MANY_REQUESTS", "You have made too many requests", {}, status)
        return flat("INTERNAL_ERROR", "Internal Server Error", {}, status)

    def decorate(self, call: Call, reply: Reply) -> None:
        """The credits left, told only once half of them are used."""
        cap, left = self.limiter.settings.credits, self.limiter.remaining("credits")
        if cap is not None and left is not None and left * 2 <= cap:
            reply.headers.append(("X-API-CREDITS-REMAINING", str(left)))

    def seed(self, business: "Business") -> None:
        seed(self.org, business)

    def describe(self) -> dict[str, Any]:
        return {}


def _enterprise() -> LimitSettings:
    return LimitSettings(credits=CREDITS, in_flight=IN_FLIGHT, heavy_in_flight=HEAVY_IN_FLIGHT)
