"""Road: the bundled schema registry: schemas/*.avsc and the ids they were given, for good.

The lock file keeps every version that was ever published, so old bytes stay readable; the file of
a schema is its newest version. `schema_lock.py` writes the lock file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from twinledger.kernel.errors import FatalError

__all__ = [
    "LOCK_FILE",
    "Locked",
    "canonical_form",
    "fingerprint_of",
    "load_lock",
    "read_lock",
    "read_schemas",
]

LOCK_FILE = "ids.lock.json"

_KEPT = {
    "record": ("type", "name", "namespace", "aliases"),
    "enum": ("type", "name", "namespace", "aliases", "symbols", "default"),
    "fixed": ("type", "name", "namespace", "aliases", "size"),
    "array": ("type",),
    "map": ("type",),
}
_KEPT_OF_PRIMITIVE = ("type", "logicalType", "precision", "scale")


@dataclass(frozen=True, slots=True)
class Locked:
    """One published version of one schema."""

    id: int
    name: str
    version: int
    fingerprint: str
    schema: Any


def read_schemas(folder: Path) -> dict[str, Any]:
    """The newest version of each schema, by file name without suffix."""
    return {path.stem: orjson.loads(path.read_bytes()) for path in sorted(folder.glob("*.avsc"))}


def read_lock(text: bytes) -> list[Locked]:
    """The entries of a lock file, by id."""
    return [Locked(**entry) for entry in orjson.loads(text)["schemas"]]


def load_lock(folder: Path) -> list[Locked]:
    path = folder / LOCK_FILE
    if not path.is_file():
        raise FatalError(f"{LOCK_FILE} is missing; try: python -m twinledger.road.schema_lock")
    return read_lock(path.read_bytes())


def fingerprint_of(schema: Any) -> str:
    """Equal for schemas that write the same bytes and read them as the same values."""
    text = orjson.dumps(canonical_form(schema), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()


def canonical_form(schema: Any) -> Any:
    """What reading and writing depend on; descriptions and our own field properties fall away."""
    if isinstance(schema, list):
        return [canonical_form(branch) for branch in schema]
    if not isinstance(schema, Mapping):
        return schema
    kind = schema["type"]
    if not isinstance(kind, str):
        return canonical_form(kind)
    form = {key: schema[key] for key in _KEPT.get(kind, _KEPT_OF_PRIMITIVE) if key in schema}
    if kind == "record":
        form["fields"] = [_canonical_field(field) for field in schema["fields"]]
    if kind == "array":
        form["items"] = canonical_form(schema["items"])
    if kind == "map":
        form["values"] = canonical_form(schema["values"])
    return form


def _canonical_field(field: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: field[key] for key in ("name", "default", "aliases") if key in field}
    return kept | {"type": canonical_form(field["type"])}
