"""Mapping, flows: one value of a derived record: a statement -> a function of what the trigger says.

A reader gives MISSING where the trigger does not say, and raises ValueFault where a value makes no
sense; `flow.py` turns that into a MappingError with the field's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from twinledger.mapping.compile_scalars import condition_of, function_named
from twinledger.mapping.entity_model import CanonicalField
from twinledger.mapping.errors import ValueFault
from twinledger.mapping.expressions import Condition
from twinledger.mapping.flow_amounts import add, number
from twinledger.mapping.flow_models import Aggregate, DerivedValue
from twinledger.mapping.functions import FUNCTIONS
from twinledger.mapping.paths import MISSING
from twinledger.mapping.yaml_source import Problem

__all__ = ["Known", "Scope", "aggregated", "compile_value", "text_field"]

_SETTING = re.compile(r"\{\{\s*settings\.([a-z][a-z0-9_]*)\s*\}\}")
_NAME = re.compile(r"\{([a-z_.]+)\}")
_CHECKS = {function.gives: function.read for function in FUNCTIONS.values() if function.gives != "text"}


@dataclass(frozen=True, slots=True)
class Scope:
    """What a value may look at: fields of the record or of one line, and of a group all its lines."""

    fields: Mapping[str, Any]
    settings: Mapping[str, Any]
    group: Sequence[Mapping[str, Any]] = ()


Reader = Callable[[Scope], Any]


@dataclass(frozen=True, slots=True)
class Known:
    """Names that statements may use; `used` collects those they do."""

    fields: Mapping[str, CanonicalField]
    what: str
    used: set[str] = field(default_factory=set)

    def named(self, name: str, *place: str) -> CanonicalField:
        """The field of this name."""
        if name not in self.fields:
            raise Problem(
                f"{name} is not a field of {self.what}; there are: {', '.join(self.fields)}", *place
            )
        self.used.add(name)
        return self.fields[name]

    def condition(self, source: str | None, *place: str | int) -> Condition | None:
        """A condition over these names."""
        try:
            condition = condition_of(source, tuple(self.fields))
        except Problem as problem:
            raise Problem(str(problem), *place) from problem
        self.used.update(condition.fields if condition else ())
        return condition


def text_field(name: str, format_: str = "text") -> CanonicalField:
    """A name that is no field of the schema: a part, a line's amount."""
    return CanonicalField(name, name, "business", format_)


def compile_value(
    target: CanonicalField, given: DerivedValue, known: Known, *, grouped: bool = False
) -> Reader:
    """Reader of one statement; Problem when it cannot give the target's kind of value."""
    read = _origin(target, given, known, grouped=grouped)
    functions = [function_named(name, "apply").read for name in given.apply]
    default = None if given.default is None else _constant(target, given.default, "default")

    def value(scope: Scope) -> Any:
        found = read(scope)
        for function in functions:
            found = found if found is MISSING or found is None else function(found)
        if default is not None and (found is MISSING or found is None):
            found = default(scope)
        if given.required and (found is MISSING or found in (None, "", [])):
            raise ValueFault("is required, and the trigger does not have it")
        return found

    return value


def _origin(target: CanonicalField, given: DerivedValue, known: Known, *, grouped: bool) -> Reader:
    if given.aggregate is not None:
        if not grouped:
            raise Problem("an aggregate is of a group of lines: give group_by", "aggregate")
        return _aggregate(target, given, given.aggregate, known)
    if given.choose:
        return _choice(target, given, known, grouped=grouped)
    if given.format is not None:
        return _format(target, given.format, known)
    if given.path is not None or given.ref is not None:
        name, place = (given.path, "path") if given.path is not None else (given.ref or "", "ref")
        _check_kind(target, known.named(name, place), given.apply, place)
        return lambda scope: scope.fields.get(name, MISSING)
    return _constant(target, given.value, "value")


def _check_kind(
    target: CanonicalField, origin: CanonicalField, apply: Sequence[str], place: str = "path"
) -> None:
    """Any plain value may become a text; else the kinds must be the same."""
    gives = function_named(apply[-1], "apply").gives if apply else origin.format
    plain = origin.ref is None and origin.format not in ("lines", "flag")
    if target.ref != origin.ref or not (gives == target.format or (target.format == "text" and plain)):
        raise Problem(f"{origin.path} of the trigger is no {target.ref or target.format}", place)


# --- constants and settings ----------------------------------------------------------------------


def _constant(target: CanonicalField, value: Any, place: str) -> Reader:
    setting = _SETTING.fullmatch(value) if isinstance(value, str) else None
    if setting is not None:
        name = setting[1]
        return lambda scope: _of_setting(target, scope.settings.get(name), name)
    try:
        checked = None if value is None else _checked(target, value)
    except ValueFault as fault:
        raise Problem(f"{value!r} is not a value of {target.path}: {fault}", place) from fault
    return lambda scope: checked


def _of_setting(target: CanonicalField, value: Any, name: str) -> Any:
    if value is None or value == "":
        return MISSING
    try:
        return _checked(target, value)
    except ValueFault as fault:
        raise ValueFault(f"the setting {name}: {fault}") from fault


def _checked(target: CanonicalField, value: Any) -> Any:
    """The value as the field's format writes it."""
    if target.values and value not in target.values:
        raise ValueFault(f"none of {', '.join(target.values)}")
    check = _CHECKS.get(target.format)
    if check is not None:
        return check(value)
    if target.format != "text" or not isinstance(value, str | int):
        raise ValueFault(f"no {target.ref or target.format}")
    return str(value)


# --- texts, choices, aggregates ------------------------------------------------------------------


def _format(target: CanonicalField, template: str, known: Known) -> Reader:
    if target.format != "text" or target.values:
        raise Problem(f"{target.path} is no free text", "format")
    for name in _NAME.findall(template):
        if known.named(name, "format").format in ("lines", "flag"):
            raise Problem(f"{name} is no text", "format")

    def read(scope: Scope) -> str | None:
        return _NAME.sub(lambda match: str(scope.fields.get(match[1]) or ""), template).strip() or None

    return read


def _choice(target: CanonicalField, given: DerivedValue, known: Known, *, grouped: bool) -> Reader:
    choices: list[tuple[Condition | None, Reader]] = []
    for index, choice in enumerate(given.choose):
        place = ("choose", index)
        condition = known.condition(choice.when, *place, "when")
        try:
            choices.append((condition, compile_value(target, choice, known, grouped=grouped)))
        except Problem as problem:
            raise Problem(str(problem), *place, *problem.place) from problem

    def read(scope: Scope) -> Any:
        for condition, reader in choices:
            if condition is None or condition(scope.fields):
                return reader(scope)
        return MISSING

    return read


def _aggregate(target: CanonicalField, given: DerivedValue, how: Aggregate, known: Known) -> Reader:
    if how == "count":
        if target.format not in ("decimal", "text"):
            raise Problem(f"{target.path} is no number", "aggregate")
        return lambda scope: str(len(scope.group))
    name = given.path or given.ref
    if name is None:
        raise Problem("give the path of what is aggregated", "aggregate")
    origin = known.named(name, "path")
    _check_kind(target, origin, given.apply)
    if how == "sum" and origin.format != "decimal":
        raise Problem(f"{name} cannot be added", "aggregate")
    if how == "concat" and target.format != "text":
        raise Problem(f"{target.path} is no text", "aggregate")
    return lambda scope: aggregated(how, [line.get(name) for line in scope.group], origin.format)


def aggregated(how: Aggregate, values: Sequence[Any], format_: str) -> Any:
    """One value of several; nothing of nothing, but what is added must be there."""
    if how == "sum":
        return add(values)
    if how == "count":
        return str(len(values))
    stated = list(dict.fromkeys(value for value in values if value is not None and value is not MISSING))
    if not stated:
        return None
    if how == "concat":
        return ", ".join(map(str, stated))
    if how == "first":
        return stated[0]
    by = number if format_ == "decimal" else str
    return min(stated, key=by) if how == "min" else max(stated, key=by)
