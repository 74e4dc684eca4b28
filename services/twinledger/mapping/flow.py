"""Mapping: flows, one entity gives rise to another (a sales order to an invoice).

Enrich runs them on the merged entity; the derived record's identity is (flow, key), so it is made
once, ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from twinledger.mapping.compile_scalars import condition_of
from twinledger.mapping.entity_model import JSON, CanonicalField, EntityModel
from twinledger.mapping.errors import MappingError, ValueFault
from twinledger.mapping.expressions import Condition
from twinledger.mapping.lens import ObjectMapping
from twinledger.mapping.models import DerivedField, FlowFile
from twinledger.mapping.paths import MISSING
from twinledger.mapping.yaml_source import Problem

__all__ = ["Flow", "compile_flow"]

Deriver = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Flow:
    """`key` names what identifies the derived record: "<entity>.id" is the trigger's entity id, other
    parts are fields of it. References stay "entity:<uuid>" texts."""

    name: str
    version: int
    on_entity: str
    when: Condition | None
    derives: str
    target: str
    key: tuple[str, ...]
    _derivers: Mapping[str, Deriver]

    @property
    def definition(self) -> str:
        """Name and version, as records store it."""
        return f"flow.{self.name}@{self.version}"

    def applies(self, fields: Mapping[str, JSON]) -> bool:
        """Does an entity with these fields give rise to another?"""
        try:
            return self.when is None or self.when(fields)
        except ValueFault as fault:
            raise MappingError(str(fault), field=f"flow.{self.name}") from fault

    def derive(self, fields: Mapping[str, JSON]) -> dict[str, JSON]:
        """Fields of the derived entity; what the trigger does not state is left out."""
        derived = {name: deriver(fields) for name, deriver in self._derivers.items()}
        return {name: value for name, value in derived.items() if value is not MISSING}


def compile_flow(
    file: FlowFile, models: Mapping[str, EntityModel], mappings: Mapping[str, ObjectMapping]
) -> Flow:
    """Problem tells what is wrong and where in the file."""
    trigger, derived = file.on.entity, file.derive.entity
    for entity, place in ((trigger, ("on", "entity")), (derived, ("derive", "entity"))):
        if entity not in models:
            raise Problem(f"{entity!r} is not an entity; there are: {', '.join(models)}", *place)
    target = mappings.get(file.derive.target)
    if target is None or target.entity != derived:
        raise Problem(f"no mapping of {file.derive.target} to {derived}", "derive", "target")
    source = models[trigger].fields
    for part in file.derive.key:
        if part != f"{trigger}.id" and part not in source:
            raise Problem(f"{part} is neither {trigger}.id nor a field of {trigger}", "derive", "key")
    try:
        when = condition_of(file.on.when, tuple(source))
    except Problem as problem:
        raise Problem(str(problem), "on", *problem.place) from problem
    derivers = {
        name: _deriver(name, given, models[derived].fields, source, ("derive", "fields"))
        for name, given in file.derive.fields.items()
    }
    return Flow(
        file.flow, file.version, trigger, when, derived, file.derive.target, tuple(file.derive.key), derivers
    )


def _deriver(
    name: str,
    given: DerivedField,
    target: Mapping[str, CanonicalField],
    source: Mapping[str, CanonicalField],
    parent: tuple[str, ...],
) -> Deriver:
    place = (*parent, name)
    field = target.get(name)
    if field is None:
        raise Problem(f"{name} is not a field of what is derived", *place)
    if given.each is not None:
        return _lines_deriver(field, given, source, place)
    origin = given.ref or given.path
    if origin is None:
        if field.values and given.value not in field.values:
            raise Problem(f"{given.value!r} is not a value of {name}: {', '.join(field.values)}", *place)
        return lambda fields: given.value
    known = source.get(origin)
    if known is None or known.format != field.format or known.ref != field.ref:
        raise Problem(f"{origin} of the trigger is no {field.ref or field.format}", *place)
    return lambda fields: fields.get(origin, MISSING)


def _lines_deriver(
    field: CanonicalField, given: DerivedField, source: Mapping[str, CanonicalField], place: tuple[str, ...]
) -> Deriver:
    lines = source.get(given.each or "")
    if lines is None or lines.fields is None or field.fields is None:
        raise Problem(f"{given.each} of the trigger has no lines", *place, "each")
    parts: Sequence[str] = tuple(field.fields)
    derivers = {
        name: _deriver(name, part, field.fields, lines.fields, (*place, "fields"))
        for name, part in given.fields.items()
    }
    origin = lines.path

    def derive(fields: Mapping[str, Any]) -> Any:
        found = fields.get(origin, MISSING)
        if not isinstance(found, list):
            return found
        return [_derived_line(line, parts, derivers) for line in found]

    return derive


def _derived_line(
    line: Mapping[str, Any], parts: Sequence[str], derivers: Mapping[str, Deriver]
) -> dict[str, JSON]:
    record: dict[str, JSON] = dict.fromkeys(parts)
    for name, deriver in derivers.items():
        value = deriver(line)
        record[name] = None if value is MISSING else value
    return record
