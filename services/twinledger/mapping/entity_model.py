"""Mapping: what each entity holds, read from the Avro observation schemas, their single source.

A canonical path ("name.given") is an Avro field ("name_given") whose properties say its class
(how far it may travel), its format (how its values are written) and what it refers to.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from twinledger.kernel.errors import FatalError
from twinledger.kernel.resources import schema_dir

__all__ = ["JSON", "CanonicalField", "EntityModel", "FieldClass", "entity_models", "load_entity_models"]

JSON = str | int | bool | list[dict[str, Any]] | None
"""A canonical value: text, number, flag, nothing, or lines."""

FieldClass = Literal["public", "business", "external_id", "contact", "identity", "financial", "free_text"]


@dataclass(frozen=True, slots=True)
class CanonicalField:
    """One field of an entity. `values` closes the set of texts; `fields` are those of a line."""

    path: str
    avro_name: str
    field_class: FieldClass
    format: str
    ref: str | None = None
    values: tuple[str, ...] = ()
    fields: Mapping[str, CanonicalField] | None = None


@dataclass(frozen=True, slots=True)
class EntityModel:
    """The canonical fields of one entity, by path, in schema order."""

    entity: str
    schema_name: str
    fields: Mapping[str, CanonicalField]

    @property
    def refs(self) -> Mapping[str, str]:
        """Paths whose values name another record, with the entity they name; lines as "lines.tax"."""
        return dict(_refs(self.fields.values(), ""))

    def to_record(self, fields: Mapping[str, JSON]) -> dict[str, Any]:
        """Field map -> the entity part of an Avro observation, with `present` in schema order."""
        record: dict[str, Any] = {}
        present = []
        for path, field in self.fields.items():
            if path in fields:
                present.append(path)
                record[field.avro_name] = fields[path]
        record["present"] = present
        return record

    def from_record(self, record: Mapping[str, Any]) -> dict[str, JSON]:
        """Avro observation -> field map: only what the system stated."""
        return {
            path: record[self.fields[path].avro_name] for path in record["present"] if path in self.fields
        }


def load_entity_models(directory: Path) -> dict[str, EntityModel]:
    """Every observation.<entity>.avsc of a directory."""
    models = {}
    for path in sorted(directory.glob("observation.*.avsc")):
        schema = json.loads(path.read_text())
        fields = [_field(field, path.name) for field in schema["fields"] if "path" in field]
        models[schema["entity"]] = EntityModel(schema["entity"], path.stem, {f.path: f for f in fields})
    return models


@lru_cache(maxsize=1)
def entity_models() -> Mapping[str, EntityModel]:
    """The models of the schemas that ship."""
    return load_entity_models(schema_dir())


def _field(field: Mapping[str, Any], file: str) -> CanonicalField:
    try:
        inner = None
        if field["format"] == "lines":
            lines = (_field(part, file) for part in field["type"][1]["items"]["fields"])
            inner = {line.path: line for line in lines}
        return CanonicalField(
            path=field["path"],
            avro_name=field["name"],
            field_class=field["class"],
            format=field["format"],
            ref=field.get("ref"),
            values=tuple(field.get("values", ())),
            fields=inner,
        )
    except (KeyError, TypeError, IndexError) as exc:
        raise FatalError(f"{file}: field {field.get('name')}: lacks property {exc}") from exc


def _refs(fields: Iterable[CanonicalField], prefix: str) -> Iterable[tuple[str, str]]:
    for field in fields:
        if field.ref is not None:
            yield prefix + field.path, field.ref
        if field.fields is not None:
            yield from _refs(field.fields.values(), f"{field.path}.")
