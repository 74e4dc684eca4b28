"""Road: may one Avro schema read what another wrote? Pure; the lint asks it in both directions.

Follows Avro's schema resolution. FULL_TRANSITIVE = every pair of versions, both ways.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

__all__ = ["full_transitive_problems", "unfit_parts", "unreadable_parts"]

_PROMOTIONS = {
    "int": {"long", "float", "double"},
    "long": {"float", "double"},
    "float": {"double"},
    "string": {"bytes"},
    "bytes": {"string"},
}


def full_transitive_problems(versions: Sequence[tuple[str, Any]]) -> list[str]:
    """Each problem names the two versions and the field; `versions` are (label, schema)."""
    problems = []
    for (left_name, left), (right_name, right) in combinations(versions, 2):
        for reader_name, reader, writer_name, writer in (
            (left_name, left, right_name, right),
            (right_name, right, left_name, left),
        ):
            problems += [
                f"{reader_name} cannot read {writer_name}: {part}"
                for part in unreadable_parts(reader, writer)
            ]
    return problems


def unreadable_parts(reader: Any, writer: Any, path: str = "") -> Iterator[str]:
    """Places where data of `writer` does not resolve to `reader`."""
    if isinstance(writer, list):
        for branch in writer:
            yield from unreadable_parts(reader, branch, path)
    elif isinstance(reader, list):
        if not any(_resolves(branch, writer) for branch in reader):
            yield f"{path or 'schema'}: {_kind(writer)} is in no branch of the union"
    elif _kind(reader) != _kind(writer):
        if _kind(reader) not in _PROMOTIONS.get(_kind(writer), set()):
            yield f"{path or 'schema'}: {_kind(writer)} became {_kind(reader)}"
    else:
        yield from _unreadable_of_same_kind(reader, writer, path)


def unfit_parts(schema: Any, path: str = "") -> Iterator[str]:
    """What our schemas must not hold: floats (money), types that contain themselves (nesting)."""
    if isinstance(schema, list):
        for branch in schema:
            yield from unfit_parts(branch, path)
    elif isinstance(schema, dict):
        for field in schema.get("fields", ()):
            yield from unfit_parts(field["type"], f"{path}.{field['name']}".lstrip("."))
        if schema["type"] in ("array", "map"):
            yield from unfit_parts(schema["items" if schema["type"] == "array" else "values"], path + "[]")
    elif schema in ("float", "double"):
        yield f"{path}: numbers with a fraction travel as decimal text"
    elif schema not in _PRIMITIVES:
        yield f"{path}: refers to {schema}; spell the type out, so that depth is bounded"


_PRIMITIVES = {"null", "boolean", "int", "long", "bytes", "string"}


def _unreadable_of_same_kind(reader: Any, writer: Any, path: str) -> Iterator[str]:
    kind = _kind(writer)
    if kind == "record":
        yield from _unreadable_fields(reader, writer, path)
    elif kind == "array":
        yield from unreadable_parts(reader["items"], writer["items"], path + "[]")
    elif kind == "map":
        yield from unreadable_parts(reader["values"], writer["values"], path + "{}")
    elif kind == "enum" and "default" not in reader:
        for symbol in set(writer["symbols"]) - set(reader["symbols"]):
            yield f"{path}: symbol {symbol} is unknown"
    elif kind == "fixed" and reader["size"] != writer["size"]:
        yield f"{path}: size changed"
    elif _logical(reader) != _logical(writer):
        yield f"{path}: {_logical(writer)} became {_logical(reader)}"


def _unreadable_fields(reader: Any, writer: Any, path: str) -> Iterator[str]:
    written = {field["name"]: field for field in writer["fields"]}
    for field in reader["fields"]:
        here = f"{path}.{field['name']}".lstrip(".")
        names = (field["name"], *field.get("aliases", ()))
        source = next((written[name] for name in names if name in written), None)
        if source is not None:
            yield from unreadable_parts(field["type"], source["type"], here)
        elif "default" not in field:
            yield f"{here}: has no default"


def _resolves(reader: Any, writer: Any) -> bool:
    return next(unreadable_parts(reader, writer), None) is None


def _kind(schema: Any) -> str:
    return str(schema["type"] if isinstance(schema, dict) else schema)


def _logical(schema: Any) -> str | None:
    return schema.get("logicalType") if isinstance(schema, dict) else None
