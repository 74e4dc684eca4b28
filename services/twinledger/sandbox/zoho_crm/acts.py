"""Sandbox, Zoho CRM: what a person does in the web page: no limits, actor = the owner."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..call import Act
from ..plugin import ActOperation
from .answers import ItemError, refuse
from .convert import Convert
from .module import Module
from .values import record_id
from .writer import Writer

if TYPE_CHECKING:
    from .vendor import ZohoCrm

__all__ = ["Acts"]

PATH = "$.data[0]"
CHILDREN = {"Accounts": "Account_Name", "Contacts": "Contact_Name"}
Operation = Callable[[Writer, str, dict[str, Any]], str]


class Acts:
    def __init__(self, crm: "ZohoCrm") -> None:
        self._crm = crm

    def of(self, module: Module) -> Mapping[str, ActOperation]:
        operations: dict[str, Operation] = {
            "create": lambda writer, _, fields: str(writer.insert(fields, PATH)["id"]),
            "update": lambda writer, each, fields: str(writer.update(each, fields, PATH)["id"]),
            "delete": lambda writer, each, fields: writer.delete(
                each, PATH, for_good=bool(fields.get("permanent"))
            ),
            "restore": lambda writer, each, _: self._restore(writer, each),
            "merge": self._merge,
        }
        acts = {name: self._act(module, operation) for name, operation in operations.items()}
        if module.api_name == "Leads":
            acts["convert"] = self._convert
        return acts

    def _act(self, module: Module, operation: Operation) -> ActOperation:
        def act(act: Act, target: str | None, fields: dict[str, Any]) -> str:
            writer = Writer(self._crm, act, module)
            try:
                changed = operation(writer, target or "", fields)
            except ItemError as fault:
                raise fault.flat() from fault
            writer.finish()
            return changed

        return act

    def _convert(self, act: Act, target: str | None, fields: dict[str, Any]) -> str:
        lead = self._crm.org.modules["Leads"].living(target or "")
        if lead is None:
            raise refuse("INVALID_DATA", "the record is deleted", {"id": target})
        try:
            details = Convert(self._crm).apply(act, lead, fields)
        except ItemError as fault:
            raise fault.flat() from fault
        del details
        return str(lead["id"])

    def _restore(self, writer: Writer, target: str) -> str:
        record = writer.module.table.get(target)
        if record is None or "_deleted" not in record or record["_deleted"]["for_good"]:
            raise ItemError("INVALID_DATA", "the record is not in the recycle bin", {"id": target})
        return str(writer.restore(record)["id"])

    def _merge(self, writer: Writer, target: str, fields: dict[str, Any]) -> str:
        """`fields`: `duplicates` = ids that go into this record; the rest are values it is to have."""
        given = fields.get("duplicates") or ([fields["other"]] if fields.get("other") else [])
        duplicates = [record_id(each) or "" for each in given]
        if not duplicates or target in duplicates:
            raise ItemError(
                "MANDATORY_NOT_FOUND", "duplicates names the records to merge", {"api_name": "duplicates"}
            )
        others = [writer.known(each, f"{PATH}.duplicates") for each in duplicates]
        kept = writer.known(target, f"{PATH}.id")
        values = {name: value for name, value in fields.items() if name not in ("duplicates", "other")}
        filled = {
            name: other[name]
            for other in reversed(others)
            for name in writer.module.fields
            if name in other and kept.get(name) is None
        }
        for other in others:
            self._move_children(writer, other["id"], target)
            writer.delete(other["id"], PATH)
        writer.change(kept, filled)
        return str(writer.update(target, values, PATH)["id"]) if values else target

    def _move_children(self, writer: Writer, old: str, new: str) -> None:
        link = CHILDREN.get(writer.module.api_name)
        if link is None:
            return
        for module in self._crm.org.modules.values():
            field = module.fields.get(link)
            if field is None or field.lookup != writer.module.api_name:
                continue
            for each in module.find(link, old):
                child = module.living(each)
                if child is not None:
                    writer.change(child, {link: new}, module)
