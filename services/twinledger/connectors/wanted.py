"""Connectors: what the enabled sync rules and flows do at the vendors: the least that a grant has to allow.

A rule reads every object it names and, where they can, keeps their webhooks. It creates unless its line
says `create: false`, and updates where a change can come from another system or from us. A flow makes
its target.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from twinledger.connectors.base.contract import ConnectorInfo
from twinledger.mapping.definitions import Definitions
from twinledger.mapping.sync_rule import OURS, SyncRule

__all__ = ["Operation", "wanted_objects", "wanted_operations", "wanted_scopes"]

Operation = tuple[str, str]
"""object and what is done with it: read, subscribe, create, update, state"""


def wanted_operations(
    definitions: Definitions, infos: Mapping[str, ConnectorInfo], settings: Mapping[str, Any]
) -> list[Operation]:
    """Sorted, each once, and only what the object's connector can do. `settings` are the workspace's: they
    switch flows on and off."""
    flows = [flow for flow in definitions.flows if flow.enabled(settings)]
    asked = {operation for rule in definitions.sync_rules.values() for operation in _of_rule(rule)}
    asked |= {operation for flow in flows for operation in _with_state(flow.target, create=True)}
    return sorted((name, operation) for name, operation in asked if operation in _possible(name, infos))


def wanted_objects(definitions: Definitions) -> frozenset[str]:
    """Objects that anything is done with: read, or only heard of."""
    of_rules = {name for rule in definitions.sync_rules.values() for name in (*rule.systems, *rule.shared)}
    return frozenset(of_rules | {flow.target for flow in definitions.flows})


def wanted_scopes(
    platform: str, operations: list[Operation], infos: Mapping[str, ConnectorInfo]
) -> dict[str, list[str]]:
    """Scope -> what asks for it ("zoho_books.invoice: read"), of one platform."""
    asked: dict[str, list[str]] = {}
    for name, operation in operations:
        info = infos[name.partition(".")[0]]
        if info.platform != platform:
            continue
        for scope in info.scopes:
            asked.setdefault(scope, [f"{info.system}: every call"])
        for scope in info.objects[name]["scopes"].get(operation, ()):
            asked.setdefault(scope, []).append(f"{name}: {operation}")
    return dict(sorted(asked.items()))


def _of_rule(rule: SyncRule) -> Iterator[Operation]:
    for name, system in rule.systems.items():
        yield from ((name, "read"), (name, "subscribe"))
        if system.create or _is_updated(rule, name):
            yield from _with_state(name, create=system.create)
    for name in rule.shared:  # read when it is connected: does it show the same records?
        yield from ((name, "read"), (name, "subscribe"))


def _with_state(name: str, *, create: bool) -> Iterator[Operation]:
    """Whoever writes a record also brings it to its state: sent, inactive."""
    yield from ((name, "read"), (name, "update"), (name, "state"))
    if create:
        yield name, "create"


def _is_updated(rule: SyncRule, name: str) -> bool:
    """A change of some field can come from another system, or an edit of it has to be put back."""
    system = name.partition(".")[0]
    alone = all(other == name for other in rule.systems)
    policies = [policy for policy in rule.policy.values() if policy.kind != "computed"]
    if alone:
        return any(policy.owner == OURS for policy in policies)
    return any(policy.owner != system for policy in policies)


def _possible(name: str, infos: Mapping[str, ConnectorInfo]) -> Mapping[str, object]:
    scopes: Mapping[str, object] = infos[name.partition(".")[0]].objects[name]["scopes"]
    return scopes
