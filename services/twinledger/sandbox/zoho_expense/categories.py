"""Sandbox, Zoho Expense: expense categories and users (sheet 4)."""

from typing import Any, ClassVar

from ..call import Change
from ..plugin import Route
from ..store import Filter
from ..zoho_books.answers import refuse, success
from ..zoho_books.listing import Columns, status_filter
from ..zoho_books.resource import Action, Query, Record, Resource
from ..zoho_books.shape import Shape, flag, ident, text

__all__ = ["SEEDED", "Categories", "ExpenseUsers"]

SEEDED = (
    "Airfare",
    "Lodging",
    "Meals and Entertainment",
    "Ground Transportation",
    "Office Supplies",
    "Other Expenses",
)


class Categories(Resource):
    name, path, id_key, group = "category", "/expensecategories", "category_id", "expense"
    one, many, label, scope = "expense_category", "expense_categories", "Expense Category", "expensecategory"
    report, sheet = "Expense Categories", "4"
    created = "The expense category has been created."
    updated = "The expense category has been updated."
    deleted = "The expense category has been deleted."
    required = ("category_name",)
    upsert = False
    shape: ClassVar[Shape] = {
        "category_name": text(100),
        "account_code": text(50),
        "description": text(500),
        "parent_account_id": ident,
        "is_mileage": flag,
    }
    row = ("category_id", "category_name", "account_code", "description", "status", "is_enabled")
    columns = Columns(
        texts=("category_name",),
        exact=("status",),
        sorts=("category_name",),
        default_sort="category_name",
        default_order="A",
    )

    def build(self, record: Record, fields: Record, query: Query, *, creating: bool) -> None:
        name = str(fields.get("category_name", record.get("category_name", "")))
        if any(each != record["category_id"] for each in self.table.find("=category_name", name.casefold())):
            raise refuse(1001, f'A category with the name "{name}" already exists.')
        defaults: Record = {"account_code": "", "description": "", "status": "active", "is_enabled": True}
        for key, value in defaults.items():
            record.setdefault(key, value)
        record.update(fields)

    def _custom(self, record: Record, body: Record) -> None:
        """Categories carry no custom fields."""

    def check_delete(self, record: Record) -> None:
        if self.finance.extension("expense", "expense").table.count("=category_id", record["category_id"]):
            raise self.refuse_state("Categories with expenses cannot be deleted.")

    def actions(self) -> dict[str, tuple[Action, str, int]]:
        return {
            "show": (self._marking("active"), "The expense category has been enabled.", 200),
            "hide": (self._marking("inactive"), "The expense category has been disabled.", 200),
        }

    def _marking(self, status: str) -> Action:
        def mark(change: Change, record_id: str, _: Record) -> None:
            record = self.need(record_id)
            record["status"], record["is_enabled"] = status, status == "active"
            self.store(change, record)

        return mark

    def status_filters(self, wanted: str) -> list[Filter]:
        return status_filter({"active": ("active",), "inactive": ("inactive",)}, wanted)

    def seed(self, moment: float) -> None:
        stamp = self.organization.stamp(moment)
        for name in SEEDED:
            record: Record = {
                "category_id": self.organization.new_id(),
                "created_time": stamp,
                "last_modified_time": stamp,
            }
            self.build(record, {"category_name": name}, {}, creating=True)
            self.table.put(record)


class ExpenseUsers(Resource):
    name, path, id_key, group = "user", "/users", "user_id", "expense"
    one, many, label, scope, report, sheet = "user", "users", "User", "users", "Users", "4"
    created = "Your invitation has been sent."
    updated = "The user details has been updated."
    deleted = "The user has been removed from your organization."
    required = ("name", "email", "user_role")
    upsert = False
    shape: ClassVar[Shape] = {
        "name": text(200),
        "email": text(100),
        "user_role": text(50),
        "employee_number": text(50),
        "department_name": text(100),
        "department_id": ident,
        "default_approver_id": ident,
    }
    row = (
        "user_id",
        "name",
        "email",
        "user_role",
        "status",
        "employee_number",
        "department_name",
        "default_approver_id",
    )
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
            "status": "invited",
            "user_role": "submitter",
            "employee_number": "",
            "department_name": "",
            "default_approver_id": "",
        }
        for key, value in defaults.items():
            record.setdefault(key, value)
        record.update(fields)

    def _custom(self, record: Record, body: Record) -> None:
        """Users carry no custom fields."""

    def actions(self) -> dict[str, tuple[Action, str, int]]:
        return {
            "active": (self._marking("active"), "The user has been marked as active.", 200),
            "inactive": (self._marking("inactive"), "The user has been marked as inactive.", 200),
        }

    def _marking(self, status: str) -> Action:
        def mark(change: Change, record_id: str, _: Record) -> None:
            record = self.need(record_id)
            record["status"] = status
            self.store(change, record)

        return mark

    def status_filters(self, wanted: str) -> list[Filter]:
        return status_filter({each: (each,) for each in ("active", "inactive", "invited")}, wanted)

    def routes(self, product: Any) -> list[Route]:
        role = product.route(self, "POST", "/users/{id}/role/{role}", self._set_role)
        return [*super().routes(product), role]

    def _set_role(self, call: Any) -> Any:
        record = self.need(call.params["id"])
        record["user_role"] = call.params["role"]
        self.store(call, record)
        return success("The role of the user has been changed.")

    def seed(self, moment: float) -> None:
        stamp = self.organization.stamp(moment)
        for number, user in enumerate(self.organization.users):
            record: Record = {
                "user_id": self.organization.new_id(),
                "created_time": stamp,
                "last_modified_time": stamp,
            }
            role = "submitter" if number else "admin"
            fields = {"name": user.full_name, "email": user.email, "user_role": role}
            self.build(record, {**fields, "employee_number": f"E-{101 + number}"}, {}, creating=True)
            record["status"] = "active"
            self.table.put(record)

    def check_delete(self, record: Record) -> None:
        if record["user_id"] == self.owner()["user_id"]:
            raise self.refuse_state("You cannot remove yourself from the organization.")

    def owner(self) -> Record:
        """The first admin; where nobody is one any more, the first user."""
        users = [self.need(each) for each in self.table]
        return next((each for each in users if each["user_role"] == "admin"), users[0])
