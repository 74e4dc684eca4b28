"""Mapping: sync rules, which systems hold an entity and who may change what.

Enrich asks for targets and policies; the merge itself is enrich's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from twinledger.mapping.account_table import AccountTable, compile_accounts
from twinledger.mapping.compile_scalars import condition_of
from twinledger.mapping.entity_model import JSON, CanonicalField, EntityModel
from twinledger.mapping.errors import MappingError, ValueFault
from twinledger.mapping.expressions import Condition
from twinledger.mapping.field_policy import FieldPolicy, parse_policy
from twinledger.mapping.lens import ObjectMapping
from twinledger.mapping.match_rule import MatchRule, compile_match
from twinledger.mapping.models import SyncFile, SystemStatement
from twinledger.mapping.yaml_source import Problem

__all__ = ["OURS", "FieldPolicy", "SyncRule", "SystemRule", "compile_sync_rule"]

Line = TypeVar("Line")

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
    first; a later set is tried where one before it says nothing. Empty: by reference only. `scored`: several
    fields are compared and weighed instead. `dated_by`: the field whose date says whether the record belongs
    to the time from which documents are synced. `shared`: an object of another product of the vendor -> the
    object whose records it shows under the same ids; we hear of what happens there."""

    entity: str
    version: int
    systems: Mapping[str, SystemRule]
    policy: Mapping[str, FieldPolicy]
    match: Sequence[Sequence[str]]
    delete: str
    scored: MatchRule | None = None
    dated_by: str | None = None
    shared: Mapping[str, str] = field(default_factory=dict)
    accounts: Sequence[AccountTable] = ()

    def is_before(self, fields: Mapping[str, JSON], since: str | None) -> bool:
        """Is it a document of the time before? Such are matched, never made or changed."""
        date = fields.get(self.dated_by) if self.dated_by is not None else None
        return since is not None and isinstance(date, str) and date < since

    @property
    def identifying(self) -> tuple[str, ...]:
        """Fields that a record is recognised by."""
        if self.scored is not None:
            return self.scored.paths
        return tuple(dict.fromkeys(name for names in self.match for name in names))

    def without(self, systems: Collection[str]) -> SyncRule:
        """For a workspace that is not connected to these: their lines are absent, and what they own belongs
        to whoever changes it last."""
        policy = {
            name: replace(one, kind="lww", owner=None) if one.owner in systems else one
            for name, one in self.policy.items()
        }
        return replace(
            self, systems=_away(self.systems, systems), policy=policy, shared=_away(self.shared, systems)
        )

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
    exact, scored = _match(file, fields)
    if missing := [name for name in fields if name not in file.policy]:
        raise Problem(f"no policy for {', '.join(missing)}", "policy")
    shared = {name: given.shares for name, given in file.systems.items() if given.shares is not None}
    systems = {
        name: _system(name, given, file.sync, models, mappings)
        for name, given in file.systems.items()
        if name not in shared
    }
    for name, shown in shared.items():
        _check_shared(name, shown, file.sync, systems, mappings)
    owners = {name.partition(".")[0] for name in systems} | {OURS}
    policy = {}
    for name, text in file.policy.items():
        if name not in fields:
            raise Problem(f"{name} is not a field of {file.sync}", "policy", name)
        try:
            policy[name] = parse_policy(text, fields[name], owners)
        except Problem as problem:
            raise Problem(str(problem), "policy", name) from problem
    if file.since is not None and (file.since not in fields or fields[file.since].format != "date"):
        raise Problem(f"{file.since} is no date of {file.sync}", "since")
    accounts = compile_accounts(file.accounts, fields, policy, OURS)
    return SyncRule(
        file.sync, file.version, systems, policy, exact, file.delete, scored, file.since, shared, accounts
    )


def _away(lines: Mapping[str, Line], systems: Collection[str]) -> dict[str, Line]:
    return {name: line for name, line in lines.items() if name.partition(".")[0] not in systems}


def _check_shared(
    name: str,
    shown: str,
    entity: str,
    systems: Mapping[str, SystemRule],
    mappings: Mapping[str, ObjectMapping],
) -> None:
    if name not in mappings or mappings[name].entity != entity:
        raise Problem(f"no mapping of {name} to {entity}", "systems", name)
    if shown not in systems:
        raise Problem(f"{shown} is no line of the rule that is read and written", "systems", name, "shares")
    if shown.partition(".")[0] == name.partition(".")[0]:
        raise Problem("shares names an object of another product", "systems", name, "shares")


def _match(
    file: SyncFile, fields: Mapping[str, CanonicalField]
) -> tuple[Sequence[Sequence[str]], MatchRule | None]:
    if not isinstance(file.match, list):
        return (), compile_match(file.match, file.sync, fields)
    for index, names in enumerate(file.match):
        for name in names:
            if name not in fields:
                raise Problem(f"{name} is not a field of {file.sync}", "match", index)
    return file.match, None


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
