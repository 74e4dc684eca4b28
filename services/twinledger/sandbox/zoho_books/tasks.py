"""Sandbox, Zoho Books: tasks of a project (sheet 2.10)."""

from typing import Any, ClassVar

from ..call import Call, Change, Reply
from ..plugin import Route
from .answers import success
from .listing import Columns
from .resource import Query, Record, Resource
from .shape import Shape, flag, ident, number, read_body, text

__all__ = ["Tasks"]


class Tasks(Resource):
    """They live below their project: `/projects/{id}/tasks`."""

    name, path, id_key = "task", "/projects/{id}/tasks", "task_id"
    one, many, label, scope, report, sheet = "task", "task", "Task", "projects", "Tasks", "2.10"
    created = "The task has been added."
    updated = "The task information has been updated."
    deleted = "The task has been deleted."
    required = ("task_name",)
    upsert = False
    shape: ClassVar[Shape] = {
        "project_id": ident,
        "task_name": text(100),
        "description": text(500),
        "rate": number,
        "budget_hours": text(10),
        "is_billable": flag,
    }
    row = (
        "task_id",
        "task_name",
        "project_id",
        "description",
        "rate",
        "is_billable",
        "status",
        "budget_hours",
    )
    columns = Columns(texts=("task_name",), exact=("project_id",), sorts=("task_name", "created_time"))

    def build(self, record: Record, fields: Record, query: Query, *, creating: bool) -> None:
        defaults: Record = {
            "description": "",
            "rate": 0.0,
            "budget_hours": "",
            "is_billable": True,
            "status": "active",
        }
        for name, value in defaults.items():
            record.setdefault(name, value)
        record.update(fields)
        record["project_name"] = self.finance.projects.need(record.get("project_id", ""))["project_name"]

    def _custom(self, record: Record, body: Record) -> None:
        """Tasks carry no custom fields."""

    def check_delete(self, record: Record) -> None:
        if self.finance.time_entries.table.count("=task_id", record["task_id"]):
            raise self.refuse_state("Tasks with time entries cannot be deleted.")

    def remove_of(self, change: Change, project_id: str) -> None:
        for each in self.table.find("=project_id", project_id):
            change.delete(self.kind, each)

    def routes(self, product: Any) -> list[Route]:
        return []

    def routes_of_project(self, product: Any) -> list[Route]:
        make, path = product.route, "/projects/{id}/tasks"
        return [
            make(self, "GET", path, self.of_project),
            make(self, "POST", path, self.add),
            make(self, "GET", path + "/{tid}", self.one_task),
            make(self, "PUT", path + "/{tid}", self.change),
            make(self, "DELETE", path + "/{tid}", self.drop),
        ]

    def _of(self, call: Call) -> Record:
        self.finance.projects.need(call.params["id"])
        record = self.need(call.params["tid"])
        if record["project_id"] != call.params["id"]:
            raise self.absent()
        return record

    def of_project(self, call: Call) -> Reply:
        self.finance.projects.need(call.params["id"])
        found = self.table.find("=project_id", call.params["id"])
        context = {"page": 1, "per_page": 200, "has_more_page": False, "report_name": "Tasks"}
        return success(task=[self.short(self.need(each)) for each in found], page_context=context)

    def add(self, call: Call) -> Reply:
        body = {**read_body(call), "project_id": call.params["id"]}
        return success(self.created, 201, task=self.need(self.create(call, body, {})))

    def one_task(self, call: Call) -> Reply:
        return success(task=self._of(call))

    def change(self, call: Call) -> Reply:
        record = self._of(call)
        body = {**read_body(call), "project_id": record["project_id"]}
        return success(self.updated, task=self.need(self.update(call, record["task_id"], body, {})))

    def drop(self, call: Call) -> Reply:
        self.delete(call, self._of(call)["task_id"])
        return success(self.deleted)
