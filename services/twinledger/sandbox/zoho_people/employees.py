"""Sandbox, Zoho People: the records of the employee form and their changes (5.1)."""

from typing import Any
from zoneinfo import ZoneInfo

from ..call import Act, Change, Refused, json_reply
from ..indexes import Keyed, Ordered
from ..plugin import ObjectKind
from ..world import World
from ..zoho_accounts.sites import ORGANIZATIONS
from .form import FIELDS, FORM_NAMES, FormError, checked, shown

__all__ = ["Employees"]

FIRST_ID = {"us": 4_150_868_900_000_311_001, "eu": 7_231_094_900_000_311_001}
LOOKUPS = {
    "department": ("Management", "Finance", "Studio", "Sales"),
    "designation": ("Director", "Accountant", "Designer", "Assistant"),
    "role": ("Admin", "Manager", "Team member"),
}
Record = dict[str, Any]


class Employees:
    def __init__(self, world: World, site: str) -> None:
        self._world, self._site = world, site
        zone = ZoneInfo(ORGANIZATIONS[site].time_zone)
        self.table = world.table(
            f"zoho.{site}.people.employee",
            [
                Ordered("id", lambda record: int(record["record_id"])),
                Ordered("modified", lambda record: record["modified_at"]),
                Keyed("employee_id", lambda record: [record["EmployeeID"].casefold()]),
                Keyed("email", lambda record: [record["EmailID"].casefold()]),
            ],
            id_of=lambda record: record["record_id"],
            order="id",
        )
        base = FIRST_ID[site] - 61_000
        names = [(form, name) for form, words in LOOKUPS.items() for name in words]
        self.lookups = {str(base + 7 * number): pair for number, pair in enumerate(names)}
        acts = {
            "create": lambda act, _, fields: self._person(self.insert, act, fields),
            "update": lambda act, each, fields: self._person(self.update, act, str(each), fields),
            "delete": self._delete,
            "archive": lambda act, each, _: self._status(act, str(each), "Terminated"),
            "restore": lambda act, each, _: self._status(act, str(each), "Active"),
        }
        self.kind = ObjectKind("employee", self.table, lambda record: shown(record, zone), acts=acts)

    def form(self, name: str) -> None:
        if name.casefold() not in FORM_NAMES:
            raise FormError(7011, f"Form name '{name}' is invalid")

    def need(self, record_id: str) -> Record:
        found = self.table.get(record_id)
        if found is None:
            raise FormError(7049, "No record found for the given record id")
        return found

    def insert(self, change: Change, fields: Record) -> str:
        return change.create(self.kind, self.built(fields, change.actor))

    def built(self, fields: Record, actor: str) -> Record:
        record = self._blank(actor)
        self._put(record, fields)
        for field in FIELDS.values():
            if field.mandatory and not record[field.name]:
                code = int(self._world.switches.get("zoho_people.missing_code"))
                raise FormError(code, f"Mandatory field {field.name} is missing or invalid")
        return record

    def update(self, change: Change, record_id: str, fields: Record) -> str:
        record = self.need(record_id)
        self._put(record, fields)
        if any(field.mandatory and not record[field.name] for field in FIELDS.values()):
            raise FormError(
                int(self._world.switches.get("zoho_people.missing_code")), "Mandatory value is missing"
            )
        record["modified_at"], record["modified_by"] = self._world.clock.now(), change.actor
        change.update(self.kind, record)
        return record_id

    def _blank(self, actor: str) -> Record:
        now = self._world.clock.now()
        return {
            "record_id": str(
                self._world.counters.next(f"zoho.{self._site}.people.id", FIRST_ID[self._site], 2)
            ),
            "created_at": now,
            "modified_at": now,
            "added_by": actor,
            "modified_by": actor,
            **dict.fromkeys(FIELDS, ""),
            "Employeestatus": "Active",
        }

    def _put(self, record: Record, fields: Record) -> None:
        for name, value in fields.items():
            if name not in FIELDS:
                code = int(self._world.switches.get("zoho_people.unknown_field_code"))
                raise FormError(code, f"Invalid field name: {name}")
            record |= checked(FIELDS[name], value, self._lookup)
        for name, index in (("EmployeeID", "employee_id"), ("EmailID", "email")):
            taken = self.table.find(index, record[name].casefold()) if record[name] else []
            if any(each != record["record_id"] for each in taken):
                raise FormError(7051, f"Value already exists: {name}")

    def _lookup(self, form: str, record_id: str) -> str | None:
        if form == "employee":
            found = self.table.get(record_id)
            return f"{found['FirstName']} {found['LastName']}" if found else None
        pair = self.lookups.get(record_id)
        return pair[1] if pair is not None and pair[0] == form else None

    def lookup_id(self, form: str, name: str) -> str:
        return next(each for each, pair in self.lookups.items() if pair == (form, name))

    def _person(self, do: Any, *arguments: Any) -> str:
        """An act refused is told with the same words."""
        try:
            return str(do(*arguments))
        except FormError as exc:
            raise Refused(json_reply({"code": exc.code, "message": str(exc)}, 400), str(exc)) from exc

    def _status(self, act: Act, record_id: str, status: str) -> str:
        return self._person(self.update, act, record_id, {"Employeestatus": status})

    def _delete(self, act: Act, record_id: str | None, fields: Record) -> str:
        act.delete(self.kind, str(record_id))
        return str(record_id)
