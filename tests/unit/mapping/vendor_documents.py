"""Strategies: documents as a vendor would give them, made from the mapping file's own statements."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st
from tests.unit.mapping.canonical import raw_texts

from twinledger.mapping.definitions import shipped_files
from twinledger.mapping.entity_model import CanonicalField, entity_models
from twinledger.mapping.models import (
    FieldStatement,
    GroupStatement,
    LinesStatement,
    MappingFile,
    NaturalStatement,
    ScalarStatement,
)
from twinledger.mapping.paths import parse_path, put
from twinledger.mapping.yaml_source import load_yaml

__all__ = ["documents", "keys_of"]

_ID = st.integers(1001, 1003)
_DATES = st.dates().map(lambda day: day.isoformat())
_DECIMALS = st.decimals(-(10**6), 10**6, places=3, allow_nan=False, allow_infinity=False)
_RAW: dict[str, st.SearchStrategy[Any]] = {
    "text": raw_texts,
    "email": raw_texts | st.emails(),
    "phone": raw_texts | st.sampled_from(["+1 (207) 555-0142", "0034 910", "+34 910 123 456 ext. 5"]),
    "language": st.sampled_from(["en", " FR"]),
    "currency": st.sampled_from(["usd", "EUR "]),
    "country": raw_texts | st.sampled_from(["U.S.A", "united states", "Korea, Republic of", "Narnia"]),
    "date": _DATES,
    "decimal": _DECIMALS,
    "flag": st.booleans(),
}


@lru_cache
def _file(object_name: str) -> MappingFile:
    files = (load_yaml(path).parse(MappingFile) for path in shipped_files("connectors/*/mappings"))
    return next(file for file in files if file.object == object_name)


def keys_of(object_name: str) -> list[str]:
    """Top-level keys that the mapping looks at."""
    file = _file(object_name)
    paths = [file.identity.id, *file.unsupported, *(link.path for link in file.links.values())]
    paths += [file.identity.updated_at.path] if file.identity.updated_at else []
    for statement in file.fields.values():
        grouped = (
            [*statement.fields.values(), *statement.split] if isinstance(statement, GroupStatement) else []
        )
        paths += grouped or [statement.path]  # type: ignore[union-attr]
    return sorted({str(parse_path(path)[0]) for path in [*paths, "custom_field_hash", "custom_fields"]})


@lru_cache
def documents(object_name: str) -> st.SearchStrategy[dict[str, Any]]:
    """Well-formed documents; some keys are missing, some null."""
    file = _file(object_name)
    canonical = entity_models()[file.entity].fields
    parts: list[st.SearchStrategy[list[tuple[str, Any]]]] = [
        _stated(name, statement, canonical)
        for name, statement in file.fields.items()
        if not (isinstance(statement, LinesStatement) and statement.write == "never")
    ]
    parts += [_maybe(link.path, _ID.map(str)) for link in file.links.values()]
    return st.tuples(*parts).map(lambda found: _document(file, [pair for part in found for pair in part]))


def _document(file: MappingFile, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document: dict[str, Any] = {file.identity.id: "1"}
    # An amount and its currency, or the parts of an address, make one object of the vendor.
    for path, value in sorted(pairs, key=lambda pair: pair[0]):
        target = parse_path(path)
        if len(target) > 1 and document.get(str(target[0]), {}) is None:
            continue
        put(document, target, value)
    return document


def _stated(name: str, statement: FieldStatement, canonical: Any) -> st.SearchStrategy[list[tuple[str, Any]]]:
    if isinstance(statement, GroupStatement):
        places = {path: canonical[f"{name}.{part}"] for part, path in statement.fields.items()}
        places |= {path: canonical[f"{name}.{parts[0]}"] for path, parts in statement.split.items()}
        values = [_maybe(path, _RAW[field.format]) for path, field in places.items()]
        return st.tuples(*values).map(lambda found: [pair for part in found for pair in part])
    if isinstance(statement, LinesStatement):
        line = st.fixed_dictionaries({}, optional=dict(_line_parts(statement, canonical[name].fields)))
        return _maybe(statement.path, st.lists(line.map(_as_line), max_size=2))
    return _maybe(statement.path, _raw(statement, canonical[name]))


def _line_parts(statement: LinesStatement, canonical: Any) -> list[tuple[str, st.SearchStrategy[Any]]]:
    parts: list[tuple[str, st.SearchStrategy[Any]]] = []
    for name, part in statement.each.items():
        if isinstance(part, NaturalStatement):
            parts.append((name, st.none() | _ID.map(lambda number: (f"Tax & Co {number}", "5.5"))))
        else:
            parts.append((part.path, _raw(part, canonical[name])))
    return parts


def _as_line(parts: dict[str, Any]) -> dict[str, Any]:
    for number, name in enumerate(("tax", "second_tax"), 1):
        tax = parts.pop(name, None)
        parts |= {} if tax is None else {f"taxName{number}": tax[0], f"taxAmount{number}": tax[1]}
    return parts


def _raw(statement: ScalarStatement, field: CanonicalField) -> st.SearchStrategy[Any]:
    if statement.table is not None:
        return st.sampled_from(list(statement.table))
    if statement.ref is not None:
        return _ID if statement.id == "integer" else _ID.map(str)
    if statement.money is not None:
        return _DECIMALS.map(lambda amount: {"amount": f"{amount:.2f}", "code": "USD"})
    if statement.apply == ["decimal_text"]:
        return _DECIMALS.map(str)
    return _RAW[field.format].map(lambda value: Decimal(value) if isinstance(value, Decimal) else value)


def _maybe(path: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[tuple[str, Any]]]:
    return st.one_of(st.just([]), st.just([(path, None)]), values.map(lambda value: [(path, value)]))
