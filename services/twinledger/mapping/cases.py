"""Mapping: the cases that lie beside every definition; each is a test and an example.

In: <name>.cases.yaml beside <name>.yaml    Out: for each case what differs from its expectation
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from twinledger.mapping.definitions import CASES_SUFFIX, Definitions, shown_as
from twinledger.mapping.entity_model import JSON
from twinledger.mapping.errors import MappingError
from twinledger.mapping.flow import Flow
from twinledger.mapping.lens import ObjectMapping
from twinledger.mapping.sync_rule import SyncRule
from twinledger.mapping.yaml_source import load_yaml

__all__ = ["Case", "load_cases"]


class _Given(BaseModel):
    """Of a mapping a document to read, or fields to write; of a rule or flow fields; of a flow also
    settings, the trigger's short name, and what the target says of its documents."""

    model_config = ConfigDict(extra="forbid")

    document: Any = None
    fields: dict[str, Any] | None = None
    changed: list[str] | None = None
    creating: bool = False
    reference: str | None = None
    ids: dict[str, str] = {}
    entities: dict[str, dict[str, Any]] = {}
    name_attempt: int = 0
    settings: dict[str, Any] = {}
    id: str = ""
    documents: list[dict[str, Any]] | None = None


class _Expect(BaseModel):
    """What must come out; only what is given is compared. `error` names the field at fault."""

    model_config = ConfigDict(extra="forbid")

    id: str | None = None
    updated_at: str | None = None
    reference: str | None = None
    links: dict[str, str] | None = None
    fields: dict[str, Any] | None = None
    includes: dict[str, Any] | None = None
    absent: list[str] = []
    accepts: bool | None = None
    body: dict[str, Any] | None = None
    expected: dict[str, Any] | None = None
    targets: list[str] | None = None
    applies: bool | None = None
    documents: list[dict[str, Any]] | None = None
    back: dict[str, Any] | None = None
    error: str | None = None


class _Statement(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    given: _Given
    expect: _Expect


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    cases: list[_Statement]


@dataclass(frozen=True, slots=True)
class Case:
    """One case of one definition."""

    definition: str
    name: str
    _given: _Given
    _expect: _Expect

    def differences(self, definitions: Definitions) -> list[str]:
        """Empty when the definition does as the case says."""
        given, expect = self._given, self._expect
        try:
            got = self._outcome(definitions)
        except MappingError as error:
            if error.field == expect.error:
                return []
            return [f"failed at {error.field}: {error}"]
        if expect.error is not None:
            return [f"no error at {expect.error}; got {got}"]
        wanted = expect.model_dump(exclude_unset=True, exclude={"includes", "absent"})
        found = [
            f"{key}: expected {value!r}, got {got.get(key)!r}"
            for key, value in wanted.items()
            if got.get(key) != value
        ]
        said = got.get("fields") or {}
        for path, value in (expect.includes or {}).items():
            if path not in said or said[path] != value:
                found.append(f"{path}: expected {value!r}, got {said.get(path, 'nothing')!r}")
        found += [f"{path}: must not be stated" for path in expect.absent if path in said]
        return found if wanted or expect.includes or expect.absent else [f"{given} is compared with nothing"]

    def _outcome(self, definitions: Definitions) -> dict[str, Any]:
        if self.definition in definitions.mappings:
            mapping = definitions.mappings[self.definition]
            return (
                _written(mapping, self._given)
                if self._given.document is None
                else _read(mapping, self._given)
            )
        fields = self._given.fields or {}
        if self.definition in definitions.sync_rules:
            return _targets(definitions.sync_rules[self.definition], fields)
        flow = next(flow for flow in definitions.flows if flow.name == self.definition)
        return _derived(flow, self._given)


def load_cases(path: Path) -> Iterator[Case]:
    """Cases of one definition file; none when it has no file of cases."""
    cases = path.with_name(path.name.removesuffix(".yaml") + CASES_SUFFIX)
    if not cases.exists():
        return
    data = load_yaml(path, shown_as(path)).data
    definition = next(data[key] for key in ("object", "sync", "flow") if key in data)
    for case in load_yaml(cases, shown_as(cases)).parse(_File).cases:
        yield Case(definition, case.name, case.given, case.expect)


def _read(mapping: ObjectMapping, given: _Given) -> dict[str, Any]:
    if not mapping.accepts(given.document):
        return {"accepts": False}
    reading = mapping.read(given.document)
    return {
        "accepts": True,
        "id": reading.external_id,
        "updated_at": f"{reading.updated_at:%Y-%m-%dT%H:%M:%SZ}" if reading.updated_at else None,
        "reference": reading.reference,
        "links": reading.links,
        "fields": reading.fields,
    }


def _written(mapping: ObjectMapping, given: _Given) -> dict[str, Any]:
    fields = given.fields or {}
    body = mapping.write(
        fields,
        fields if given.changed is None else given.changed,
        creating=given.creating,
        reference=given.reference,
        resolve=_known(given.ids),
        lookup=_known(given.entities),
        name_attempt=given.name_attempt,
    )
    return {"body": body, "expected": mapping.expected(fields, creating=given.creating)}


def _known(values: Mapping[str, Any]) -> Callable[[str], Any]:
    def look_up(name: str) -> Any:
        if name not in values:
            raise MappingError(f"the case does not give {name}", field=name)
        return values[name]

    return look_up


def _targets(rule: SyncRule, fields: Mapping[str, JSON]) -> dict[str, Any]:
    return {"targets": list(rule.targets(fields))}


def _derived(flow: Flow, given: _Given) -> dict[str, Any]:
    """`fields` are those of the only document, `documents` all of them with their parts."""
    if given.documents is not None:
        return {"back": flow.back(given.documents, given.settings)}
    fields = given.fields or {}
    if not flow.applies(fields):
        return {"applies": False, "fields": {}, "documents": []}
    made = flow.derive(fields, given.settings, given.id)
    return {
        "applies": True,
        "fields": made[0].fields if len(made) == 1 else None,
        "documents": [{"part": document.part, "fields": document.fields} for document in made],
    }
