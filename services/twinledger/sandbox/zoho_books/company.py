"""Sandbox, Zoho Books: the organization and its users (sheet 2.1, 2.3)."""

from typing import Any, ClassVar

from ..call import Call, Reply
from ..plugin import Route
from .answers import refuse, success
from .listing import Columns
from .resource import Query, Record, Resource
from .shape import Shape, anything, number, text

__all__ = ["Organizations", "Users"]


class Organizations:
    """One organization per data centre; it is a document, not a table."""

    name, scope, sheet = "organization", "settings", "2.1"

    def __init__(self, finance: Any) -> None:
        self._organization = finance.organization
        self._currencies = finance.currencies

    def record(self) -> Record:
        organization = self._organization
        currency = self._currencies.of_code(organization.currency_code)
        return {
            "organization_id": organization.id,
            "name": organization.name,
            "contact_name": organization.users[0].full_name,
            "email": organization.users[0].email,
            "is_default_org": True,
            "is_org_active": True,
            "time_zone": organization.facts.time_zone,
            "language_code": "en",
            "fiscal_year_start_month": "january",
            "date_format": "dd MMM yyyy",
            "country": organization.facts.country,
            "version": organization.site,
            "currency_id": currency["currency_id"],
            "currency_code": currency["currency_code"],
            "currency_symbol": currency["currency_symbol"],
            "currency_format": currency["currency_format"],
            "price_precision": organization.price_precision,
            "plan_name": "PREMIUM",
            "plan_type": 4,
            "zi_migration_status": 0,
        }

    def page(self, call: Call) -> Reply:
        return success(organizations=[self.record()])

    def read(self, call: Call) -> Reply:
        if call.params["id"] != self._organization.id:
            raise refuse(1002, "Organization does not exist.", self._organization.code("absent_status"))
        return success(organization=self.record())

    def routes(self, product: Any) -> list[Route]:
        return [
            product.route(self, "GET", "/organizations", self.page),
            product.route(self, "GET", "/organizations/{id}", self.read),
        ]


class Users(Resource):
    name, path, id_key = "user", "/users", "user_id"
    one, many, label, scope, report = "user", "users", "User", "settings", "Users"
    created = "Your invitation has been sent."
    updated = "The user details has been updated."
    deleted = "The user has been removed from your organization."
    created_status = 200
    required = ("name", "email")
    upsert = False
    shape: ClassVar[Shape] = {
        "name": text(200),
        "email": text(100),
        "role_id": text(50),
        "cost_rate": number,
        "user_role": text(50),
        "custom_fields": anything,
    }
    row = ("user_id", "name", "email", "user_role", "role_id", "status", "is_current_user", "is_employee")
    columns = Columns(
        texts=("name", "email"),
        exact=("status",),
        sorts=("name", "email"),
        default_sort="name",
        default_order="A",
    )

    def build(self, record: Record, fields: Record, query: Query, *, creating: bool) -> None:
        email = str(fields.get("email", record.get("email", ""))).casefold()
        if any(each != record["user_id"] for each in self.table.find("=email", email)):
            raise refuse(1001, "This user already exists in your organization.")
        defaults: Record = {
            "user_role": "staff",
            "role_id": "",
            "status": "invited",
            "is_current_user": False,
            "is_employee": False,
        }
        for key, value in defaults.items():
            record.setdefault(key, value)
        super().build(record, fields, query, creating=creating)

    def _custom(self, record: Record, body: Record) -> None:
        """Users carry no custom fields."""

    def check_delete(self, record: Record) -> None:
        if record["is_current_user"]:
            raise self.refuse_state("You cannot remove yourself from the organization.")

    def owner(self) -> str:
        return next(str(each["user_id"]) for each in map(self.need, self.table) if each["is_current_user"])

    def seed(self, name: str, email: str, moment: float, *, owner: bool) -> None:
        stamp = self.organization.stamp(moment)
        self.table.put(
            {
                "user_id": self.organization.new_id(),
                "created_time": stamp,
                "last_modified_time": stamp,
                "name": name,
                "email": email,
                "user_role": "admin" if owner else "staff",
                "role_id": "",
                "status": "active",
                "is_current_user": owner,
                "is_employee": not owner,
            }
        )

    def routes(self, product: Any) -> list[Route]:
        return [*super().routes(product), product.route(self, "GET", "/users/me", self.me)]

    def me(self, call: Call) -> Reply:
        return success(user=self.need(self.owner()))
