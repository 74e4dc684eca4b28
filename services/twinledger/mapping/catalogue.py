"""Mapping: the definitions as people look for them: by name, with their file, version and cases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from twinledger.mapping.cases import Case, load_cases
from twinledger.mapping.definitions import load_flow, load_mapping, load_sync_rule, shipped_files, shown_as
from twinledger.mapping.lens import ObjectMapping
from twinledger.mapping.yaml_source import Source, load_yaml

__all__ = ["Entry", "catalogue", "check_file", "differences", "find"]

Kind = Literal["mapping", "sync", "flow"]
_FOLDERS: Mapping[Kind, str] = {
    "mapping": "connectors/*/mappings",
    "sync": "definitions/sync",
    "flow": "definitions/flows",
}
_KEYS: Mapping[str, Kind] = {"object": "mapping", "sync": "sync", "flow": "flow"}
_ABSENT = "(absent)"


@dataclass(frozen=True, slots=True)
class Entry:
    """One definition file."""

    kind: Kind
    name: str
    version: int
    path: Path

    @property
    def file(self) -> str:
        """As messages name it."""
        return shown_as(self.path)

    @property
    def cases(self) -> list[Case]:
        return list(load_cases(self.path))


def catalogue() -> Iterator[Entry]:
    """Every definition that ships, mappings first."""
    for folder in _FOLDERS.values():
        for path in shipped_files(folder):
            yield entry_of(path)


def find(name: str) -> Entry | None:
    """By object ("freshbooks.client"), entity of a sync rule ("customer") or flow."""
    return next((entry for entry in catalogue() if entry.name == name), None)


def entry_of(path: Path) -> Entry:
    """DefinitionError when the file is none of ours."""
    source = load_yaml(path, shown_as(path))
    data = source.data if isinstance(source.data, dict) else {}
    key = next((key for key in _KEYS if key in data), None)
    if key is None:
        raise source.error(f"a definition begins with one of {', '.join(_KEYS)}", ())
    return Entry(_KEYS[key], str(data[key]), int(data.get("version", 1)), path)


def check_file(path: Path, mappings: Mapping[str, ObjectMapping]) -> Entry:
    """Parse and compile one file; DefinitionError names file, field and line."""
    entry = entry_of(path)
    if entry.kind == "mapping":
        load_mapping(path)
    elif entry.kind == "sync":
        load_sync_rule(path, mappings)
    else:
        load_flow(path, mappings)
    return entry


def differences(before: Path, after: Path) -> list[dict[str, str]]:
    """Statement by statement: where, what it was, what it is."""
    old, new = (_flat(_source(path).data) for path in (before, after))
    return [
        {"at": place, "before": old.get(place, _ABSENT), "after": new.get(place, _ABSENT)}
        for place in dict.fromkeys([*old, *new])
        if old.get(place) != new.get(place)
    ]


def _source(path: Path) -> Source:
    return load_yaml(path, shown_as(path))


def _flat(data: Any, place: str = "") -> dict[str, str]:
    if isinstance(data, dict) and data:
        parts = [(f"{place}.{key}" if place else str(key), value) for key, value in data.items()]
    elif isinstance(data, list) and data:
        parts = [(f"{place}[{index}]", value) for index, value in enumerate(data)]
    else:
        return {place: str(data)}
    return {at: text for name, value in parts for at, text in _flat(value, name).items()}
