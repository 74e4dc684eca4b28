"""Ingest, comparing: one record as its vendor shows it now, against what the sync holds. Pure.

In: fields read (references by entity), Entity, its shadows    Out: path -> {side, expected}, nothing if equal

What a side should say is what a write of the entity would make it say, declared losses included. Sums
that each system works out are compared between the sides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from twinledger.mapping.entity_model import EntityModel
from twinledger.mapping.lens import ObjectMapping
from twinledger.mapping.sync_rule import SyncRule
from twinledger.state.records import Entity, Fields, Shadow

__all__ = ["differences", "mentioned", "resolved", "why_differs"]


def differences(
    read: Fields,
    entity: Entity,
    mapping: ObjectMapping,
    rule: SyncRule,
    model: EntityModel,
    shadow: Shadow | None,
    others: Iterable[Shadow],
) -> dict[str, Any]:
    """Field by field; `shadow` is this side as we know it, `others` are those it is kept equal to."""
    expected = mapping.expected(entity.fields, creating=False, known=read)
    found = {
        path: {"side": read.get(path), "expected": value}
        for path, value in expected.items()
        if read.get(path) != value and not _is_agreed(path, value, read, entity, rule, shadow)
    }
    for path in _sums(rule, model):
        for other in others:
            theirs = other.fields.get(path)
            if theirs is not None and path in read and read[path] != theirs:
                found[path] = {"side": read[path], "expected": theirs, "of": other.target.object}
    return found


def _is_agreed(
    path: str, value: Any, read: Fields, entity: Entity, rule: SyncRule, shadow: Shadow | None
) -> bool:
    """This side makes that of the very value, or the rule tolerates what was changed there."""
    if shadow is None or shadow.fields.get(path) != read.get(path):
        return False
    if shadow.holds(path, value):
        return True
    set_at = entity.clocks[path].version if path in entity.clocks else entity.version
    return rule.policy[path].tolerate and shadow.bases.get(path, 0) >= set_at


def _sums(rule: SyncRule, model: EntityModel) -> list[str]:
    return [
        path
        for path, policy in rule.policy.items()
        if policy.kind == "computed" and model.fields[path].field_class == "financial"
    ]


def resolved(fields: Fields, refs: Iterable[str], names: Mapping[str, str]) -> Fields:
    """References by entity, as the sync holds them; an unknown one stays the vendor's."""
    result = dict(fields)
    for path in refs:
        outer, _, inner = path.partition(".")
        value = result.get(outer)
        if isinstance(value, str) and not inner:
            result[outer] = names.get(value, value)
        elif isinstance(value, list):
            result[outer] = [
                {**line, inner: names.get(line[inner], line[inner])} if line.get(inner) else line
                for line in value
            ]
    return result


def why_differs(found: Mapping[str, Any], entity: Entity, shadow: Shadow | None, write: str | None) -> str:
    """What keeps a known difference as it is."""
    if not found.keys().isdisjoint(entity.parked):
        return "a person must decide"
    if shadow is not None and not found.keys().isdisjoint(shadow.marks.held):
        return "went back and forth: a person must decide"
    return write or "not explained"


def mentioned(fields: Fields, refs: Mapping[str, str]) -> set[str]:
    """Every name of another record."""
    found: set[Any] = set()
    for path in refs:
        outer, _, inner = path.partition(".")
        value = fields.get(outer)
        found |= {line.get(inner) for line in value} if isinstance(value, list) else {value}
    return {value for value in found if isinstance(value, str)}
