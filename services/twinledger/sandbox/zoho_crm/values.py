"""Sandbox, Zoho CRM: one value of one field: type, length, format, and the trimming Zoho does.

Returns what is kept (lookups as ids, times as seconds), or raises the refusal.
"""

import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .answers import ItemError, invalid_data
from .fields import LENGTHS, Field
from .times import parse_date, parse_time

if TYPE_CHECKING:
    from .organization import Org

__all__ = ["clean_value", "record_id"]

_EMAIL = re.compile(r"^[^@\s,;<>()\"]+@[^@\s,;<>()\"]+\.[^@\s,;<>()\".]{2,}$")
_PHONE = re.compile(r"^\+?[\d\s().\-/x#*,;a-zA-Z]*$")
_DIGITS = re.compile(r"^-?[0-9]+$")


def clean_value(org: "Org", field: Field, value: Any, path: str) -> Any:
    if value is None:
        return None
    return _KINDS.get(field.data_type, _text)(org, field, value, path)


def record_id(value: Any) -> str | None:
    """Ids come as text or as JSON numbers (the official Python SDK sends numbers)."""
    if isinstance(value, bool):
        return None
    text = str(value).strip() if isinstance(value, str | int) else ""
    return text if text.isascii() and text.isdigit() and len(text) <= 19 else None


def _wrong(field: Field, path: str, expected: str) -> ItemError:
    return invalid_data(field.api_name, path, expected_data_type=expected)


def _sized(field: Field, text: str, path: str) -> str | None:
    longest = field.length or LENGTHS.get(field.data_type, 255)
    if len(text) > longest:
        raise invalid_data(field.api_name, path, maximum_length=longest)
    return text or None


def _text(org: "Org", field: Field, value: Any, path: str) -> Any:
    if not isinstance(value, str):
        raise _wrong(field, path, "text")
    return _sized(field, value.strip(), path)


def _email(org: "Org", field: Field, value: Any, path: str) -> Any:
    text = _text(org, field, value, path)
    if text is not None and not _EMAIL.match(text):
        raise _wrong(field, path, "email")
    return text


def _phone(org: "Org", field: Field, value: Any, path: str) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise _wrong(field, path, "phone")
    text = value.strip()
    if text and (not _PHONE.match(text) or not any(each.isdigit() for each in text)):
        raise _wrong(field, path, "phone")
    return _sized(field, text, path)


def _website(org: "Org", field: Field, value: Any, path: str) -> Any:
    text = _text(org, field, value, path)
    if text is not None and (" " in text or "." not in text):
        raise _wrong(field, path, "website")
    return text


def _integer(org: "Org", field: Field, value: Any, path: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(field, path, "integer")
    longest = field.length or LENGTHS["integer"]
    if len(str(abs(value))) > longest:
        raise invalid_data(field.api_name, path, maximum_length=longest)
    return value


def _bigint(org: "Org", field: Field, value: Any, path: str) -> Any:
    if isinstance(value, bool) or not (
        isinstance(value, int) or (isinstance(value, str) and _DIGITS.match(value))
    ):
        raise _wrong(field, path, "bigint")
    if len(str(value).lstrip("-")) > LENGTHS["bigint"]:
        raise invalid_data(field.api_name, path, maximum_length=LENGTHS["bigint"])
    return int(value)


def _number(org: "Org", field: Field, value: Any, path: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _wrong(field, path, "double")
    if len(str(abs(int(value)))) > (field.length or LENGTHS[field.data_type]):
        raise invalid_data(field.api_name, path, maximum_length=field.length or LENGTHS[field.data_type])
    return round(value, field.places)


def _boolean(org: "Org", field: Field, value: Any, path: str) -> Any:
    if not isinstance(value, bool):
        raise _wrong(field, path, "boolean")
    return value


def _picklist(org: "Org", field: Field, value: Any, path: str) -> Any:
    text = _text(org, field, value, path)
    return None if text == "-None-" else text


def _multi_picklist(org: "Org", field: Field, value: Any, path: str) -> Any:
    if not isinstance(value, list) or any(not isinstance(each, str) for each in value):
        raise _wrong(field, path, "jsonarray")
    return list(dict.fromkeys(value)) or None


def _date(org: "Org", field: Field, value: Any, path: str) -> Any:
    if value == "":
        return None
    day = parse_date(value)
    if day is None:
        raise _wrong(field, path, "date")
    return day


def _time(org: "Org", field: Field, value: Any, path: str) -> Any:
    if value == "":
        return None
    moment = parse_time(value, org.facts.time_zone)
    if moment is None:
        raise _wrong(field, path, "datetime")
    return moment


def _owner(org: "Org", field: Field, value: Any, path: str) -> Any:
    given = record_id(value.get("id") if isinstance(value, dict) else value)
    if given is None or given not in org.users:
        raise invalid_data(field.api_name, path, "the id given seems to be invalid")
    return given


def _lookup(org: "Org", field: Field, value: Any, path: str) -> Any:
    if isinstance(value, dict):
        if "id" not in value:
            raise ItemError(
                "MANDATORY_NOT_FOUND",
                "required field not found",
                {"api_name": "id", "json_path": f"{path}.id"},
            )
        value, path = value["id"], f"{path}.id"
        if value is None:
            return None
    elif not org.switch("bare_id_lookup"):
        raise _wrong(field, path, "jsonobject")
    target = record_id(value)
    module = org.modules.get(field.lookup or "")
    if target is None or (module is not None and module.living(target) is None):
        raise invalid_data(field.api_name, path, "the id given seems to be invalid")
    if module is None and org.module_of(target) is None:
        raise invalid_data(field.api_name, path, "the id given seems to be invalid")
    return target


_KINDS: dict[str, Callable[["Org", Field, Any, str], Any]] = {
    "email": _email,
    "phone": _phone,
    "website": _website,
    "integer": _integer,
    "bigint": _bigint,
    "currency": _number,
    "double": _number,
    "percent": _number,
    "boolean": _boolean,
    "picklist": _picklist,
    "multiselectpicklist": _multi_picklist,
    "date": _date,
    "datetime": _time,
    "ownerlookup": _owner,
    "lookup": _lookup,
}
