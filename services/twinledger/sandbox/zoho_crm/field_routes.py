"""Sandbox, Zoho CRM: `settings/fields`: the metadata clients build on, and custom fields."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..call import Call, Reply, json_reply
from .answers import ItemError, invalid_data, item_reply, refuse
from .fields import JSON_TYPES, LENGTHS, Field
from .module import Module
from .write_routes import given_records

if TYPE_CHECKING:
    from .vendor import ZohoCrm

__all__ = ["FieldRoutes"]

UNIQUE_TYPES = {"text", "email", "phone", "integer", "bigint", "double"}
MADE_TYPES = set(JSON_TYPES) - {"ownerlookup", "profileimage", "formula", "autonumber"}


class FieldRoutes:
    def __init__(self, crm: "ZohoCrm") -> None:
        self._crm = crm
        self._org = crm.org

    def _module(self, call: Call) -> Module:
        name = call.arg("module")
        if not name:
            message = "One of the expected parameter is missing"
            raise refuse("REQUIRED_PARAM_MISSING", message, {"param_name": "module"})
        module = next((each for key, each in self._org.modules.items() if key.lower() == name.lower()), None)
        if module is None:
            raise refuse(
                "INVALID_MODULE", "the module name given seems to be invalid", {"param_name": "module"}
            )
        return module

    def listed(self, call: Call) -> Reply:
        module = self._module(call)
        if call.arg("type") == "unused":
            return Reply(204)
        return json_reply({"fields": [self._described(field) for field in module.fields.values()]})

    def get(self, call: Call) -> Reply:
        module = self._module(call)
        return json_reply({"fields": [self._described(self._field(module, call.params["id"]))]})

    def _described(self, field: Field) -> dict[str, Any]:
        row = field.described()
        target = self._org.modules.get(field.lookup or "")
        if target is not None:
            row["lookup"]["module"]["id"] = target.id
        return row

    def _field(self, module: Module, field_id: str) -> Field:
        found = next((each for each in module.fields.values() if each.id == field_id), None)
        if found is None:
            raise refuse("INVALID_DATA", "the id given seems to be invalid", {"resource_path_index": 2})
        return found

    def create(self, call: Call) -> Reply:
        module = self._module(call)
        most = int(self._org.switch("custom_fields_per_call"))
        rows: list[dict[str, Any] | ItemError] = []
        for number, given in enumerate(given_records(call, most, "fields")):
            try:
                field = self._made(module, given, f"$.fields[{number}]")
                module.add_field(field)
                rows.append(_success(field, "field created successfully"))
            except ItemError as fault:
                rows.append(fault)
        return item_reply("fields", rows, 201)

    def _made(self, module: Module, given: Any, path: str) -> Field:
        if not isinstance(given, dict):
            raise invalid_data("fields", path, expected_data_type="jsonobject")
        for name in ("field_label", "data_type"):
            if not given.get(name):
                details = {"api_name": name, "json_path": f"{path}.{name}"}
                raise ItemError("MANDATORY_NOT_FOUND", "required field not found", details)
        label, kind = str(given["field_label"]).strip(), given["data_type"]
        if kind not in MADE_TYPES:
            raise invalid_data("data_type", f"{path}.data_type", supported_values=sorted(MADE_TYPES))
        api_name = re.sub(r"\W+", "_", label, flags=re.ASCII).strip("_")
        if not api_name or any(
            each.label == label or each.api_name == api_name for each in module.fields.values()
        ):
            details = {"api_name": "field_label", "json_path": f"{path}.field_label"}
            raise ItemError("DUPLICATE_DATA", "duplicate data", details)
        unique = given.get("unique")
        if isinstance(unique, dict) and kind not in UNIQUE_TYPES:
            raise invalid_data("unique", f"{path}.unique", supported_values=sorted(UNIQUE_TYPES))
        return Field(
            api_name,
            label,
            kind,
            _length(given, kind, path),
            custom=True,
            unique=isinstance(unique, dict),
            case_sensitive=isinstance(unique, dict) and bool(unique.get("case_sensitive")),
            external=_external(given, path),
            choices=_choices(given),
            lookup=_target(given, module, path) if kind == "lookup" else None,
            id=self._org.next_field_id(),
        )

    def patch(self, call: Call) -> Reply:
        module = self._module(call)
        field = self._custom(module, call.params["id"])
        given = given_records(call, 1, "fields")[0]
        if not isinstance(given, dict):
            raise refuse("INVALID_DATA", "invalid data", {"expected_data_type": "jsonobject"})
        changed = replace(
            field,
            label=str(given.get("field_label", field.label)),
            length=int(given.get("length") or field.length),
            unique=isinstance(given["unique"], dict) if "unique" in given else field.unique,
        )
        module.add_field(changed)
        return item_reply("fields", [_success(changed, "field updated successfully")])

    def remove(self, call: Call) -> Reply:
        module = self._module(call)
        field = self._custom(module, call.params["id"])
        del module.fields[field.api_name]
        return item_reply("fields", [_success(field, "field deleted successfully")])

    def _custom(self, module: Module, field_id: str) -> Field:
        field = self._field(module, field_id)
        if not field.custom:
            status = int(self._org.switch("not_allowed_status"))
            raise refuse("NOT_ALLOWED", "the field cannot be changed", {"api_name": field.api_name}, status)
        return field


def _length(given: dict[str, Any], kind: str, path: str) -> int:
    most = {"text": 255, "textarea": 50_000}.get(kind, LENGTHS.get(kind, 255))
    length = given.get("length", LENGTHS.get(kind, 255))
    if isinstance(length, bool) or not isinstance(length, int) or not 1 <= length <= most:
        raise invalid_data("length", f"{path}.length", maximum_length=most)
    return length


def _external(given: dict[str, Any], path: str) -> str | None:
    external = given.get("external")
    if not isinstance(external, dict):
        return None
    if external.get("type") not in ("org", "user"):
        raise invalid_data("external", f"{path}.external.type", supported_values=["org", "user"])
    return str(external["type"])


def _choices(given: dict[str, Any]) -> tuple[str, ...]:
    rows = given.get("pick_list_values") or []
    return tuple(
        str(row.get("actual_value") or row.get("display_value")) for row in rows if isinstance(row, dict)
    )


def _target(given: dict[str, Any], module: Module, path: str) -> str:
    lookup = given.get("lookup")
    target = lookup.get("module") if isinstance(lookup, dict) else None
    name = target.get("api_name") if isinstance(target, dict) else target
    if name not in module.org.modules:
        raise invalid_data("lookup", f"{path}.lookup", "the module name given seems to be invalid")
    return str(name)


def _success(field: Field, message: str) -> dict[str, Any]:
    return {"code": "SUCCESS", "details": {"id": field.id}, "message": message, "status": "success"}
