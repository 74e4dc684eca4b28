"""FreshBooks time entries. Sheet 3.8."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from ..call import Call, Change, Reply, json_reply
from ..plugin import Route
from ..store import Filter, Range, Where
from .business_resource import (
    BusinessResource,
    Check,
    Record,
    flag_of,
    flagged,
    moment_of,
    number_of,
    refuse_fields,
    text_of,
)
from .wire import iso_z

__all__ = ["TimeEntries"]

BASE = "/timetracking/business/{business_id}/time_entries"
ZONE = "America/New_York"
REQUIRED = ("is_logged", "duration", "started_at")


class TimeEntries(BusinessResource):
    name, plural, scope, sheet = "time_entry", "time_entries", "time_entries", "3.8"
    first_id = 7_001_001
    checks: Mapping[str, Check] = {
        "is_logged": flag_of,
        "duration": number_of,
        "started_at": moment_of,
        "client_id": number_of,
        "project_id": number_of,
        "service_id": number_of,
        "task_id": number_of,
        "note": text_of,
        "billable": flag_of,
        "billed": flag_of,
        "internal": flag_of,
        "active": flag_of,
    }
    defaults: Mapping[str, Any] = {
        "client_id": None,
        "project_id": None,
        "service_id": None,
        "task_id": None,
        "retainer_id": None,
        "pending_client": None,
        "pending_project": None,
        "pending_task": None,
        "note": None,
        "active": True,
        "billable": False,
        "billed": False,
        "internal": False,
        "timer": None,
    }

    def order_key(self, record: Record) -> Any:
        """Newest first, whatever `sort` says."""
        return record["started_at"]

    def is_deleted(self, record: Record) -> bool:
        return not record["active"]

    def routes(self) -> list[Route]:
        read, write = (("user:time_entries:read",), ("user:time_entries:write",))
        host, kinds = "freshbooks.api", ("time_entry",)
        one = BASE + "/{id}"
        return [
            Route("GET", BASE, self.list_page, host, "list", "3.8", read, kinds, query=("page", "per_page")),
            Route("GET", BASE + "/search", self.search, host, "search", "3.8", read, kinds, query=("q",)),
            Route("POST", BASE, self.post, host, "create", "3.8", write, kinds, body=self.schema()),
            Route("GET", one, self.get, host, "get", "3.8", read, kinds),
            Route("PUT", one, self.put, host, "update", "3.8", write, kinds, body=self.schema()),
            Route("DELETE", one, self.delete, host, "delete", "3.8", write, kinds),
        ]

    def list_page(self, call: Call) -> Reply:
        order = "all" if self.bare(call, "include_deleted", flag_of) else "listed"
        return self._listed(call, self._filters(call), order)

    def search(self, call: Call) -> Reply:
        wanted = (call.arg("q") or "").casefold()
        filters = [*self._filters(call), Where(lambda record: wanted in str(record["note"] or "").casefold())]
        return self._listed(call, filters, "listed")

    def _filters(self, call: Call) -> list[Filter]:
        filters = self.common_filters(call)
        for name in ("billable", "billed"):
            wanted = self.bare(call, name, flag_of)
            if wanted is not None:
                filters.append(flagged(name, wanted))
        identity = self.bare(call, "identity_id", number_of)
        if identity is None and not self.bare(call, "team", flag_of):
            identity = self.vendor.identity_id
        if identity is not None:
            filters.append(Where(lambda record: record["identity_id"] == identity))
        if not self.bare(call, "include_unlogged", flag_of):
            filters.append(Where(lambda record: record["is_logged"]))
        low = self.bare(call, "started_from", moment_of)
        high = self.bare(call, "started_to", moment_of)
        if low is not None or high is not None:
            bounds = [None if each is None else iso_z(each) for each in (low, high)]
            filters.append(Range("all", bounds[0], bounds[1], high_inclusive=True))
        return filters

    def _listed(self, call: Call, filters: list[Filter], order: str) -> Reply:
        paging = self.paging(call)
        page = self.table.select(filters, order=order, offset=paging.offset, limit=paging.per_page)
        everything = self.table.select(filters, order=order, limit=len(self.table))
        rows = [self.view(record) for each in page.ids if (record := self.table.get(each))]
        meta = self.meta(paging, page.total)
        if not self.table:
            meta = {"page": 1, "pages": 0, "per_page": 0, "total": 0}
        return json_reply({self.plural: rows, "meta": {**meta, **self._totals(everything.ids)}})

    def _totals(self, ids: list[str]) -> dict[str, Any]:
        per_client: dict[Any, int] = defaultdict(int)
        per_member: dict[int, int] = defaultdict(int)
        unbilled = 0
        for each in ids:
            record = self.table.get(each) or {}
            seconds = record.get("duration") or 0
            per_client[record["client_id"]] += seconds
            per_member[record["identity_id"]] += seconds
            unbilled += 0 if record["billed"] or not record["billable"] else seconds
        return {
            "total_logged": sum(per_member.values()),
            "total_unbilled": unbilled,
            "total_logged_per_team_member": [
                {"identity_id": each, "total_logged": seconds} for each, seconds in per_member.items()
            ],
            "total_logged_per_client": [
                {"client_id": each, "total_logged": seconds} for each, seconds in per_client.items()
            ],
        }

    def get(self, call: Call) -> Reply:
        return self.answer(self.require(call, call.params["id"]))

    def post(self, call: Call) -> Reply:
        return self.created(call)

    def put(self, call: Call) -> Reply:
        self.update(call, self.require(call, call.params["id"]), self.body(call))
        return self.answer(self.require(call, call.params["id"]))

    def delete(self, call: Call) -> Reply:
        self.remove(call, self.require(call, call.params["id"]))
        return Reply(204)

    def create(self, change: Change, body: Record) -> str:
        values, errors = self.parse(body)
        for key in ("is_logged", "started_at"):
            if key not in body:
                errors[key] = "field required"
        if values.get("is_logged", True) and body.get("duration") is None:
            errors["__root__"] = "Logged entries must have a duration"
        refuse_fields(errors | self._unknown(values))
        record = {"identity_id": self.vendor.identity_id, **self.defaults, "duration": None, **values}
        record["created_at"] = iso_z(self.world.clock.now())
        self._localise(record)
        return self.add(change, record)

    def update(self, change: Change, record: Record, body: Record) -> None:
        values, errors = self.parse(body)
        if self.world.switches.on("freshbooks.time_entry_full_update"):
            errors = {key: "field required" for key in REQUIRED if key not in body} | errors
        refuse_fields(errors | self._unknown(values))
        record["started_at"] = moment_of(record["started_at"])
        record |= values
        self._localise(record)
        self.store(change, record)

    def remove(self, change: Change, record: Record) -> None:
        """Soft: `include_deleted=true` still shows it."""
        record["active"] = False
        self.store(change, record, op="delete")

    def _unknown(self, values: Record) -> dict[str, str]:
        tables = {
            "client_id": self.vendor.clients.table,
            "project_id": self.vendor.projects.table,
            "service_id": self.vendor.services.table,
        }
        return {
            key: "not found"
            for key, table in tables.items()
            if values.get(key) and str(values[key]) not in table
        }

    def _localise(self, record: Record) -> None:
        moment = record["started_at"]
        local = datetime.fromtimestamp(moment, UTC).astimezone(ZoneInfo(ZONE))
        record["started_at"] = iso_z(moment)
        record["local_started_at"] = local.strftime("%Y-%m-%dT%H:%M:%S")
        record["local_timezone"] = ZONE
