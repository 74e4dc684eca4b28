"""FreshBooks' fields: how a value of a request becomes the stored value, and how a wrong one is refused.

Sheet 3.0 and 5 (errno table).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from .errors import Detail
from .wire import decimal_of, money, plain

__all__ = ["Field", "body_schema", "parse_fields"]

MAX_TEXT = 65_535


@dataclass(frozen=True, slots=True)
class Field:
    """`kind`: text, int, money, date, bool, percent, number, choice, any.

    `default` is what a create without the field stores; `text` with default None may be null.
    `refused` = naming it in a request is a 403 (errno 1038).
    """

    kind: str = "text"
    default: Any = ""
    choices: tuple[str, ...] = ()
    max_length: int = MAX_TEXT
    refused: bool = False
    create_only: bool = False


def body_schema(name: str, fields: Mapping[str, Field], required: tuple[str, ...]) -> dict[str, Any]:
    """JSON Schema of a request, for /openapi.json: usual values, and any other beside them."""
    properties = {key: {"anyOf": [_SCHEMAS.get(field.kind, {}), {}]} for key, field in fields.items()}
    inner = {"type": "object", "properties": properties, "required": list(required)}
    return {"type": "object", "properties": {name: inner}, "required": [name]}


def parse_fields(
    fields: Mapping[str, Field], body: Mapping[str, Any], *, name: str, currency: str, creating: bool
) -> tuple[dict[str, Any], list[Detail], list[Detail]]:
    """(values, invalid, denied). Keys that no field knows are ignored, as FreshBooks does."""
    values: dict[str, Any] = {}
    invalid: list[Detail] = []
    denied: list[Detail] = []
    for key, value in body.items():
        field = fields.get(key)
        if field is None or (field.create_only and not creating):
            continue
        if field.refused:
            message = f"Write access denied to object {name} field {key}"
            denied.append(Detail(1038, message, key, name, value))
            continue
        try:
            values[key] = _parse(field, key, value, currency)
        except _Invalid as exc:
            invalid.append(Detail(exc.errno, exc.message, key, name, value))
    return values, invalid, denied


class _Invalid(Exception):
    def __init__(self, errno: int, message: str) -> None:
        super().__init__(message)
        self.errno = errno
        self.message = message


def _parse(field: Field, key: str, value: Any, currency: str) -> Any:
    if value is None:
        return None if field.default is None else field.default
    parse = _PARSERS[field.kind]
    return parse(field, key, value, currency)


def _text(field: Field, key: str, value: Any, currency: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _Invalid(1035, f"The field '{key}' must be a string.")
    text = str(value)
    if len(text) > field.max_length:
        raise _Invalid(1017, f"The field '{key}' exceeds the maximum length of {field.max_length}.")
    if "\x00" in text:
        raise _Invalid(1027, f"The field '{key}' contains an invalid character.")
    return text


def _choice(field: Field, key: str, value: Any, currency: str) -> str:
    text = _text(field, key, value, currency)
    if text not in field.choices:
        raise _Invalid(1004, f"'{key}' must be one of {', '.join(map(repr, field.choices))}.")
    return text


def _int(field: Field, key: str, value: Any, currency: str) -> int:
    number = decimal_of(value)
    if number is None or number != number.to_integral_value() or abs(number) >= 2**63:
        raise _Invalid(1015, f"The field '{key}' must be a number.")
    return int(number)


def _number(field: Field, key: str, value: Any, currency: str) -> str:
    number = decimal_of(value)
    if number is None:
        raise _Invalid(1015, f"The field '{key}' must be a number.")
    return plain(number)


def _percent(field: Field, key: str, value: Any, currency: str) -> str:
    number = decimal_of(value)
    if number is None or not -100 <= number <= 1000:
        raise _Invalid(1018, f"The field '{key}' must be a percentage.")
    return plain(number)


def _money(field: Field, key: str, value: Any, currency: str) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise _Invalid(1035, f"The field '{key}' must be an object with amount and code.")
    number = decimal_of(value.get("amount"))
    if number is None:
        raise _Invalid(1015, f"The field '{key}' must be a number.")
    code = value.get("code")
    return money(number, code if isinstance(code, str) and code else currency)


def _date(field: Field, key: str, value: Any, currency: str) -> str:
    try:
        return date.fromisoformat(value[:10]).isoformat() if len(value) == 10 else _no_date(key)
    except (TypeError, ValueError) as exc:
        raise _Invalid(1033, f"The field '{key}' must be a date (YYYY-MM-DD).") from exc


def _no_date(key: str) -> str:
    raise ValueError(key)


def _bool(field: Field, key: str, value: Any, currency: str) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() in {"true", "1"}:
        return True
    if str(value).lower() in {"false", "0"}:
        return False
    raise _Invalid(1031, f"The field '{key}' must be true or false.")


def _any(field: Field, key: str, value: Any, currency: str) -> Any:
    return value


_SCHEMAS: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "int": {"type": "integer"},
    "number": {"type": "number"},
    "percent": {"type": "number"},
    "bool": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "money": {"type": "object", "properties": {"amount": {"type": "string"}, "code": {"type": "string"}}},
}
_PARSERS = {
    "text": _text,
    "choice": _choice,
    "int": _int,
    "number": _number,
    "percent": _percent,
    "money": _money,
    "date": _date,
    "bool": _bool,
    "any": _any,
}
