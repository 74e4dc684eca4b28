"""Sandbox, Zoho finance: what a field of a request may hold; unknown fields are ignored (sheet 9)."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from ..call import BadJson, Call
from .answers import invalid

__all__ = [
    "LARGEST",
    "Checker",
    "Shape",
    "anything",
    "day",
    "flag",
    "ident",
    "mapping",
    "number",
    "one_of",
    "read_body",
    "rows",
    "shaped",
    "text",
    "whole",
]

Checker = Callable[[str, Any], Any]
Shape = Mapping[str, Checker]
LARGEST = Decimal("1e15")


def text(limit: int | None = None) -> Checker:
    def check(name: str, value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, bool | list | dict):
            raise invalid(name)
        plain = str(value)
        if limit is not None and len(plain) > limit:
            raise invalid(name)
        return plain

    return check


def number(name: str, value: Any) -> float:
    if isinstance(value, bool) or value is None or isinstance(value, list | dict):
        raise invalid(name)
    try:
        exact = Decimal(str(value))
    except InvalidOperation:
        raise invalid(name) from None
    if not exact.is_finite() or abs(exact) > LARGEST:
        raise invalid(name)
    return float(exact)


def whole(name: str, value: Any) -> int:
    exact = number(name, value)
    if exact != int(exact):
        raise invalid(name)
    return int(exact)


def flag(name: str, value: Any) -> bool:
    if value in (True, False, "true", "false"):
        return value in (True, "true")
    raise invalid(name)


def day(name: str, value: Any) -> str:
    if value in (None, ""):
        return ""
    try:
        return date.fromisoformat(str(value)).isoformat() if len(str(value)) == 10 else _no_day(name)
    except ValueError:
        raise invalid(name) from None


def _no_day(name: str) -> str:
    raise invalid(name)


def ident(name: str, value: Any) -> str:
    """Ids are strings of digits; a number is taken too."""
    if value in (None, ""):
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).isdigit():
        raise invalid(name)
    return str(value)


def one_of(*words: str) -> Checker:
    def check(name: str, value: Any) -> str:
        if value not in words:
            raise invalid(name)
        return str(value)

    return check


def rows(name: str, value: Any) -> list[dict[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise invalid(name)
    return value


def mapping(name: str, value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise invalid(name)
    return value


def anything(name: str, value: Any) -> Any:
    return value


def shaped(shape: Shape, fields: Mapping[str, Any], required: Iterable[str] = ()) -> dict[str, Any]:
    """The known fields of a request, checked."""
    for name in required:
        if fields.get(name) in (None, "", []):
            raise invalid(name)
    return {name: shape[name](name, value) for name, value in fields.items() if name in shape}


def read_body(call: Call) -> dict[str, Any]:
    """JSON, or the form field `JSONString`; a plain form is code 1038 (sheet 1.3)."""
    kind = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return _from_form(call)
    if not call.body.strip():
        return {}
    return _object(call.json())


def _from_form(call: Call) -> dict[str, Any]:
    form = call.form()
    if "JSONString" in form:
        return _object(_parsed(form.get("JSONString")))
    if not call.body.strip() or form.files:
        return {}
    try:
        return _object(call.json())  # JSON under a form's content type
    except BadJson:
        raise BadJson("a form without JSONString") from None


def _parsed(source: str) -> Any:
    try:
        return orjson.loads(source)
    except orjson.JSONDecodeError as exc:
        raise BadJson(str(exc)) from exc


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadJson("the body is no JSON object")
    return value
