"""Mapping: finds, parses, compiles and cross-checks the definitions that ship."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import twinledger
from twinledger.mapping.compiler import compile_mapping
from twinledger.mapping.entity_model import entity_models
from twinledger.mapping.errors import DefinitionError
from twinledger.mapping.flow import Flow, compile_flow
from twinledger.mapping.lens import ObjectMapping
from twinledger.mapping.models import FlowFile, MappingFile, SyncFile
from twinledger.mapping.sync_rule import OURS, SyncRule, compile_sync_rule
from twinledger.mapping.yaml_source import Problem, Source, load_yaml

__all__ = [
    "CASES_SUFFIX",
    "Definitions",
    "load_flow",
    "load_mapping",
    "load_shipped",
    "load_sync_rule",
    "refuse_shared_back",
    "shipped_files",
    "shown_as",
]

Compiled = TypeVar("Compiled")

_PACKAGE = Path(twinledger.__file__).parent
CASES_SUFFIX = ".cases.yaml"


@dataclass(frozen=True, slots=True)
class Definitions:
    """All that a stage needs to know of vendors' documents and of what is kept in step."""

    mappings: Mapping[str, ObjectMapping]
    sync_rules: Mapping[str, SyncRule]
    flows: tuple[Flow, ...]

    def without(self, systems: Collection[str]) -> Definitions:
        """For a workspace that these systems are not connected in: a line of theirs is simply absent."""
        if not systems:
            return self
        rules = {entity: rule.without(systems) for entity, rule in self.sync_rules.items()}
        flows = tuple(flow for flow in self.flows if flow.target.partition(".")[0] not in systems)
        return replace(self, sync_rules=rules, flows=flows)

    @property
    def shared(self) -> dict[str, str]:
        """Objects of a second product of a vendor -> the objects whose records they show."""
        return {one: shown for rule in self.sync_rules.values() for one, shown in rule.shared.items()}


@lru_cache(maxsize=1)
def load_shipped() -> Definitions:
    """The definitions in this package; DefinitionError names file, field and line."""
    mappings = {}
    for path in shipped_files("connectors/*/mappings"):
        mapping = load_mapping(path)
        mappings[mapping.object] = mapping
    rules = (load_sync_rule(path, mappings) for path in shipped_files("definitions/sync"))
    flows = tuple(load_flow(path, mappings) for path in shipped_files("definitions/flows"))
    by_entity = {rule.entity: rule for rule in rules}
    for flow in flows:
        refuse_shared_back(flow, by_entity)
    return Definitions(mappings, by_entity, flows)


def refuse_shared_back(flow: Flow, rules: Mapping[str, SyncRule]) -> None:
    """What a flow writes back is written by nobody else, or it could go round in circles."""
    for name in flow.gives_back:
        policy = rules[flow.on_entity].policy[name]
        if policy.owner != OURS:
            raise DefinitionError(
                f"sync.{flow.on_entity} must give {name} to owner({OURS})",
                file=f"definitions/flows/{flow.name}.yaml",
                field=f"back.fields.{name}",
            )


def shipped_files(folder: str) -> Iterator[Path]:
    """Definition files of a folder of the package, their cases left out."""
    found = sorted(_PACKAGE.glob(f"{folder}/*.yaml"))
    return (path for path in found if not path.name.endswith(CASES_SUFFIX))


def load_mapping(path: Path) -> ObjectMapping:
    """One object mapping."""
    source = _source(path)
    file = source.parse(MappingFile)
    return _compiled(source, lambda: compile_mapping(file, entity_models()))


def load_sync_rule(path: Path, mappings: Mapping[str, ObjectMapping]) -> SyncRule:
    """One sync rule; `mappings` must hold the objects it names."""
    source = _source(path)
    file = source.parse(SyncFile)
    return _compiled(source, lambda: compile_sync_rule(file, entity_models(), mappings))


def load_flow(path: Path, mappings: Mapping[str, ObjectMapping]) -> Flow:
    """One flow; `mappings` must hold its target."""
    source = _source(path)
    file = source.parse(FlowFile)
    return _compiled(source, lambda: compile_flow(file, entity_models(), mappings))


def shown_as(path: Path) -> str:
    """How messages name a file: inside the package without the place of the installation."""
    return str(path.relative_to(_PACKAGE)) if path.is_relative_to(_PACKAGE) else str(path)


def _source(path: Path) -> Source:
    return load_yaml(path, shown_as(path))


def _compiled(source: Source, compile_file: Callable[[], Compiled]) -> Compiled:
    try:
        return compile_file()
    except Problem as problem:
        raise source.error(str(problem), problem.place) from problem
