"""Sandbox, Zoho Books: projects, their tasks and time entries (sheet 2.10)."""

from collections.abc import Iterable
from typing import Any, ClassVar

from ..call import Change
from ..plugin import ActOperation, Route
from ..store import Filter, Table
from .listing import Columns, status_filter
from .resource import Action, Query, Record, Resource
from .shape import Shape, anything, flag, ident, number, one_of, rows, shaped, text

__all__ = ["Projects"]

BILLING = ("fixed_cost_for_project", "based_on_project_hours", "based_on_staff_hours", "based_on_task_hours")


class Projects(Resource):
    name, path, id_key = "project", "/projects", "project_id"
    one, many, label, scope, report, sheet = "project", "projects", "Project", "projects", "Projects", "2.10"
    created = "The project has been created."
    updated = "The project information has been updated."
    deleted = "The project has been deleted."
    required = ("project_name", "customer_id", "billing_type", "user_id")
    shape: ClassVar[Shape] = {
        "project_name": text(100),
        "customer_id": ident,
        "currency_id": ident,
        "description": text(500),
        "billing_type": one_of(*BILLING),
        "user_id": ident,
        "rate": number,
        "budget_type": one_of(
            "total_project_cost", "total_project_hours", "hours_per_task", "hours_per_staff", ""
        ),
        "budget_hours": anything,
        "budget_amount": number,
        "cost_budget_amount": number,
        "tasks": rows,
        "users": rows,
        "custom_fields": rows,
        "is_retainer_included": flag,
    }
    row = (
        "project_id",
        "project_name",
        "customer_id",
        "customer_name",
        "description",
        "status",
        "billing_type",
        "rate",
        "created_time",
        "last_modified_time",
        "custom_fields",
        "custom_field_hash",
    )
    columns = Columns(
        texts=("project_name", "customer_name"),
        exact=("status", "customer_id"),
        sorts=("project_name", "customer_name", "rate", "created_time"),
    )

    def build(self, record: Record, fields: Record, query: Query, *, creating: bool) -> None:
        defaults: Record = {
            "description": "",
            "rate": 0.0,
            "status": "active",
            "budget_type": "",
            "budget_hours": "",
        }
        for name, value in defaults.items():
            record.setdefault(name, value)
        fields.pop("tasks", None)
        users = fields.pop("users", None)
        record |= {name: value for name, value in fields.items() if name != "custom_fields"}
        contact = self.finance.contacts.need(record["customer_id"])
        record["customer_name"] = contact["contact_name"]
        record["currency_id"], record["currency_code"] = contact["currency_id"], contact["currency_code"]
        owner = self.finance.users.need(str(record.get("user_id") or self.finance.users.owner()))
        record["user_id"] = owner["user_id"]
        if users is not None or creating:
            wanted = [each for each in users or [] if each.get("user_id")] or [{"user_id": owner["user_id"]}]
            record["users"] = [self._user(each) for each in wanted]

    def create(self, change: Change, body: Record, query: Query) -> str:
        """With its tasks; they are checked before anything is made."""
        tasks = rows("tasks", body.get("tasks"))
        for each in tasks:
            shaped(self.finance.tasks.shape, each, self.finance.tasks.required)
        created = super().create(change, body, query)
        for each in tasks:
            self.finance.tasks.create(change, {**each, "project_id": created}, {})
        return created

    def _user(self, given: Record) -> Record:
        user = self.finance.users.need(str(given["user_id"]))
        keys = ("user_id", "name", "email", "user_role", "status")
        shown = {("user_name" if key == "name" else key): user[key] for key in keys}
        return {**shown, "rate": given.get("rate", 0.0)}

    def after(self, change: Change, before: Record | None, record: Record | None) -> None:
        if record is None:
            self.finance.tasks.remove_of(change, str((before or {})["project_id"]))

    def rows_depend_on(self) -> Iterable[Table]:
        return [self.finance.tasks.table]

    def render(self, record: Record, product: str) -> Any:
        tasks = self.finance.tasks
        found = tasks.table.find("=project_id", record["project_id"])
        return {**record, "tasks": [tasks.render(tasks.need(each), product) for each in found]}

    plain = False

    def check_delete(self, record: Record) -> None:
        if self.finance.time_entries.table.count("=project_id", record["project_id"]):
            raise self.refuse_state("Projects with time entries cannot be deleted.")

    def status_filters(self, wanted: str) -> list[Filter]:
        return status_filter({"active": ("active",), "inactive": ("inactive",)}, wanted)

    def actions(self) -> dict[str, tuple[Action, str, int]]:
        return {
            "active": (self._marking("active"), "The selected projects have been marked as active.", 200),
            "inactive": (
                self._marking("inactive"),
                "The selected projects have been marked as inactive.",
                200,
            ),
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

    def routes(self, product: Any) -> list[Route]:
        return [*super().routes(product), *self.finance.tasks.routes_of_project(product)]
