"""CLI: what a mapping makes of one document, by the engine that runs in transform and loader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twinledger.mapping.definitions import Definitions
from twinledger.mapping.document import decode
from twinledger.mapping.entity_model import JSON
from twinledger.mapping.errors import MappingError
from twinledger.mapping.lens import ObjectMapping
from twinledger.mapping.natural_keys import parse_natural_key

__all__ = ["preview_document"]


def preview_document(definitions: Definitions, object_name: str, text: bytes) -> dict[str, Any]:
    """Canonical fields of the document, and the body of a new record on each other side.

    References stay as they are named; what a side cannot be sent says why.
    """
    mapping = definitions.mappings[object_name]
    document = decode(text)
    if not mapping.accepts(document):
        return {"object": object_name, "accepted": False}
    reading = mapping.read(document)
    rule = definitions.sync_rules[reading.entity]
    others = [name for name in rule.targets(reading.fields) if name != object_name]
    return {
        "object": object_name,
        "accepted": True,
        "definition": mapping.definition,
        "entity": reading.entity,
        "external_id": reading.external_id,
        "updated_at": reading.updated_at,
        "fields": reading.fields,
        "writes": {name: _written(definitions.mappings[name], reading.fields) for name in others},
    }


def _written(mapping: ObjectMapping, fields: Mapping[str, JSON]) -> dict[str, Any] | str:
    try:
        return mapping.write(
            fields, fields, creating=True, reference=None, resolve=lambda name: name, lookup=_by_content
        )
    except MappingError as error:
        return f"cannot be written: {error.field}: {error}"


def _by_content(name: str) -> Mapping[str, JSON]:
    """A record that is named by its content says what is looked up of it."""
    named = parse_natural_key(name)
    if named is None:
        raise MappingError(f"{name} is looked up when it is written", field=name)
    return named[1]
