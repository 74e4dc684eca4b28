"""Sandbox, Zoho Expense: expense reports and their way from draft to reimbursed (sheet 4)."""

from collections.abc import Iterable
from typing import Any, ClassVar

from ..call import Call, Change, Reply
from ..plugin import ActOperation, Route
from ..store import Filter, Table
from ..zoho_books.answers import invalid, success
from ..zoho_books.listing import Columns, status_filter
from ..zoho_books.resource import Action, Query, Record, Resource
from ..zoho_books.shape import Shape, day, ident, rows, text
from ..zoho_books.totals import ZERO, dec, num
from .categories import ExpenseUsers
from .expenses import EDITABLE, ReportedExpenses

__all__ = ["Reports"]

FROM = {
    "submitted": EDITABLE,
    "approved": ("submitted",),
    "rejected": ("submitted",),
    "reimbursed": ("approved",),
    "recalled": ("submitted",),
}
WORDS = ("draft", "submitted", "approved", "rejected", "reimbursed", "recalled")


def _expenses(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise invalid(name)
    return value


class Reports(Resource):
    name, path, id_key, group = "expense_report", "/expensereports", "report_id", "expense"
    one, many, label, scope = "expense_report", "expense_reports", "Expense Report", "expensereport"
    report, sheet = "Expense Reports", "4"
    created = "The expense report has been created."
    updated = "The expense report has been updated."
    deleted = "The expense report has been deleted."
    required = ("report_name", "start_date", "end_date")
    upsert = False
    plain = False
    shape: ClassVar[Shape] = {
        "report_name": text(100),
        "start_date": day,
        "end_date": day,
        "description": text(500),
        "customer_id": ident,
        "project_id": ident,
        "expenses": _expenses,
        "tags": rows,
        "custom_fields": rows,
    }
    row = (
        "report_id",
        "report_number",
        "report_name",
        "status",
        "start_date",
        "end_date",
        "description",
        "total",
        "reimbursable_total",
        "non_reimbursable_total",
        "currency_code",
        "created_by_id",
        "created_by_name",
        "created_by_email",
        "approver_id",
        "approver_name",
        "submitted_date",
        "created_time",
        "last_modified_time",
    )
    columns = Columns(
        texts=("report_name", "report_number"),
        exact=("status", "created_by_id", "customer_id", "project_id"),
        days=("start_date", "end_date"),
        amounts=("total",),
        sorts=("report_name", "report_number", "start_date", "total", "created_time", "last_modified_time"),
    )

    def __init__(self, finance: Any, users: ExpenseUsers, expenses: ReportedExpenses) -> None:
        self._users, self._expenses = users, expenses
        super().__init__(finance)

    def build(self, record: Record, fields: Record, query: Query, *, creating: bool) -> None:
        if creating:
            self._begin(record)
        if record["status"] not in EDITABLE:
            raise self.refuse_state(f"A {record['status']} report cannot be edited.")
        record |= {name: value for name, value in fields.items() if name not in ("expenses", "custom_fields")}
        if record["end_date"] < record["start_date"]:
            raise invalid("end_date")

    def _begin(self, record: Record) -> None:
        owner = self._users.owner()
        serial = self.world.counters.next(f"zoho.{self.organization.site}.expense_report.number")
        record |= {
            "report_number": f"ER-{serial:05d}",
            "status": "draft",
            "description": "",
            "currency_code": self.organization.currency_code,
            "price_precision": self.organization.price_precision,
            "created_by_id": owner["user_id"],
            "created_by_name": owner["name"],
            "created_by_email": owner["email"],
            "approver_id": "",
            "approver_name": "",
            "submitted_date": "",
            "approval_history": [],
            "reimbursements": [],
            **dict.fromkeys(("total", "reimbursable_total", "non_reimbursable_total"), 0.0),
        }

    def _ids(self, given: list[Any], report_id: str) -> list[str]:
        """Ids, or objects with `expense_id` (and `order`)."""
        accepted = self.world.switches.get("zoho_expense.report_expenses")
        found = []
        for each in given:
            named = isinstance(each, dict)
            if accepted != "both" and named != (accepted == "objects"):
                raise invalid("expenses")
            expense = self._expenses.need(ident("expenses", each.get("expense_id") if named else each))
            if expense["report_id"] not in ("", report_id):
                raise self.refuse_state("An expense is in another report already.")
            found.append(expense["expense_id"])
        return found

    def create(self, change: Change, body: Record, query: Query) -> str:
        wanted = self._ids(_expenses("expenses", body.get("expenses") or []), "")
        created = super().create(change, body, query)
        self._assign(change, created, wanted)
        return created

    def update(self, change: Change, record_id: str, body: Record, query: Query) -> str:
        named = "expenses" in body
        wanted = self._ids(_expenses("expenses", body["expenses"]), record_id) if named else []
        super().update(change, record_id, body, query)
        if named:
            self._assign(change, record_id, wanted)
        return record_id

    def delete(self, change: Change, record_id: str) -> None:
        self.check_delete(self.need(record_id))
        self._assign(change, record_id, [])
        super().delete(change, record_id)

    def _assign(self, change: Change, report_id: str, wanted: list[str]) -> None:
        """These expenses belong to the report from now on, the others of it no longer."""
        record = self.need(report_id)
        for each in self._expenses.table.find("=report_id", report_id):
            if each not in wanted:
                self._put(change, each, None)
        for each in wanted:
            self._put(change, each, record)
        self.refresh(change, report_id)

    def _put(self, change: Change, expense_id: str, record: Record | None) -> None:
        expense = self._expenses.need(expense_id)
        word = str(self.world.switches.get("zoho_expense.unreported_word"))
        expense["status"] = record["status"] if record else word
        for name in ("report_id", "report_name", "report_number"):
            expense[name] = record[name] if record else ""
        self._expenses.store(change, expense)

    def take(self, expense: Record, report_id: str) -> None:
        """An expense made for a report."""
        record = self.need(report_id)
        if record["status"] not in EDITABLE:
            raise self.refuse_state(f"A {record['status']} report cannot be edited.")
        expense["status"] = record["status"]
        expense |= {name: record[name] for name in ("report_id", "report_name", "report_number")}

    def refresh(self, change: Change, report_id: str) -> None:
        """Totals in the base currency from the expenses."""
        record = self.table.get(report_id)
        if record is None:
            return
        found = [self._expenses.need(each) for each in self._expenses.table.find("=report_id", report_id)]
        mine = sum((dec(each["bcy_total"]) for each in found if each["is_reimbursable"]), ZERO)
        other = sum((dec(each["bcy_total"]) for each in found if not each["is_reimbursable"]), ZERO)
        sums = {
            "total": num(mine + other),
            "reimbursable_total": num(mine),
            "non_reimbursable_total": num(other),
        }
        if any(record[name] != value for name, value in sums.items()):
            record |= sums
            self.store(change, record)

    def rows_depend_on(self) -> Iterable[Table]:
        return [self._expenses.table]

    def render(self, record: Record, product: str) -> Any:
        found = map(self._expenses.need, self._expenses.table.find("=report_id", record["report_id"]))
        shown = [self._expenses.short(each) for each in found]
        return {**record, "expenses": shown}

    def check_delete(self, record: Record) -> None:
        if record["status"] not in EDITABLE:
            raise self.refuse_state(f"A {record['status']} report cannot be deleted.")

    def status_filters(self, wanted: str) -> list[Filter]:
        return status_filter({each: (each,) for each in WORDS}, wanted)

    def _moving(self, status: str, word: str = "") -> Action:
        def move(change: Change, record_id: str, fields: Record) -> None:
            record = self.need(record_id)
            if record["status"] not in FROM[status]:
                raise self.refuse_state(f"A {record['status']} report cannot be {status}.")
            record["status"] = word or status
            if status == "submitted":
                record["submitted_date"] = self.organization.today()
            if status == "approved":
                owner = self._users.owner()
                record["approver_id"], record["approver_name"] = owner["user_id"], owner["name"]
            if status == "reimbursed":
                self._reimburse(record, fields)
            self._note(record, fields)
            self.store(change, record)
            for each in self._expenses.table.find("=report_id", record_id):
                self._put(change, each, record)

        return move

    def _note(self, record: Record, fields: Record) -> None:
        record["approval_history"].append(
            {
                "status": record["status"],
                "comments": str(fields.get("comments", "")),
                "user_name": self._users.owner()["name"],
                "date_time": self.organization.stamp(),
            }
        )

    def _reimburse(self, record: Record, fields: Record) -> None:
        keys = ("date", "amount", "reference_number", "currency_id", "notes")
        payment = {key: fields[key] for key in keys if key in fields}
        record["reimbursements"].append({"date": self.organization.today(), **payment})

    def actions(self) -> dict[str, tuple[Action, str, int]]:
        return {
            "submit": (self._moving("submitted"), "The report has been submitted.", 200),
            "approve": (self._moving("approved"), "The report has been approved.", 200),
            "reject": (self._moving("rejected"), "The report has been rejected.", 200),
            "reimburse": (self._moving("reimbursed"), "The report has been reimbursed.", 200),
        }

    def act_extras(self) -> dict[str, ActOperation]:
        recalled = self._moving("recalled", str(self.world.switches.get("zoho_expense.taken_back_word")))
        return {
            "send": self.act_of(self._moving("submitted")),
            "approve": self.act_of(self._moving("approved")),
            "void": self.act_of(self._moving("rejected")),
            "pay": self.act_of(self._moving("reimbursed")),
            "restore": self.act_of(recalled),
        }

    def routes(self, product: Any) -> list[Route]:
        make = product.route
        return [
            *super().routes(product),
            make(self, "GET", self.path + "/{id}/approvalhistory", self.history),
        ]

    def history(self, call: Call) -> Reply:
        return success(approval_history=self.need(call.params["id"])["approval_history"])
