"""Mapping: which object of a system a reference to an entity means."""

from __future__ import annotations

from twinledger.mapping.definitions import Definitions

__all__ = ["homes"]


def homes(definitions: Definitions) -> dict[tuple[str, str], str]:
    """(entity type, system) -> the object that a reference to such an entity means there.

    Where a system holds an entity as several objects (CRM: account and contact) the last of the rule
    is the record itself; the others are named by "self/<object>".
    """
    return {
        (rule.entity, name.partition(".")[0]): name
        for rule in definitions.sync_rules.values()
        for name in rule.systems
    }
