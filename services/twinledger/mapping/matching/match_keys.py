"""Mapping, matching: the keys under which an entity is stored and looked for.

In: canonical fields, SyncRule    Out: keys such as "customer?email=ana@harbor.example"
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twinledger.mapping.matching.portrait import match_keys_of
from twinledger.mapping.natural_keys import natural_key
from twinledger.mapping.sync_rule import SyncRule

__all__ = ["exact_keys", "identifying", "match_keys"]

Fields = Mapping[str, Any]


def match_keys(fields: Fields, rule: SyncRule) -> list[str]:
    """What another system's record of the same thing is found by."""
    if rule.scored is not None:
        return list(match_keys_of(fields, rule.scored))
    return exact_keys(fields, rule)


def exact_keys(fields: Fields, rule: SyncRule) -> list[str]:
    """Keys that identify by themselves, the best first; of a scored rule the mailbox."""
    wanted = [[rule.scored.email]] if rule.scored is not None else rule.match
    sets = ({name: fields.get(name) for name in sorted(names)} for names in wanted)
    return [
        natural_key(rule.entity, {name: str(value) for name, value in values.items()})
        for values in sets
        if None not in values.values()
    ]


def identifying(fields: Fields, rule: SyncRule) -> dict[str, Any]:
    """The fields that the match keys follow from: only when one changes are the keys worked out again."""
    return {path: fields.get(path) for path in rule.identifying}
