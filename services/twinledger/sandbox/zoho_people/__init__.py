"""Sandbox: Zoho People: the employee form, in People's own envelope (5)."""

from collections.abc import Callable, Sequence
from typing import Any

from ..business import Business
from ..call import Call, Reply, json_reply
from ..limits import LimitSettings
from ..plugin import ObjectKind, Problem, Route, Vendor
from ..world import SITES, World
from ..zoho_accounts.sites import OWNER, USERS
from ..zoho_accounts.tokens import ZohoVendor
from .employees import Employees
from .facts import SWITCHES
from .form import FIELDS, FormError
from .limiter import PeopleLimiter
from .loose_json import LooseError, parse_loose
from .search import search_filters

__all__ = ["People", "vendors"]

LARGEST = 200
LIMITS = {"minute": 400, "day": 10_000, "in_flight": 5}
Handler = Callable[[Call], Any]


class People(ZohoVendor):
    def __init__(self, world: World, site: str) -> None:
        world.switches.declare(*SWITCHES)
        system = "zoho_people" if site == "us" else f"zoho_people@{site}"
        self.people_limiter = PeopleLimiter(world.clock, LimitSettings(**LIMITS), world.switches)
        world.limiters.setdefault(system, self.people_limiter)
        super().__init__(world, "zoho_people", site, limits=LimitSettings(**LIMITS))
        self.host = f"zoho.{site}.people"
        self.employees = Employees(world, site)

    def hosts(self) -> Sequence[tuple[str, str]]:
        return [(self.host, "/people/api"), (self.host, "/api")]

    def kinds(self) -> Sequence[ObjectKind]:
        return [self.employees.kind]

    def routes(self) -> Sequence[Route]:
        routes = []
        for root in ("/people/api/forms", "/api/forms"):
            routes += [
                self._route("GET", root, self.forms),
                self._route("GET", root + "/{form}/components", self.components),
                self._route("GET", root + "/{form}/getRecords", self.get_records),
                self._route("GET", root + "/{form}/getDataByID", self.one),
                self._route("GET", root + "/json/{form}/getDataByID", self.one),
                self._route("GET", root + "/{form}/getRecordByID", self.one_by_section),
                self._route("GET", root + "/{form}/records", self.view),
                self._route("POST", root + "/json/{form}/insertRecord", self.insert),
                self._route("POST", root + "/json/{form}/updateRecord", self.update),
            ]
        return routes

    def _route(self, method: str, path: str, handler: Handler) -> Route:
        endpoint = path.rpartition("/")[2]
        verb = {"insertRecord": "CREATE", "updateRecord": "UPDATE"}.get(endpoint, "READ")
        return Route(
            method,
            path,
            self._enveloped(endpoint, handler),
            self.host,
            summary=f"{endpoint} of a form",
            sheet="5.1",
            scopes=(f"ZOHOPEOPLE.forms.{verb}",),
            objects=("employee",),
        )

    def _enveloped(self, endpoint: str, handler: Handler) -> Callable[[Call], Reply]:
        def handle(call: Call) -> Reply:
            over = self.people_limiter.admit_endpoint(endpoint)
            if over is not None:
                return self.problem(call, Problem("limit", 429, over.limit, over))
            try:
                result = handler(call)
            except FormError as exc:
                return self._failure(call, exc.code, str(exc), self._number("error_status"))
            return result if isinstance(result, Reply) else self._success(call, *result)

        return handle

    def _number(self, switch: str) -> int:
        return int(self.world.switches.get(f"zoho_people.{switch}"))

    def _uri(self, call: Call) -> str:
        return call.path.removeprefix("/people")

    def _success(self, call: Call, result: Any, message: str) -> Reply:
        return json_reply(
            {"response": {"result": result, "message": message, "uri": self._uri(call), "status": 0}}
        )

    def _failure(self, call: Call, code: int, message: str, status: int) -> Reply:
        errors: Any = {"code": code, "message": message}
        if self.world.switches.on("zoho_people.errors_as_array"):
            errors = [errors]
        body = {"message": "Error occurred", "uri": self._uri(call), "errors": errors, "status": 1}
        return json_reply({"response": body}, status)

    def problem(self, call: Call, problem: Problem) -> Reply:
        if problem.kind == "unauthenticated":
            message = {"error": "The provided OAuth token is invalid."}
            return json_reply(message, self._number("token_error_status"))
        if problem.kind == "scope":
            return self._failure(call, 7040, "Permission denied", 403)
        if problem.kind == "limit":
            code, status = self._number("lock_code"), self._number("lock_status")
            return self._failure(call, code, "You have exceeded the threshold limit for this API.", status)
        code, text = {
            "no_route": (7011, "Invalid URL"),
            "method": (7016, "Invalid method"),
            "bad_json": (7016, "Invalid input"),
            "too_large": (7057, "Input is too large"),
        }.get(problem.kind, (7000, "Internal error"))
        return self._failure(call, code, text, problem.status)

    def forms(self, call: Call) -> Any:
        form = {
            "componentId": int(self.employees.lookup_id("department", "Management")) - 7,
            "iscustom": False,
            "displayName": "Employee",
            "formLinkName": "employee",
            "viewDetails": {"view_Name": "P_EmployeeView"},
            "isVisible": True,
        }
        return [form], "Data fetched successfully"

    def components(self, call: Call) -> Any:
        self.employees.form(call.params["form"])
        rows = [
            {
                "labelname": field.name,
                "displayname": field.label,
                "comptype": field.kind,
                "ismandatory": field.mandatory,
                "maxLength": field.limit,
                "options": list(field.choices),
            }
            for field in FIELDS.values()
        ]
        return rows, "Data fetched successfully"

    def _page(self, call: Call, size_name: str) -> list[dict[str, Any]]:
        start, size = self._whole(call, "sIndex", 1), self._whole(call, size_name, LARGEST)
        if size > LARGEST:
            raise FormError(7021, "Maximum 200 records can be fetched")
        page = self.employees.table.select(
            search_filters(call), order="id", descending=False, offset=start - 1, limit=size
        )
        return [self.employees.need(each) for each in page.ids]

    def _whole(self, call: Call, name: str, default: int) -> int:
        source = call.arg(name) or str(default)
        if not source.isascii() or not source.isdigit() or not 0 < int(source) < 10**9:
            raise FormError(7016, f"Invalid value for {name}")
        return int(source)

    def get_records(self, call: Call) -> Any:
        self.employees.form(call.params["form"])
        found = self._page(call, "limit")
        if not found:
            raise FormError(7024, "No records found")
        render = self.employees.kind.render
        return [{each["record_id"]: [render(each)]} for each in found], "Data fetched successfully"

    def _one(self, call: Call) -> dict[str, Any]:
        self.employees.form(call.params["form"])
        record_id = call.arg("recordId") or call.arg("recordid")
        if not record_id:
            raise FormError(7019, "Parameter recordId is missing")
        shown: dict[str, Any] = self.employees.kind.render(self.employees.need(record_id))
        return shown

    def one(self, call: Call) -> Any:
        return [self._one(call)], "Data fetched successfully"

    def one_by_section(self, call: Call) -> Any:
        return [{"Basic information": self._one(call)}], "Data fetched successfully"

    def view(self, call: Call) -> Reply:
        """A bare array, no envelope."""
        if call.params["form"].casefold() != "p_employeeview":
            raise FormError(7012, f"View name '{call.params['form']}' is invalid")
        rows = self._page(call, "rec_limit")
        render = self.employees.kind.render
        return json_reply([{"recordId": each["record_id"], **render(each)} for each in rows])

    def _given(self, call: Call, name: str) -> str:
        """Form fields and the query string hold the same."""
        return call.form().get(name) or call.arg(name) or ""

    def _input(self, call: Call) -> dict[str, Any]:
        source = self._given(call, "inputData")
        if not source:
            raise FormError(7019, "Parameter inputData is missing")
        try:
            fields = parse_loose(source)
        except LooseError:
            raise FormError(7016, "Invalid inputData") from None
        if not isinstance(fields, dict):
            raise FormError(7016, "Invalid inputData")
        return fields

    def insert(self, call: Call) -> Any:
        self.employees.form(call.params["form"])
        created = self.employees.insert(call, self._input(call))
        return {"pkId": created, "message": "Successfully Added"}, "Data added successfully"

    def update(self, call: Call) -> Any:
        self.employees.form(call.params["form"])
        fields, record_id = self._input(call), self._given(call, "recordId")
        if not record_id:
            raise FormError(7019, "Parameter recordId is missing")
        self.employees.update(call, record_id, fields)
        return {"pkId": record_id, "message": "Successfully Updated"}, "Data updated successfully"

    def seed(self, business: Business) -> None:
        for number, user in enumerate(USERS[self.site]):
            department = self.employees.lookup_id("department", "Management" if number == 0 else "Studio")
            fields = {
                "EmployeeID": f"E-{101 + number}",
                "FirstName": user.first_name,
                "LastName": user.last_name,
                "EmailID": user.email,
                "Department": department,
                "Dateofjoining": "2025-02-03",
                "Employee_type": "Permanent",
            }
            self.employees.table.put(self.employees.built(fields, OWNER))


def vendors(world: World) -> list[Vendor]:
    return [People(world, site) for site in SITES]
