"""Mapping compiler: a mapping file, already parsed -> an ObjectMapping. Knows no files and no lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from twinledger.mapping.carriers import (
    Carrier,
    CustomFieldCarrier,
    InsteadCarrier,
    NoCarrier,
    OwnFieldCarrier,
    TrailingCarrier,
    strip_references,
)
from twinledger.mapping.compile_groups import compile_group
from twinledger.mapping.compile_lines import compile_lines, empty_reader
from twinledger.mapping.compile_scalars import compile_scalar, condition_of, functions_of, path_of, reader_of
from twinledger.mapping.entity_model import CanonicalField, EntityModel
from twinledger.mapping.errors import ValueFault
from twinledger.mapping.expressions import Condition
from twinledger.mapping.field_lens import Document, FieldLens
from twinledger.mapping.functions import read_instant
from twinledger.mapping.lens import ObjectMapping
from twinledger.mapping.lines_written import rule_of
from twinledger.mapping.links import Link
from twinledger.mapping.models import (
    FieldStatement,
    GroupStatement,
    Identity,
    LinesStatement,
    MappingFile,
    ReferenceStatement,
    Rule,
    ScalarStatement,
    ValueStatement,
)
from twinledger.mapping.names import ComposedName
from twinledger.mapping.paths import MISSING, Path, getter
from twinledger.mapping.rules import ReadingRule, Setter
from twinledger.mapping.statement import Constant
from twinledger.mapping.totals import TotalsRule
from twinledger.mapping.yaml_source import Problem

__all__ = ["compile_mapping"]


def compile_mapping(file: MappingFile, models: Mapping[str, EntityModel]) -> ObjectMapping:
    """Problem tells what is wrong and where in the file."""
    if file.entity not in models:
        raise Problem(f"{file.entity!r} is not an entity; there are: {', '.join(models)}", "entity")
    canonical = models[file.entity].fields
    lenses = {lens.field: lens for lens in _lenses(file, canonical)}
    return ObjectMapping(
        object=file.object,
        entity=file.entity,
        version=file.version,
        _lenses=lenses,
        _written_with=_written_with(lenses),
        _conditions=_conditions(lenses),
        _read_id=_id_reader(file.identity),
        _read_updated_at=_stamp_reader(file.identity),
        _accept=_at(("accept",), lambda: condition_of(file.accept, (), document=True)),
        _refuse_unsupported=empty_reader(file.unsupported),
        _rules=[_rule(rule, index, canonical) for index, rule in enumerate(file.rules)],
        _links=_links(file, canonical),
        _names=_names(file, canonical),
        _carrier=_carrier(file.reference),
        _create=file.create,
        _blank=file.blank,
        totals=_totals(file),
    )


# --- fields ------------------------------------------------------------------------------------


def _lenses(file: MappingFile, canonical: Mapping[str, CanonicalField]) -> Iterable[FieldLens]:
    for name, statement in file.fields.items():
        yield from _at(("fields", name), _compiled(file, name, statement, canonical))


def _compiled(
    file: MappingFile, name: str, statement: FieldStatement, canonical: Mapping[str, CanonicalField]
) -> Callable[[], list[FieldLens]]:
    def compiled() -> list[FieldLens]:
        if isinstance(statement, GroupStatement):
            return compile_group(name, statement, canonical)
        if name not in canonical:
            raise Problem(f"{name} is not a field of {file.entity}; there are: {', '.join(canonical)}")
        if isinstance(statement, LinesStatement):
            return compile_lines(canonical, name, statement)
        prepare = strip_references if _carries_reference(file.reference, statement.path) else None
        return [compile_scalar(canonical[name], statement, tuple(canonical), prepare)]

    return compiled


def _totals(file: MappingFile) -> TotalsRule | None:
    rules = (rule_of(given) for given in file.fields.values() if isinstance(given, LinesStatement))
    return next(filter(None, rules), None)


def _conditions(lenses: Mapping[str, FieldLens]) -> list[tuple[Condition, list[str]]]:
    by_source: dict[str, tuple[Condition, list[str]]] = {}
    for name, lens in lenses.items():
        if lens.condition is not None:
            by_source.setdefault(lens.condition.source, (lens.condition, []))[1].append(name)
    return list(by_source.values())


def _written_with(lenses: Mapping[str, FieldLens]) -> dict[str, frozenset[str]]:
    """Fields that share a place in the body go together; followers go along."""
    writable = {name: lens for name, lens in lenses.items() if lens.write != "never"}
    together = {}
    for name in writable:
        group = {name}
        grown = True
        while grown:
            keys = frozenset[Path]().union(*(writable[member].keys for member in group))
            wider = {
                other
                for other, candidate in writable.items()
                if candidate.keys & keys or candidate.follows & group
            } | group
            grown = wider != group
            group = wider
        together[name] = frozenset(group)
    return together


# --- identity and reference --------------------------------------------------------------------


def _id_reader(identity: Identity) -> Callable[[Document], str]:
    get = getter(_at(("identity", "id"), lambda: path_of(identity.id)))

    def read(document: Document) -> str:
        value = get(document)
        if type(value) is str and value.strip():
            return value.strip()
        if type(value) is int:
            return str(value)
        raise ValueFault("an id is expected")

    return read


def _stamp_reader(identity: Identity) -> Callable[[Document], datetime | None]:
    stamp = identity.updated_at
    if stamp is None:
        return lambda document: None
    get = getter(_at(("identity", "updated_at", "path"), lambda: path_of(stamp.path)))
    zone = _zone(stamp.zone)

    def read(document: Document) -> datetime | None:
        value = get(document)
        return None if value is MISSING else read_instant(value, zone)

    return read


def _zone(name: str | None) -> ZoneInfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as exc:
        raise Problem(f"{name!r} is not a time zone", "identity", "updated_at", "zone") from exc


def _carrier(statement: ReferenceStatement | None) -> Carrier:
    if statement is None:
        return NoCarrier()
    if statement.custom_field is not None:
        return CustomFieldCarrier(statement.custom_field)
    if statement.path is None:
        raise Problem("give a path or a custom_field", "reference")
    path = _at(("reference", "path"), lambda: path_of(statement.path or ""))
    if statement.form == "own":
        return OwnFieldCarrier(path)
    if len(path) > 1:
        raise Problem("a text that carries the reference is a top-level field", "reference", "path")
    return TrailingCarrier(str(path[0])) if statement.form == "trailing" else InsteadCarrier(str(path[0]))


def _carries_reference(statement: ReferenceStatement | None, path: str) -> bool:
    return statement is not None and statement.form != "own" and statement.path == path


# --- rules, links, names -----------------------------------------------------------------------


def _rule(rule: Rule, index: int, canonical: Mapping[str, CanonicalField]) -> ReadingRule:
    place = ("rules", index)
    condition = _at(place, lambda: condition_of(rule.when, tuple(canonical), document=True))
    assert condition is not None
    return ReadingRule(
        name=f"rules[{index}]",
        condition=condition,
        when_true=_setters(rule.set, (*place, "set"), canonical),
        when_false=_setters(rule.otherwise, (*place, "else"), canonical),
        unset=frozenset(
            _at((*place, "unset"), lambda: [_known(name, canonical).path for name in rule.unset])
        ),
    )


def _setters(
    given: Mapping[str, Constant | ValueStatement],
    place: tuple[str | int, ...],
    canonical: Mapping[str, CanonicalField],
) -> dict[str, Setter]:
    return {
        name: _at((*place, name), lambda name=name, value=value: _setter(name, value, canonical))  # type: ignore[misc]
        for name, value in given.items()
    }


def _setter(name: str, value: Constant | ValueStatement, canonical: Mapping[str, CanonicalField]) -> Setter:
    field = _known(name, canonical)
    if isinstance(value, ValueStatement):
        if value.ref is not None:
            return compile_scalar(field, ScalarStatement(path=value.path, ref=value.ref), ()).read
        return reader_of(path_of(value.path, "path"), functions_of(field, value.apply).read)
    if field.values and value not in field.values:
        raise Problem(f"{value!r} is not a value of {name}: {', '.join(field.values)}")
    return lambda document: value


def _links(file: MappingFile, canonical: Mapping[str, CanonicalField]) -> list[Link]:
    return [
        _at(
            ("links", name),
            lambda name=name, given=given: Link(  # type: ignore[misc]
                name, given.object, path_of(given.path, "path"), condition_of(given.when, tuple(canonical))
            ),
        )
        for name, given in file.links.items()
    ]


def _names(file: MappingFile, canonical: Mapping[str, CanonicalField]) -> list[ComposedName]:
    composed = []
    for key, given in file.composed.items():
        for name in [*(name for names in given.first_of for name in names), *given.unique]:
            _at(("composed", key), lambda name=name: _known(name, canonical))  # type: ignore[misc]
        composed.append(ComposedName(key, given.first_of, given.unique))
    return composed


def _known(name: str, canonical: Mapping[str, CanonicalField]) -> CanonicalField:
    if name not in canonical:
        raise Problem(f"{name} is not a field of the entity; there are: {', '.join(canonical)}")
    return canonical[name]


def _at(place: tuple[str | int, ...], compile_part: Callable[[], Any]) -> Any:
    """Run a part of the compiler; what is wrong in it is told from the file's top."""
    try:
        return compile_part()
    except Problem as problem:
        raise Problem(str(problem), *place, *problem.place) from problem
