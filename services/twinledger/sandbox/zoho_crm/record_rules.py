"""Sandbox, Zoho CRM: what a record given by a client must be, in the order of sheet section 5.2.

read-only and unknown keys -> type and length -> mandatory -> pick list and pipeline. Unique values come
later, at the table.
"""

from collections.abc import Iterable
from typing import Any

from ..indexes import Record
from .answers import ItemError, invalid_data
from .field_tables import PIPELINE, STAGES
from .fields import Field
from .module import Module
from .values import clean_value

__all__ = ["clean_record", "derive", "several"]

PASSED_OVER = {"id", "Tag", "Layout", "Record_Image"}
REAL_PICKLISTS = {"Stage", "Pipeline"}


def clean_record(module: Module, given: Any, path: str, before: Record | None) -> Record:
    """The values to keep; `before` is None for a new record."""
    if not isinstance(given, dict):
        raise invalid_data("data", path, expected_data_type="jsonobject")
    values: Record = {}
    faults: list[ItemError] = []
    for name, value in given.items():
        try:
            _take(module, values, name, value, f"{path}.{name}")
        except ItemError as fault:
            faults.append(fault)
    _raise(module, faults)
    _append_choices(given, values, before)
    _raise(module, list(_missing(module, given, values, path, before)))
    _raise(module, list(_outside_lists(module, values, path, before)))
    if isinstance(given.get("Tag"), list):
        values["Tag"] = [_tag(each) for each in given["Tag"] if isinstance(each, dict)]
    if "Parent_Id" in values and module.api_name == "Notes":
        _own_parent(module, given, values, path)
    return values


def several(faults: list[ItemError]) -> ItemError:
    return ItemError(
        "MULTIPLE_OR_MULTI_ERRORS", "multiple errors", {"errors": [fault.row() for fault in faults]}
    )


def _raise(module: Module, faults: list[ItemError]) -> None:
    if not faults:
        return
    if len(faults) > 1 and module.org.switch("collect_errors"):
        raise several(faults)
    raise faults[0]


def _take(module: Module, values: Record, name: str, value: Any, path: str) -> None:
    if name.startswith("$") or name in PASSED_OVER:
        return
    field = module.fields.get(name)
    if field is None:
        if module.org.switch("unknown_field") == "reject":
            raise invalid_data(name, path, "the field api name given seems to be invalid")
        return
    if field.read_only:
        if module.org.switch("read_only_field") == "reject":
            raise invalid_data(name, path, "the field is read only")
        return
    values[name] = clean_value(module.org, field, value, path)


def _append_choices(given: dict[str, Any], values: Record, before: Record | None) -> None:
    """`$append_values` adds to a multi-select list in place of replacing it."""
    appended = given.get("$append_values")
    if not isinstance(appended, dict) or before is None:
        return
    for name, wanted in appended.items():
        if wanted is True and isinstance(values.get(name), list):
            values[name] = list(dict.fromkeys([*(before.get(name) or []), *values[name]]))


def _missing(
    module: Module, given: dict[str, Any], values: Record, path: str, before: Record | None
) -> Iterable[ItemError]:
    by_layout = isinstance(given.get("Layout"), dict)
    for field in module.fields.values():
        if not _mandatory(module, field, by_layout=by_layout):
            continue
        absent = field.api_name not in values
        if (absent and before is None) or (not absent and values[field.api_name] is None):
            details = {"api_name": field.api_name, "json_path": f"{path}.{field.api_name}"}
            yield ItemError("MANDATORY_NOT_FOUND", "required field not found", details)


def _mandatory(module: Module, field: Field, *, by_layout: bool) -> bool:
    if field.mandatory:
        return True
    if not field.layout_mandatory:
        return False
    always = {"Company": "company_mandatory", "Closing_Date": "closing_date_mandatory"}.get(field.api_name)
    return by_layout or (always is not None and bool(module.org.switch(always)))


def _outside_lists(module: Module, values: Record, path: str, before: Record | None) -> Iterable[ItemError]:
    strict = module.org.switch("unknown_picklist") == "reject"
    for name, value in values.items():
        field = module.fields[name]
        if value is None or not field.choices:
            continue
        given = value if isinstance(value, list) else [value]
        if all(each in field.choices for each in given):
            continue
        if module.api_name == "Deals" and name == "Stage":
            details = {"mapped_field": "Pipeline", "api_name": name, "json_path": f"{path}.{name}"}
            yield ItemError("MAPPING_MISMATCH", "the given value is not mapped to the pipeline", details)
        elif strict or name in REAL_PICKLISTS:
            yield invalid_data(name, f"{path}.{name}", supported_values=list(field.choices))


def _tag(tag: dict[str, Any]) -> dict[str, Any]:
    return {"name": str(tag.get("name", "")), "id": str(tag.get("id", "")), "color_code": None}


def _own_parent(module: Module, given: dict[str, Any], values: Record, path: str) -> None:
    parent = given["Parent_Id"]
    wanted = parent.get("module") if isinstance(parent, dict) else None
    name = wanted.get("api_name") if isinstance(wanted, dict) else wanted
    found = module.org.module_of(values["Parent_Id"])
    if name is not None and (found is None or found.api_name != name):
        raise invalid_data("Parent_Id", f"{path}.Parent_Id", "the id given seems to be invalid")


def derive(module: Module, record: Record, changed: Iterable[str]) -> None:
    """What follows from other fields: a deal's probability and expected revenue."""
    if module.api_name != "Deals":
        return
    names = set(changed)
    if "Stage" in names and "Probability" not in names:
        record["Probability"] = STAGES[record["Stage"]][0]
    record.setdefault("Pipeline", PIPELINE)
    amount, probability = record.get("Amount"), record.get("Probability")
    if amount is not None and probability is not None:
        record["Expected_Revenue"] = round(amount * probability / 100, 2)
    else:
        record.pop("Expected_Revenue", None)
