"""Sandbox, Zoho Books: employees, for mileage and expenses; deleted below the singular path (sheet 9)."""

from typing import Any, ClassVar

from ..plugin import Route
from .answers import refuse
from .listing import Columns
from .resource import Query, Record, Resource
from .shape import Shape, text

__all__ = ["Employees"]


class Employees(Resource):
    name, path, id_key = "employee", "/employees", "employee_id"
    one, many, label, scope, report = "employee", "employees", "Employee", "expenses", "Employees"
    created = "The employee has been added."
    deleted = "The employee has been deleted."
    required = ("name", "email")
    upsert = False
    shape: ClassVar[Shape] = {"name": text(200), "email": text(100)}
    row = ("employee_id", "name", "email", "status")
    columns = Columns(texts=("name", "email"), sorts=("name",), default_sort="name", default_order="A")

    def build(self, record: Record, fields: Record, query: Query, *, creating: bool) -> None:
        email = str(fields.get("email", record.get("email", ""))).casefold()
        if any(each != record["employee_id"] for each in self.table.find("=email", email)):
            raise refuse(1001, "This employee already exists.")
        record.setdefault("status", "active")
        record.update(fields)

    def _custom(self, record: Record, body: Record) -> None:
        """Employees carry no custom fields."""

    def routes(self, product: Any) -> list[Route]:
        make = product.route
        return [
            make(self, "GET", self.path, self.page),
            make(self, "POST", self.path, self.post),
            make(self, "GET", self.path + "/{id}", self.read),
            make(self, "DELETE", "/employee/{id}", self.remove),
        ]
