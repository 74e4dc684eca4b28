"""Sandbox, Zoho Books: time entries; hours are texts `HH:mm` (sheet 2.10)."""

import re
from typing import Any, ClassVar

from ..call import Call, Reply
from ..plugin import Route
from ..store import Filter, Range
from .answers import invalid, success
from .listing import Columns, status_filter
from .resource import Query, Record, Resource
from .shape import Shape, day, flag, ident, rows, text

__all__ = ["TimeEntries"]

HOURS = re.compile(r"^(\d{1,3}):([0-5]\d)$")


def _hours(name: str, value: Any) -> str:
    plain: str = text(6)(name, value)
    match = HOURS.match(plain)
    if plain and match is None:
        raise invalid(name)
    return f"{int(match[1]):02d}:{match[2]}" if match else ""


class TimeEntries(Resource):
    name, path, id_key = "time_entry", "/projects/timeentries", "time_entry_id"
    one, many, label, scope = "time_entry", "time_entries", "Time entry", "projects"
    report, sheet = "Time Entries", "2.10"
    created = "Your timesheet entry has been added."
    updated = "Your timesheet entry has been updated."
    deleted = "The time entry has been deleted"
    required = ("project_id", "task_id", "user_id", "log_date")
    upsert = False
    shape: ClassVar[Shape] = {
        "project_id": ident,
        "task_id": ident,
        "user_id": ident,
        "log_date": day,
        "log_time": _hours,
        "begin_time": _hours,
        "end_time": _hours,
        "is_billable": flag,
        "notes": text(500),
        "start_timer": flag,
        "custom_fields": rows,
    }
    row = (
        "time_entry_id",
        "project_id",
        "project_name",
        "customer_id",
        "customer_name",
        "task_id",
        "task_name",
        "user_id",
        "user_name",
        "log_date",
        "log_time",
        "begin_time",
        "end_time",
        "is_billable",
        "billed_status",
        "invoice_id",
        "notes",
        "timer_started_at",
        "created_time",
    )
    columns = Columns(
        exact=("project_id", "task_id", "user_id", "billed_status", "invoice_id"),
        days=("log_date",),
        sorts=("project_name", "task_name", "user_name", "log_date", "created_time"),
        search=("notes", "project_name", "task_name"),
        default_sort="log_date",
    )

    def build(self, record: Record, fields: Record, query: Query, *, creating: bool) -> None:
        defaults: Record = {
            "log_time": "",
            "begin_time": "",
            "end_time": "",
            "notes": "",
            "is_billable": True,
            "billed_status": "unbilled",
            "invoice_id": "",
            "timer_started_at": "",
        }
        for name, value in defaults.items():
            record.setdefault(name, value)
        if record["invoice_id"]:
            raise self.refuse_state("Invoiced time entries cannot be changed.")
        start = fields.pop("start_timer", False)
        record |= {name: value for name, value in fields.items() if name != "custom_fields"}
        self._names(record)
        if start:
            self._refuse_second_timer(record)
            record["timer_started_at"] = self.organization.stamp()
        if record["begin_time"] and record["end_time"] and "log_time" not in fields:
            worked = _minutes(record["end_time"]) - _minutes(record["begin_time"])
            if worked < 0:
                raise invalid("end_time")
            record["log_time"] = f"{worked // 60:02d}:{worked % 60:02d}"
        if not record["log_time"] and not record["timer_started_at"]:
            raise invalid("log_time")

    def _names(self, record: Record) -> None:
        project = self.finance.projects.need(record["project_id"])
        task = self.finance.tasks.need(record["task_id"])
        if task["project_id"] != project["project_id"]:
            raise invalid("task_id")
        user = self.finance.users.need(record["user_id"])
        record["project_name"], record["task_name"] = project["project_name"], task["task_name"]
        record["customer_id"], record["customer_name"] = project["customer_id"], project["customer_name"]
        record["user_name"] = user["name"]

    def _custom(self, record: Record, body: Record) -> None:
        """No unique custom fields here (sheet 2.2)."""

    def _running(self, user_id: str) -> Record | None:
        entries = map(self.need, self.table.find("=user_id", user_id))
        return next((each for each in entries if each["timer_started_at"]), None)

    def _refuse_second_timer(self, record: Record) -> None:
        running = self._running(record["user_id"])
        if running is not None and running["time_entry_id"] != record["time_entry_id"]:
            raise self.refuse_state("A timer is running already.")

    def list_filters(self, call: Call) -> list[Filter]:
        filters = super().list_filters(call)
        low, high = call.arg("from_date"), call.arg("to_date")
        if low or high:
            span = (day("from_date", low) or None, day("to_date", high) or None)
            filters.append(Range("log_date", *span, high_inclusive=True))
        return filters

    def status_filters(self, wanted: str) -> list[Filter]:
        if wanted.startswith("Date."):
            return []
        words = {each: (each,) for each in ("unbilled", "invoiced", "billed")}
        return status_filter(words, wanted, "=billed_status")

    def check_delete(self, record: Record) -> None:
        if record["invoice_id"]:
            raise self.refuse_state("Invoiced time entries cannot be deleted.")

    def routes(self, product: Any) -> list[Route]:
        make = product.route
        return [
            *super().routes(product),
            make(self, "POST", self.path + "/{id}/timer/start", self.start),
            make(self, "POST", self.path + "/timer/stop", self.stop),
            make(self, "GET", self.path + "/runningtimer/me", self.running_mine),
        ]

    def start(self, call: Call) -> Reply:
        record = self.need(call.params["id"])
        self._refuse_second_timer(record)
        record["timer_started_at"] = self.organization.stamp()
        self.store(call, record)
        return success("Timer started", time_entry=record)

    def stop(self, call: Call) -> Reply:
        record = self._mine()
        started = self.organization.seconds_since(record["timer_started_at"])
        minutes = (_minutes(record["log_time"]) if record["log_time"] else 0) + int(started // 60)
        record["log_time"], record["timer_started_at"] = f"{minutes // 60:02d}:{minutes % 60:02d}", ""
        self.store(call, record)
        return success("Timer stopped", time_entry=record)

    def running_mine(self, call: Call) -> Reply:
        return success(time_entry=self._mine())

    def _mine(self) -> Record:
        record = self._running(self.finance.users.owner())
        if record is None:
            raise self.absent("Running timer")
        return record


def _minutes(hours: str) -> int:
    whole, _, minutes = hours.partition(":")
    return int(whole) * 60 + int(minutes)
