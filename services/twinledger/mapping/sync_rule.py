"""Mapping: sync rules, which systems hold an entity and who may change what.

Enrich asks for targets and policies; the merge itself is enrich's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from twinledger.mapping.compile_scalars import condition_of
from twinledger.mapping.entity_model import JSON, EntityModel
from twinledger.mapping.errors import MappingError, ValueFault
from twinledger.mapping.expressions import Condition
from twinledger.mapping.field_policy import FieldPolicy, parse_policy
from twinledger.mapping.lens import ObjectMapping
from twinledger.mapping.models import SyncFile, SystemStatement
from twinledger.mapping.yaml_source import Problem

__all__ = ["OURS", "FieldPolicy", "SyncRule", "SystemRule", "compile_sync_rule"]

OURS = "twinledger"
"""Owner of what flows write back: no system may change it."""


@dataclass(frozen=True, slots=True)
class SystemRule:
    """One object that may hold the entity. `create`: we may make the record there; a record that
    exists is kept in step in any case."""

    object: str
    role: str
    when: Condition | None
    create: bool


@dataclass(frozen=True, slots=True)
class SyncRule:
    """One entity in several systems. `match`: sets of fields that identify it on first sight, the best
    first; a later set is tried where one before it says nothing. Empty: by reference only."""

    entity: str
    version: int
    systems: Mapping[str, SystemRule]
    policy: Mapping[str, FieldPolicy]
    match: Sequence[Sequence[str]]
    delete: str

    @property
    def definition(self) -> str:
        """Name and version, as records store it."""
        return f"sync.{self.entity}@{self.version}"

    def targets(self, fields: Mapping[str, JSON]) -> tuple[str, ...]:
        """Objects that should hold an entity with these fields, in the order of the rule."""
        try:
            return tuple(
                name for name, rule in self.systems.items() if rule.when is None or rule.when(fields)
            )
        except ValueFault as fault:
            raise MappingError(str(fault), field=f"sync.{self.entity}") from fault


def compile_sync_rule(
    file: SyncFile, models: Mapping[str, EntityModel], mappings: Mapping[str, ObjectMapping]
) -> SyncRule:
    """Problem tells what is wrong and where in the file."""
    if file.sync not in models:
        raise Problem(f"{file.sync!r} is not an entity; there are: {', '.join(models)}", "sync")
    fields = models[file.sync].fields
    for index, names in enumerate(file.match):
        for name in names:
            if name not in fields:
                raise Problem(f"{name} is not a field of {file.sync}", "match", index)
    if missing := [name for name in fields if name not in file.policy]:
        raise Problem(f"no policy for {', '.join(missing)}", "policy")
    systems = {
        name: _system(name, given, file.sync, models, mappings) for name, given in file.systems.items()
    }
    owners = {name.partition(".")[0] for name in systems} | {OURS}
    policy = {}
    for name, text in file.policy.items():
        if name not in fields:
            raise Problem(f"{name} is not a field of {file.sync}", "policy", name)
        try:
            policy[name] = parse_policy(text, fields[name], owners)
        except Problem as problem:
            raise Problem(str(problem), "policy", name) from problem
    return SyncRule(file.sync, file.version, systems, policy, file.match, file.delete)


def _system(
    name: str,
    given: SystemStatement,
    entity: str,
    models: Mapping[str, EntityModel],
    mappings: Mapping[str, ObjectMapping],
) -> SystemRule:
    mapping = mappings.get(name)
    if mapping is None or mapping.entity != entity:
        raise Problem(f"no mapping of {name} to {entity}", "systems", name)
    try:
        when = condition_of(given.when, tuple(models[entity].fields))
    except Problem as problem:
        raise Problem(str(problem), "systems", name, *problem.place) from problem
    return SystemRule(name, given.role, when, given.create)
