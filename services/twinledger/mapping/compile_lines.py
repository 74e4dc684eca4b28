"""Mapping compiler, lines: the lines of an order or invoice, and records named by their content."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from twinledger.mapping.compile_scalars import compile_scalar, functions_of, path_of, reader_of
from twinledger.mapping.entity_model import JSON, CanonicalField, entity_models
from twinledger.mapping.errors import ValueFault
from twinledger.mapping.field_lens import Body, Document, FieldLens, Writing
from twinledger.mapping.functions import ValueFunction
from twinledger.mapping.models import LinesStatement, NaturalStatement, ScalarStatement
from twinledger.mapping.natural_keys import natural_key, parse_natural_key
from twinledger.mapping.paths import MISSING, Path, getter, put
from twinledger.mapping.yaml_source import Problem

__all__ = ["compile_lines", "empty_reader"]


def compile_lines(canonical: CanonicalField, statement: LinesStatement) -> FieldLens:
    """The lines as one lens: read, written and compared whole."""
    parts = canonical.fields
    if parts is None:
        raise Problem(f"{canonical.path} has no lines", "each")
    lenses = [_part(parts, name, given) for name, given in statement.each.items()]
    path = path_of(statement.path, "path")
    read_line, write_line = _line_reader(parts, lenses, statement), _line_writer(lenses, statement)

    def read(value: Any) -> list[dict[str, JSON]] | None:
        if value is None:
            return None
        if type(value) is not list:
            raise ValueFault("a list is expected")
        return [_located(read_line, line, f"[{index}]") for index, line in enumerate(value)]

    def emit(body: Body, writing: Writing) -> None:
        lines = writing.fields.get(canonical.path)
        if not isinstance(lines, list):
            return
        put(body, path, [write_line(line, writing) for line in lines])

    def normal(value: JSON) -> JSON:
        if not isinstance(value, list):
            return None
        return [_normal_line(line, parts, lenses) for line in value]

    return FieldLens(
        field=canonical.path,
        read=reader_of(path, read),
        emit=emit,
        normal=normal,
        keys=frozenset((path,)),
        follows=frozenset().union(*(lens.follows for lens in lenses)),
        write=statement.write,
        clearable=False,
    )


def _line_reader(
    parts: Mapping[str, CanonicalField], lenses: Sequence[FieldLens], statement: LinesStatement
) -> Callable[[Any], dict[str, JSON]]:
    refuse = empty_reader(statement.unsupported)

    def read_line(line: Any) -> dict[str, JSON]:
        if type(line) is not dict:
            raise ValueFault("an object is expected")
        refuse(line)
        record: dict[str, JSON] = dict.fromkeys(parts)
        for lens in lenses:
            value = _located(lens.read, line, lens.field)
            if value is not MISSING:
                record[lens.field] = value
        return record

    return read_line


def _line_writer(
    lenses: Sequence[FieldLens], statement: LinesStatement
) -> Callable[[dict[str, JSON], Writing], Body]:
    def write_line(line: dict[str, JSON], writing: Writing) -> Body:
        scope = Writing(
            line,
            writing.record,
            writing.creating or not statement.merged_by_id,
            writing.blank,
            writing.resolve,
            writing.lookup,
        )
        target: Body = dict(statement.constants)
        for lens in lenses:
            lens.emit(target, scope)
        return target

    return write_line


def empty_reader(paths: Sequence[str]) -> Callable[[Document], None]:
    """Check that places the mapping cannot express are empty: zero, "0.00", "0%", false or nothing."""
    getters = [(text, getter(path_of(text, "unsupported"))) for text in paths]

    def refuse(document: Document) -> None:
        for text, get in getters:
            value = get(document)
            if value is MISSING or not value:
                continue
            if type(value) is str and not value.strip("0.% "):
                continue
            raise ValueFault(f"{text} is in use: this mapping would lose it")

    return refuse


def _part(
    parts: Mapping[str, CanonicalField], name: str, given: ScalarStatement | NaturalStatement
) -> FieldLens:
    if name not in parts:
        raise Problem(f"{name} is not a field of a line", "each", name)
    try:
        if isinstance(given, NaturalStatement):
            return _natural(parts[name], given)
        return compile_scalar(parts[name], given, ())
    except Problem as problem:
        raise Problem(str(problem), "each", name, *problem.place) from problem


def _natural(canonical: CanonicalField, statement: NaturalStatement) -> FieldLens:
    """A reference by content; nothing is there when its first key is empty."""
    entity = statement.natural.entity
    if canonical.ref != entity:
        raise Problem(f"{canonical.path} refers to {canonical.ref}", "natural", "entity")
    keys = [_natural_key_part(entity, name, *given) for name, given in _keyed(statement)]
    keys_written = frozenset(path for _, path, _ in keys)

    def read(document: Document) -> str | None:
        values: dict[str, str] = {}
        for name, path, function in keys:
            value = getter(path)(document)
            text = None if value is MISSING else function.read(value)
            if text is None and not values:
                return None
            values[name] = text or ""
        return natural_key(entity, values)

    def emit(body: Body, writing: Writing) -> None:
        reference = writing.fields.get(canonical.path)
        if reference is None:
            return
        values = _content(str(reference), writing)
        for name, path, function in keys:
            value = values.get(name)
            if value is None:
                raise ValueFault(f"its {entity} has no {name}")
            put(body, path, function.write(value))

    return FieldLens(
        field=canonical.path,
        read=read,
        emit=emit,
        normal=lambda value: value,
        keys=keys_written,
        clearable=False,
    )


def _keyed(statement: NaturalStatement) -> list[tuple[str, tuple[str, list[str]]]]:
    return [(name, (given.path, given.apply)) for name, given in statement.natural.keys.items()]


def _natural_key_part(entity: str, name: str, path: str, apply: list[str]) -> tuple[str, Path, ValueFunction]:
    field = entity_models()[entity].fields.get(name)
    if field is None:
        raise Problem(f"{name} is not a field of {entity}", "natural", "keys", name)
    return name, path_of(path, "natural", "keys", name), functions_of(field, apply)


def _content(reference: str, writing: Writing) -> Mapping[str, JSON]:
    named = parse_natural_key(reference)
    if named is not None:
        return {name: value for name, value in named[1].items() if value}
    if writing.lookup is None:
        raise ValueFault("the record it refers to is not at hand")
    return writing.lookup(reference)


def _normal_line(
    line: Mapping[str, JSON], parts: Mapping[str, CanonicalField], lenses: Sequence[FieldLens]
) -> dict[str, JSON]:
    record: dict[str, JSON] = dict.fromkeys(parts)
    for lens in lenses:
        record[lens.field] = lens.normal(line.get(lens.field))
    return record


def _located(read: Callable[[Any], Any], value: Any, at: str) -> Any:
    try:
        return read(value)
    except ValueFault as fault:
        joint = "." if fault.at and not fault.at.startswith("[") else ""
        raise ValueFault(str(fault), f"{at}{joint}{fault.at}") from fault
