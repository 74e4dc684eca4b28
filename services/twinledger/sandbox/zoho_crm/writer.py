"""Sandbox, Zoho CRM: applies writes to a module's table: new, changed, deleted, restored records.

One writer per call (or act). It remembers what it did, so that `finish` tells each channel once.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..call import Change
from ..indexes import Record
from ..plugin import ObjectKind
from .answers import ItemError, invalid_data
from .module import Module
from .record_rules import clean_record, derive, several
from .values import record_id

if TYPE_CHECKING:
    from .vendor import ZohoCrm

__all__ = ["Done", "Writer"]

LOCKED_WHEN_CONVERTED = "can't update the converted record"


@dataclass(slots=True)
class Done:
    """One applied change; `changed` are the fields a notification names."""

    module: Module
    op: str  # insert | update | delete
    id: str
    record: Record
    changed: list[str] = field(default_factory=list)


class Writer:
    def __init__(self, crm: "ZohoCrm", change: Change, module: Module, *, silent: bool = False) -> None:
        self.crm = crm
        self.org = crm.org
        self.module = module
        self.actor = crm.org.actor(change.actor)
        self._change = change
        self._silent = silent
        self._done: list[Done] = []

    def insert(self, given: Any, path: str) -> Record:
        values = clean_record(self.module, given, path, None)
        self.check_unique(values, path, None)
        return self.add(values)

    def add(self, values: Record, module: Module | None = None) -> Record:
        """A record whose values are known to be good."""
        module, now = module or self.module, self.org.now()
        record = {name: value for name, value in values.items() if value is not None}
        record = {"id": self.org.next_id(), "Owner": self.actor, **record}
        record |= {
            "Created_By": self.actor,
            "Modified_By": self.actor,
            "Created_Time": now,
            "Modified_Time": now,
        }
        derive(module, record, values)
        self._change.create(self._kind(module), record, quiet=True)
        self._done.append(Done(module, "insert", record["id"], record))
        return record

    def update(self, target: Any, given: Any, path: str, unmodified_since: int | None = None) -> Record:
        """Order of the checks: id, lock, converted, then the values."""
        before = self.known(target, f"{path}.id")
        if unmodified_since is not None and before["Modified_Time"] > unmodified_since:
            message = "record updated time has already passed if-unmodified-since time"
            raise ItemError("ALREADY_MODIFIED", message, self.org.written(before), 412)
        if before.get("Converted__s"):
            details = {"api_name": "id", "json_path": f"{path}.id"}
            raise ItemError("CONVERTED_RECORD", LOCKED_WHEN_CONVERTED, details)
        values = clean_record(self.module, given, path, before)
        self.check_unique(values, path, before["id"])
        return self.change(before, values)

    def change(self, before: Record, values: Record, module: Module | None = None) -> Record:
        module = module or self.module
        after = {**before, **values, "Modified_By": self.actor, "Modified_Time": self.org.now()}
        derive(module, after, values)
        after = {name: value for name, value in after.items() if value is not None}
        changed = [
            name for name in module.fields if before.get(name) != after.get(name) and name not in STAMPS
        ]
        self._change.update(self._kind(module), after, quiet=True)
        self._done.append(Done(module, "update", after["id"], after, changed))
        return after

    def delete(self, target: Any, path: str, *, for_good: bool = False) -> str:
        given = record_id(target)
        before = self.module.living(given) if given is not None else None
        if before is None:
            raise ItemError("INVALID_DATA", "record not deleted", {"id": str(target)})
        mark = {"at": self.org.now(), "by": self.actor, "for_good": for_good}
        after = {**before, "_deleted": mark, "Modified_By": self.actor}
        self._change.update(self._kind(self.module), after, op="delete", quiet=True)
        self._done.append(Done(self.module, "delete", before["id"], after))
        return str(before["id"])

    def restore(self, before: Record) -> Record:
        """Out of the recycle bin; to a listener it is a new record."""
        after = {name: value for name, value in before.items() if name != "_deleted"}
        after |= {"Modified_By": self.actor, "Modified_Time": self.org.now()}
        self._change.update(self._kind(self.module), after, op="restore", quiet=True)
        self._done.append(Done(self.module, "insert", after["id"], after))
        return after

    def known(self, target: Any, path: str) -> Record:
        given = record_id(target)
        record = self.module.living(given) if given is not None else None
        if record is None:
            raise invalid_data("id", path, "the id given seems to be invalid")
        return record

    def check_unique(self, values: Record, path: str, own_id: str | None, skip: str | None = None) -> None:
        clashes = []
        for each in self.module.unique_fields:
            value = values.get(each.api_name)
            if value is None or each.api_name == skip:
                continue
            others = [
                other
                for other in self.matches(each.api_name, value, case_sensitive=each.case_sensitive)
                if other != own_id
            ]
            if others:
                clashes.append(self._duplicate(each.api_name, path, others))
        if clashes:
            raise clashes[0] if len(clashes) == 1 else several(clashes)

    def matches(self, api_name: str, value: Any, *, case_sensitive: bool = False) -> list[str]:
        found = self.module.find(api_name, value)
        if not case_sensitive:
            return found
        return [each for each in found if (self.module.table.get(each) or {}).get(api_name) == value]

    def _duplicate(self, api_name: str, path: str, others: list[str]) -> ItemError:
        record = self.module.table.get(others[0]) or {}
        owner = record.get("Owner", self.org.owner_id)
        user = self.org.users[owner]
        details = {
            "api_name": api_name,
            "json_path": f"{path}.{api_name}",
            "duplicate_record": {
                "id": others[0],
                "Owner": {"name": user.full_name, "id": owner, "zuid": user.zuid},
                "module": {"api_name": self.module.api_name, "id": self.module.id},
            },
            "id": others[0],
            "more_records": len(others) > 1,
        }
        return ItemError("DUPLICATE_DATA", "duplicate data", details)

    def _kind(self, module: Module) -> ObjectKind:
        return self.crm.kind_of(module)

    def finish(self) -> None:
        """Notifications of all that was done, one per channel, module and operation."""
        if self._done and not self._silent:
            self.crm.notifications.tell(self._done)
        self._done = []


STAMPS = {"Modified_By", "Modified_Time", "Created_By", "Created_Time"}
