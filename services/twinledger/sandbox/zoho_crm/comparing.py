"""Sandbox, Zoho CRM: compares kept values with literals of a query, by type. Letter case never counts."""

import re
from collections.abc import Callable
from typing import Any

from .fields import Field
from .times import parse_time

__all__ = ["BadLiteral", "comparable", "like_pattern", "loose", "ordering", "tests"]

_ID = re.compile(r"^[0-9]{1,19}$")
_SPECIAL = re.compile(r"[{}\[\]^:\-/!?*_@\s\x1f]+")
NUMBERS = {"integer", "currency", "double", "percent"}
IDS = {"bigint", "lookup", "ownerlookup"}


class BadLiteral(ValueError):
    """A literal that cannot be compared with that field."""


def comparable(field: Field, literal: Any, zone: str) -> Any:
    """A literal in the form in which values of the field are kept."""
    kind = field.data_type
    if kind == "datetime":
        moment = parse_time(literal, zone)
        if moment is None:
            raise BadLiteral("datetime")
        return moment
    if kind in NUMBERS:
        try:
            return float(literal)
        except (TypeError, ValueError) as exc:
            raise BadLiteral("number") from exc
    if kind == "boolean":
        if isinstance(literal, str) and literal.lower() in ("true", "false"):
            return literal.lower() == "true"
        if not isinstance(literal, bool):
            raise BadLiteral("boolean")
        return literal
    if kind in IDS:
        text = str(literal)
        return int(text) if _ID.match(text) else text.casefold()
    return str(literal).casefold()


def ordering(field: Field, value: Any) -> Any:
    """A kept value made comparable with what `comparable` returns; None stays None."""
    if value is None:
        return None
    if field.data_type in IDS:
        text = str(value)
        return int(text) if _ID.match(text) else text.casefold()
    if isinstance(value, list):
        return ";".join(map(str, value)).casefold()
    return value.casefold() if isinstance(value, str) else value


def loose(text: str) -> str:
    """How search sees text: special characters and spaces are all the same."""
    return _SPECIAL.sub(" ", text.casefold()).strip()


def like_pattern(literal: Any) -> re.Pattern[str]:
    """`x%`, `%x`, `%x%`; the rest stands for itself."""
    parts = [re.escape(part) for part in str(literal).casefold().split("%")]
    return re.compile(".*".join(parts), re.DOTALL)


def tests(operator: str, wanted: Any) -> Callable[[Any], bool]:
    """A test on values as `ordering` gives them. An empty field is only `!=`."""
    if operator == "in":
        return lambda value: value in wanted
    if operator == "between":
        low, high = wanted
        return lambda value: value is not None and low <= value <= high
    simple: dict[str, Callable[[Any], bool]] = {
        "=": lambda value: bool(value == wanted),
        "!=": lambda value: bool(value != wanted),
        ">": lambda value: value is not None and value > wanted,
        ">=": lambda value: value is not None and value >= wanted,
        "<": lambda value: value is not None and value < wanted,
        "<=": lambda value: value is not None and value <= wanted,
    }
    return simple[operator]
