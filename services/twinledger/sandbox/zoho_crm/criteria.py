"""Sandbox, Zoho CRM: the `criteria` of a search: `((Email:equals:a@b.c) and (City:starts_with:Par))`.

`equals` on text behaves like contains, and special characters match loosely: callers check what they get.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..call import Refused
from ..indexes import Record
from .answers import refuse
from .comparing import BadLiteral, comparable, loose, ordering, tests
from .module import Module
from .paths import FieldPath, resolve

__all__ = ["Criteria", "parse_criteria"]

MOST_CONDITIONS, MOST_IN, MOST_DEPTH = 10, 100, 50
_ESCAPED = re.compile(r"\\([(),\\])")
_JOINT = re.compile(r"\s*(and|or)\s*", re.IGNORECASE)
LOOSE_TYPES = {"text", "textarea", "email", "phone", "website", "formula"}
SIGNS = {
    "not_equal": "!=",
    "greater_than": ">",
    "greater_equal": ">=",
    "less_than": "<",
    "less_equal": "<=",
}
Test = Callable[[Record], bool]


@dataclass(frozen=True, slots=True)
class Criteria:
    """`words` are texts that every match contains: what the word index is asked for."""

    holds: Test
    words: tuple[str, ...] = ()


def _invalid(reason: str) -> Refused:
    return refuse("INVALID_QUERY", "invalid query formed", {"reason": reason, "param_name": "criteria"})


def parse_criteria(module: Module, text: str) -> Criteria:
    reader = _Reader(module, text.strip())
    found = reader.series()
    if reader.at < len(reader.text):
        raise _invalid("unbalanced brackets")
    return found


class _Reader:
    def __init__(self, module: Module, text: str) -> None:
        self.module = module
        self.text = text
        self.at = 0
        self._conditions = 0
        self._depth = 0

    def series(self) -> Criteria:
        parts, joints = [self._group()], set[str]()
        while (joint := _JOINT.match(self.text, self.at)) is not None:
            self.at = joint.end()
            joints.add(joint.group(1).lower())
            parts.append(self._group())
        if len(parts) == 1:
            return parts[0]
        if joints == {"and"}:
            words = tuple(word for part in parts for word in part.words)
            return Criteria(lambda record: all(part.holds(record) for part in parts), words)
        if joints == {"or"}:
            return Criteria(lambda record: any(part.holds(record) for part in parts))
        raise _invalid("and and or need brackets between them")

    def _group(self) -> Criteria:
        if not self.text.startswith("(", self.at):
            raise _invalid("a condition stands in brackets")
        self.at += 1
        inside = self.text[self.at :].lstrip()
        if inside.startswith("("):
            self._depth += 1
            if self._depth > MOST_DEPTH:
                raise _invalid("too many brackets")
            self.at = len(self.text) - len(inside)
            found = self.series()
            if not self.text.startswith(")", self.at):
                raise _invalid("unbalanced brackets")
            self.at += 1
            return found
        end = self._closing()
        condition, self.at = self.text[self.at : end], end + 1
        self._conditions += 1
        if self._conditions > MOST_CONDITIONS:
            raise refuse(
                "LIMIT_EXCEEDED", "limit exceeded", {"limit": MOST_CONDITIONS, "param_name": "criteria"}
            )
        return _condition(self.module, condition)

    def _closing(self) -> int:
        at = self.at
        while at < len(self.text):
            if self.text[at] == "\\":
                at += 2
            elif self.text[at] == ")":
                return at
            else:
                at += 1
        raise _invalid("unbalanced brackets")


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def _condition(module: Module, text: str) -> Criteria:
    name, _, rest = text.partition(":")
    operator, separator, value = rest.partition(":")
    if not separator:
        raise _invalid("a condition is field:operator:value")
    name, operator = name.strip(), operator.strip().lower()
    path = resolve(module, name)
    if path is None:
        raise refuse("INVALID_QUERY", "invalid query formed", {"reason": "invalid field", "api_name": name})
    values = [_plain(part) for part in re.split(r"(?<!\\),", value)]
    return _test(module, path, operator, _plain(value), values)


def _test(module: Module, path: FieldPath, operator: str, value: str, values: list[str]) -> Criteria:
    zone, field = module.org.facts.time_zone, path.field
    if operator == "starts_with":
        start = loose(value)
        words = (start,) if path.direct else ()
        return Criteria(lambda record: loose(_text(module, path, record)).startswith(start), words)
    if operator == "equals" and field.data_type in LOOSE_TYPES:
        wanted = loose(value)
        words = (wanted,) if path.direct and field.api_name != "Full_Name" else ()
        return Criteria(lambda record: wanted in loose(_text(module, path, record)), words)
    if operator == "equals" and field.data_type in ("lookup", "ownerlookup") and not value.isdigit():
        name = loose(value)
        return Criteria(lambda record: name in loose(_text(module, path, record)))
    if operator == "in" and len(values) > MOST_IN:
        raise refuse("LIMIT_EXCEEDED", "limit exceeded", {"limit": MOST_IN, "param_name": "criteria"})
    try:
        literals = [comparable(field, each, zone) for each in values]
    except BadLiteral as exc:
        details = {"reason": f"{exc} expected", "api_name": field.api_name}
        raise refuse("INVALID_QUERY", "invalid query formed", details) from exc
    return Criteria(_typed(path, operator, literals))


def _typed(path: FieldPath, operator: str, literals: list[Any]) -> Test:
    if operator == "in":
        test = tests("in", set(literals))
    elif operator == "between":
        if len(literals) != 2:
            raise _invalid("between takes two values")
        test = tests("between", tuple(literals))
    elif operator == "equals":
        test = tests("=", literals[0])
    elif operator in SIGNS:
        test = tests(SIGNS[operator], literals[0])
    else:
        raise _invalid(f"invalid operator {operator}")
    return lambda record: test(ordering(path.field, path.kept(record)))


def _text(module: Module, path: FieldPath, record: Record) -> str:
    value = path.shown(record)
    return str(value.get("name", "")) if isinstance(value, dict) else str(value or "")
