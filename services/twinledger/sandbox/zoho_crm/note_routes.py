"""Sandbox, Zoho CRM: the notes of one record: `/{module}/{id}/Notes`. `/Notes` is a module as others."""

from typing import TYPE_CHECKING, Any

from ..call import Call, Reply, json_reply
from ..indexes import Record
from .answers import ItemError, empty, item_reply, refuse
from .module import Module
from .paging import number_of
from .read_routes import wanted_fields
from .values import record_id
from .write_routes import given_records
from .writer import Writer

if TYPE_CHECKING:
    from .vendor import ZohoCrm

__all__ = ["NoteRoutes"]


class NoteRoutes:
    def __init__(self, crm: "ZohoCrm") -> None:
        self._crm = crm
        self._notes = crm.org.modules["Notes"]

    def _parent(self, call: Call) -> tuple[Module, Record]:
        module = self._crm.module(call)
        parent = module.living(record_id(call.params["id"]) or "")
        if parent is None:
            raise refuse("INVALID_DATA", "the id given seems to be invalid", {"resource_path_index": 1})
        return module, parent

    def listed(self, call: Call) -> Reply:
        _, parent = self._parent(call)
        page, size = number_of(call, "page", 1), number_of(call, "per_page", 200, 200)
        ids = self._notes.find("Parent_Id", parent["id"])[::-1]
        rows = [
            row for row in map(self._notes.living, ids[(page - 1) * size : page * size]) if row is not None
        ]
        if not rows:
            return empty()
        fields = wanted_fields(call)
        info = {"per_page": size, "count": len(rows), "page": page, "more_records": len(ids) > page * size}
        return json_reply({"data": [self._notes.show(row, fields) for row in rows], "info": info})

    def insert(self, call: Call) -> Reply:
        module, parent = self._parent(call)
        writer = Writer(self._crm, call, self._notes)
        rows: list[dict[str, Any] | ItemError] = []
        for number, given in enumerate(given_records(call)):
            link = {"Parent_Id": {"id": parent["id"], "module": {"api_name": module.api_name}}}
            try:
                record = writer.insert(
                    {**given, **link} if isinstance(given, dict) else given, f"$.data[{number}]"
                )
                details = self._crm.org.written(record)
                rows.append(
                    {"code": "SUCCESS", "details": details, "message": "record added", "status": "success"}
                )
            except ItemError as fault:
                rows.append(fault)
        writer.finish()
        return item_reply("data", rows, 201)
