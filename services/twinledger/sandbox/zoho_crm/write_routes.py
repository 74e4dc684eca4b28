"""Sandbox, Zoho CRM: insert, update, upsert, delete. Up to 100 records a call, one result each, in order."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..call import Call, Reply
from ..indexes import Record
from .answers import ItemError, invalid_data, item_reply, refuse
from .module import Module
from .times import parse_time
from .upsert import Upsert
from .writer import Writer

if TYPE_CHECKING:
    from .vendor import ZohoCrm

__all__ = ["WriteRoutes", "given_records"]

MOST_RECORDS = 100
TRIGGERS = {"workflow", "approval", "blueprint", "pathfinder", "orchestration"}
Write = Callable[[Writer, Any, str], dict[str, Any]]


class WriteRoutes:
    def __init__(self, crm: "ZohoCrm") -> None:
        self._crm = crm
        self._org = crm.org

    def insert(self, call: Call) -> Reply:
        def write(writer: Writer, given: Any, path: str) -> dict[str, Any]:
            return self._result(writer.insert(given, path), "record added")

        return self._each(call, self._crm.module(call), write, 201)

    def update_many(self, call: Call) -> Reply:
        since = self._unmodified_since(call)

        def write(writer: Writer, given: Any, path: str) -> dict[str, Any]:
            target = given.get("id") if isinstance(given, dict) else None
            if target is None:
                details = {"api_name": "id", "json_path": f"{path}.id"}
                raise ItemError("MANDATORY_NOT_FOUND", "required field not found", details)
            return self._result(writer.update(target, given, path, since), "record updated")

        return self._each(call, self._crm.module(call), write, 200)

    def update_one(self, call: Call) -> Reply:
        since = self._unmodified_since(call)
        module = self._crm.module(call)
        target = self._crm.addressed(call, module, call.params["id"])

        def write(writer: Writer, given: Any, path: str) -> dict[str, Any]:
            return self._result(writer.update(target, given, path, since), "record updated")

        return self._each(call, module, write, 200, most=1)

    def upsert(self, call: Call) -> Reply:
        module = self._crm.module(call)
        body = given_body(call)
        rules = Upsert(module, body.get("duplicate_check_fields"), self._unmodified_since(call))

        def write(writer: Writer, given: Any, path: str) -> dict[str, Any]:
            record, action, matched = rules.apply(writer, given, path)
            message = "record added" if action == "insert" else "record updated"
            shown = self._org.switch("upsert_insert_duplicate_field") == "name"
            field = matched if action == "update" or shown else None
            result = self._result(record, message, approval=bool(self._org.switch("upsert_approval_state")))
            return {**result, "action": action, "duplicate_field": field}

        return self._each(call, module, write, 200)

    def delete_many(self, call: Call) -> Reply:
        ids = [each for each in (call.arg("ids") or "").split(",") if each]
        if not ids:
            raise refuse(
                "REQUIRED_PARAM_MISSING", "One of the expected parameter is missing", {"param_name": "ids"}
            )
        if len(ids) > MOST_RECORDS:
            raise refuse("LIMIT_EXCEEDED", "limit exceeded", {"limit": MOST_RECORDS, "param_name": "ids"})
        return self._delete(call, ids)

    def delete_one(self, call: Call) -> Reply:
        return self._delete(call, [self._crm.addressed(call, self._crm.module(call), call.params["id"])])

    def _delete(self, call: Call, ids: list[str]) -> Reply:
        silent = call.arg("wf_trigger") == "false" and bool(self._org.switch("trigger_empty_silences"))
        writer = Writer(self._crm, call, self._crm.module(call), silent=silent)
        rows: list[dict[str, Any] | ItemError] = []
        for number, each in enumerate(ids):
            try:
                deleted = writer.delete(each, f"$.data[{number}].id")
                rows.append(_success({"id": deleted}, "record deleted"))
            except ItemError as fault:
                rows.append(fault)
        writer.finish()
        return item_reply("data", rows)

    def _each(
        self, call: Call, module: Module, write: Write, ok_status: int, most: int = MOST_RECORDS
    ) -> Reply:
        records = given_records(call, most)
        trigger = _trigger(given_body(call))
        silent = trigger == [] and bool(self._org.switch("trigger_empty_silences"))
        writer = Writer(self._crm, call, module, silent=silent)
        rows: list[dict[str, Any] | ItemError] = []
        for number, given in enumerate(records):
            try:
                rows.append(write(writer, given, f"$.data[{number}]"))
            except ItemError as fault:
                rows.append(fault)
        writer.finish()
        return item_reply("data", rows, ok_status)

    def _result(self, record: Record, message: str, *, approval: bool = True) -> dict[str, Any]:
        details = self._org.written(record)
        return _success({**details, "$approval_state": "approved"} if approval else details, message)

    def _unmodified_since(self, call: Call) -> int | None:
        text = call.headers.get("if-unmodified-since")
        if text is None:
            return None
        moment = parse_time(text, self._org.facts.time_zone)
        if moment is None:
            details = {"header": "If-Unmodified-Since", "expected_data_type": "datetime"}
            raise refuse("INVALID_DATA", "invalid data", details)
        return moment


def given_body(call: Call) -> dict[str, Any]:
    body = call.json()
    if not isinstance(body, dict):
        raise refuse("INVALID_DATA", "invalid data", {"expected_data_type": "jsonobject"})
    return body


def given_records(call: Call, most: int = MOST_RECORDS, key: str = "data") -> list[Any]:
    records = given_body(call).get(key)
    if records is None:
        details = {"api_name": key, "json_path": f"$.{key}"}
        raise refuse("MANDATORY_NOT_FOUND", "required field not found", details)
    if not isinstance(records, list) or not records:
        raise invalid_data(key, f"$.{key}", expected_data_type="jsonarray").flat()
    if len(records) > most:
        raise refuse("LIMIT_EXCEEDED", "limit exceeded", {"maximum_length": most, "api_name": key})
    return records


def _trigger(body: dict[str, Any]) -> list[str] | None:
    trigger = body.get("trigger")
    if trigger is None:
        return None
    if not isinstance(trigger, list) or any(each not in TRIGGERS for each in trigger):
        raise invalid_data("trigger", "$.trigger", supported_values=sorted(TRIGGERS)).flat()
    return trigger


def _success(details: dict[str, Any], message: str) -> dict[str, Any]:
    return {"code": "SUCCESS", "details": details, "message": message, "status": "success"}
