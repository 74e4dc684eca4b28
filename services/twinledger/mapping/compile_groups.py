"""Mapping compiler, groups: an address and the like, one statement -> a lens for each of its fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from twinledger.mapping.compile_scalars import compile_scalar, condition_of, functions_of, path_of, reader_of
from twinledger.mapping.entity_model import JSON, CanonicalField
from twinledger.mapping.field_lens import Body, FieldLens, Writing
from twinledger.mapping.functions.texts import read_one_line, read_trimmed
from twinledger.mapping.models import GroupStatement, ScalarStatement
from twinledger.mapping.paths import Path, put
from twinledger.mapping.yaml_source import Problem

__all__ = ["compile_group"]


def compile_group(
    name: str, statement: GroupStatement, canonical: Mapping[str, CanonicalField]
) -> list[FieldLens]:
    """One lens for each field; what a vendor takes only whole, its connector completes."""
    known = tuple(canonical)
    lenses = []
    for part, path in statement.fields.items():
        field = _member(name, part, canonical, "fields")
        apply = statement.apply.get(part, ["trim"] if field.format == "text" else [])
        scalar = ScalarStatement(path=path, apply=apply, when=statement.when)
        lenses.append(compile_scalar(field, scalar, known))
    for path, parts in statement.split.items():
        fields = [_member(name, part, canonical, "split") for part in parts]
        lenses += _split_lenses(fields, path_of(path, "split"), statement, known)
    if unknown := set(statement.apply) - set(statement.fields):
        raise Problem(f"{min(unknown)!r} is not one of the fields", "apply")
    return lenses


def _member(group: str, part: str, canonical: Mapping[str, CanonicalField], place: str) -> CanonicalField:
    field = canonical.get(f"{group}.{part}")
    if field is None:
        raise Problem(f"{group}.{part} is not a field of the entity", place, part)
    return field


def _split_lenses(
    fields: Sequence[CanonicalField], path: Path, statement: GroupStatement, known: Sequence[str]
) -> list[FieldLens]:
    """Several fields in one text, one a line; what goes on past the last is joined by commas.

    Declared loss: a field before an empty one moves up.
    """
    names = [field.path for field in fields]
    condition = condition_of(statement.when, known)

    def emit(body: Body, writing: Writing) -> None:
        if not any(name in writing.fields for name in names):
            return
        text = _joined(writing.fields, names)
        if text or not writing.creating:
            put(body, path, text or writing.blank)

    lenses = []
    for index, field in enumerate(fields):
        pick = _line_picker(index, len(fields))
        functions_of(field, [])  # refuses a field that is no text
        lenses.append(
            FieldLens(
                field=field.path,
                read=reader_of(path, pick),
                emit=emit if index == 0 else _emitted_by_the_first,
                normal=read_trimmed,
                keys=frozenset((path,)),
                condition=condition,
                expect=_expected_line(names, pick),
            )
        )
    return lenses


def _emitted_by_the_first(body: Body, writing: Writing) -> None:
    """The text is written whole, once."""


def _joined(fields: Mapping[str, JSON], names: Sequence[str]) -> str:
    *first, last = (fields.get(name) for name in names)
    lines = [*map(read_one_line, first), read_one_line(last)]
    return "\n".join(line for line in lines if line)


def _line_picker(index: int, count: int) -> Callable[[Any], str | None]:
    def pick(value: Any) -> str | None:
        text = read_trimmed(value)
        lines = [line for line in map(str.strip, text.split("\n")) if line] if text else []
        if index < count - 1:
            return lines[index] if index < len(lines) else None
        return ", ".join(lines[index:]) or None

    return pick


def _expected_line(
    names: Sequence[str], pick: Callable[[Any], str | None]
) -> Callable[[Mapping[str, JSON]], JSON]:
    return lambda fields: pick(_joined(fields, names))
