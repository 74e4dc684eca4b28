"""Mapping compiler, lines: the lines of an order or invoice, and what stands beside them.

All that makes a document's total is one lens, so it is read, written and compared whole; the percentage
off the whole is a field of its own that is written with the lines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from twinledger.mapping.compile_scalars import compile_scalar, functions_of, path_of
from twinledger.mapping.entity_model import JSON, CanonicalField, entity_models
from twinledger.mapping.errors import ValueFault
from twinledger.mapping.field_lens import Body, Document, FieldLens, Writing
from twinledger.mapping.functions import ValueFunction
from twinledger.mapping.functions.amounts import read_decimal
from twinledger.mapping.line_taxes import content_of, parts_reader
from twinledger.mapping.lines_beside import BesideLines
from twinledger.mapping.lines_written import (
    LineShape,
    headers_writer,
    is_rounding_line,
    is_rounding_note,
    upright,
)
from twinledger.mapping.models import LinesStatement, NaturalStatement, ScalarStatement
from twinledger.mapping.natural_keys import natural_key
from twinledger.mapping.paths import MISSING, Path, getter, put
from twinledger.mapping.yaml_source import Problem

__all__ = ["compile_lines", "empty_reader"]

ROUNDING = "rounding"


def compile_lines(
    canonical: Mapping[str, CanonicalField], name: str, statement: LinesStatement
) -> list[FieldLens]:
    """A lens for the lines, and one for the percentage off the whole where it stands beside them."""
    field = canonical[name]
    parts = field.fields
    if parts is None:
        raise Problem(f"{name} has no lines", "each")
    lenses = [_part(parts, part, given) for part, given in statement.each.items()]
    path = path_of(statement.path, "path")
    shape = LineShape(statement, parts, lenses)
    write_headers = headers_writer(statement, path, shape)

    def emit(body: Body, writing: Writing) -> None:
        lines = writing.fields.get(name)
        write_headers(body, lines if isinstance(lines, list) else None, writing)

    read_lines = _raw_reader(path, _line_reader(parts, lenses, statement))
    lines_lens = FieldLens(
        field=name,
        read=_reader(path, read_lines, statement),
        emit=emit,
        normal=lambda value: shape.normal(value, None),
        keys=frozenset((path, *_beside_keys(statement))),
        follows=frozenset().union(*(lens.follows for lens in lenses)),
        write=statement.write,
        clearable=False,
        expect=None
        if statement.price_decimals is None
        else lambda fields: shape.normal(fields.get(name), fields.get("currency")),
    )
    return [
        lines_lens,
        *_percent_lens(canonical, statement),
        *_rounding_lens(canonical, statement, read_lines),
    ]


def _percent_lens(canonical: Mapping[str, CanonicalField], statement: LinesStatement) -> list[FieldLens]:
    if statement.beside is None:
        return []
    name = statement.beside.discount.percent
    if name not in canonical or canonical[name].format != "decimal":
        raise Problem(f"{name} is no decimal of the entity", "beside", "discount", "percent")
    beside = BesideLines(statement.beside, is_rounding_note(statement))
    return [
        FieldLens(
            field=name,
            read=beside.percent,
            emit=lambda body, writing: None,  # written with the lines, once
            normal=lambda value: value,
            keys=frozenset(_beside_keys(statement)),
            write=statement.write,
            clearable=False,
        )
    ]


def _rounding_lens(
    canonical: Mapping[str, CanonicalField], statement: LinesStatement, read_lines: Callable[[Document], Any]
) -> list[FieldLens]:
    """What was added so that totals agree, for those who look into a difference."""
    totals = statement.totals
    if totals is None or ROUNDING not in canonical:
        return []
    ours, is_ours = is_rounding_note(statement), is_rounding_line(statement)

    def read_amount(document: Document) -> Any:
        value = document.get(str(totals.path), MISSING)
        return value if value is MISSING else (read_decimal(value) or "0") if ours(document) else "0"

    def read_line(document: Document) -> Any:
        lines = read_lines(document)
        if not isinstance(lines, list):
            return lines
        return next((line["unit_price"] for line in lines if is_ours(line)), "0")

    read = read_line if totals.path is None else read_amount
    return [FieldLens(ROUNDING, read, lambda body, writing: None, lambda value: value, write="never")]


def _beside_keys(statement: LinesStatement) -> list[Path]:
    return [] if statement.beside is None else [path_of(statement.beside.discount.path, "beside")]


def _raw_reader(path: Path, read_line: Callable[[Any], dict[str, JSON]]) -> Callable[[Document], Any]:
    """Reader of the vendor's lines, each by itself."""

    def read(document: Document) -> Any:
        value = getter(path)(document)
        if value is MISSING or value is None:
            return value
        if type(value) is not list:
            raise ValueFault("a list is expected")
        return [_located(read_line, line, f"[{index}]") for index, line in enumerate(value)]

    return read


def _reader(
    path: Path, read_lines: Callable[[Document], Any], statement: LinesStatement
) -> Callable[[Document], Any]:
    """Reader of all that makes the total, but for our own rounding."""
    ours = is_rounding_line(statement)
    beside = statement.beside and BesideLines(statement.beside, is_rounding_note(statement))

    def read(document: Document) -> Any:
        lines = read_lines(document)
        if not isinstance(lines, list):
            return lines
        lines = [upright(line) for line in lines] if statement.positive_quantities else lines
        if beside:
            return beside.plain(document, getter(path)(document), lines)
        return [line for line in lines if not ours(line)]

    return read


def _line_reader(
    parts: Mapping[str, CanonicalField], lenses: Sequence[FieldLens], statement: LinesStatement
) -> Callable[[Any], dict[str, JSON]]:
    refuse = empty_reader(statement.unsupported)
    read_parts = _parts_reader(statement)

    def read_line(line: Any) -> dict[str, JSON]:
        if type(line) is not dict:
            raise ValueFault("an object is expected")
        refuse(line)
        record: dict[str, JSON] = dict.fromkeys(parts)
        for lens in lenses:
            value = _located(lens.read, line, lens.field)
            if value is not MISSING:
                record[lens.field] = value
        read_parts(line, record)
        return record

    return read_line


def _parts_reader(statement: LinesStatement) -> Callable[[Document, dict[str, JSON]], None]:
    several, first = statement.several_taxes, statement.each.get("tax")
    if several is None:
        return lambda line, record: None
    if not isinstance(first, ScalarStatement) or first.ref is None:
        raise Problem("the taxes of a group are named by id", "several_taxes")
    return parts_reader(several.parts, several.id, first.ref)


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
        values = content_of(str(reference), writing)
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


def _located(read: Callable[[Any], Any], value: Any, at: str) -> Any:
    try:
        return read(value)
    except ValueFault as fault:
        joint = "." if fault.at and not fault.at.startswith("[") else ""
        raise ValueFault(str(fault), f"{at}{joint}{fault.at}") from fault
