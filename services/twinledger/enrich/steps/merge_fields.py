"""Enrich, step 4 of 6: merges one observation into its entity, field by field, against the shadow.

In: Observed with resolved references, Entity, Shadow (the base)    Out: Merge, or why nothing changes

The rules are those of the three-way merge: what differs from the shadow was changed on that side;
a change is concurrent when the entity's field moved on after that side last agreed with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from twinledger.enrich.steps.judge_edit import MISSING, Edit, Ruling, judge
from twinledger.mapping.field_policy import FieldPolicy
from twinledger.state.records import Clock, Conflict, Entity, Fields, Shadow, clock_text

__all__ = ["Change", "Merge", "is_stale", "merge"]


@dataclass(frozen=True, slots=True)
class Change:
    """An observed side as it enters the merge: who says it, and when it says it was edited."""

    writer: str
    system: str
    fields: Fields
    edited_at: datetime | None
    read_started_at: datetime


@dataclass(slots=True)
class Merge:
    """What the merge decided. `accepted` holds old and new value of each field that moved, `parked` what
    each side wants of a field that a person must decide, `unparked` what the sides decided themselves."""

    accepted: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    agreed: dict[str, int] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    parked: dict[str, dict[str, Any]] = field(default_factory=dict)
    unparked: list[str] = field(default_factory=list)


def is_stale(shadow: Shadow, vendor_updated_at: datetime | None, read_started_at: datetime) -> bool:
    """Older than what we know: by the vendor's stamp, or by our read where stamps are equal or missing.

    After our own write the stamp we know is older than the record: a read begun before its answer is
    stale whatever it is stamped, for it may show what we have overwritten.
    """
    if shadow.content_hash is None and read_started_at < shadow.read_started_at:
        return True
    known = shadow.vendor_updated_at
    if known is not None and vendor_updated_at is not None and known != vendor_updated_at:
        return vendor_updated_at < known
    return read_started_at < shadow.read_started_at


def merge(
    entity: Entity,
    shadow: Shadow | None,
    change: Change,
    policies: Mapping[str, FieldPolicy],
) -> Merge:
    """Apply `change` to `entity` in memory; its version rises once if anything was accepted."""
    result = Merge()
    base: Mapping[str, Any] = shadow.fields if shadow is not None else {}
    bases: Mapping[str, int] = shadow.bases if shadow is not None else {}
    version = entity.version + 1
    clock: Clock | None = None
    for path, value in change.fields.items():
        before = base.get(path, MISSING)
        if before == value:
            continue
        policy = policies[path]
        if policy.kind == "computed":
            continue  # each system works it out; `doubt_totals` compares
        if clock is None:
            clock = Clock(version, change.writer, clock_text(_edited_at(change, shadow)))
        if path in entity.parked:
            _park(entity, path, value, clock, result)
        else:
            _merge_one(entity, path, value, before, bases.get(path, 0), clock, policy, result)
    if result.accepted:
        entity.version = version
    return result


def _merge_one(
    entity: Entity,
    path: str,
    value: Any,
    before: Any,
    agreed_at: int,
    clock: Clock,
    policy: FieldPolicy,
    result: Merge,
) -> None:
    current = entity.fields.get(path)
    held = entity.clocks.get(path)
    if value == current and (policy.kind != "delta" or before is MISSING):
        result.agreed[path] = held.version if held is not None else clock.version
        entity.fields.setdefault(path, value)
        entity.clocks.setdefault(path, clock)
        return
    if held is None or (current is None and agreed_at == 0):
        _accept(entity, path, value, clock, result)
        return
    if value is None and agreed_at == 0:
        return  # first sight of a side: emptiness there overwrites nothing
    edit = Edit(value, before, current, clock, held, agreed_at)
    ruling = judge(edit, policy)
    if ruling.rule is not None:
        result.conflicts.append(_conflict(entity, path, edit, ruling))
    if ruling.parked:
        _park(entity, path, value, clock, result)
    elif ruling.value is not MISSING and ruling.value != current:
        _accept(entity, path, ruling.value, clock, result)


def _accept(entity: Entity, path: str, value: Any, clock: Clock, result: Merge) -> None:
    result.accepted[path] = (entity.fields.get(path), value)
    result.agreed[path] = clock.version
    entity.set(path, value, clock)


def _park(entity: Entity, path: str, value: Any, clock: Clock, result: Merge) -> None:
    """Nothing is written for the field until a person has chosen, or all sides say the same."""
    held = entity.clocks[path]
    sides = entity.parked.setdefault(path, {held.writer: {"value": entity.fields[path], "at": held.at}})
    sides[clock.writer] = {"value": value, "at": clock.at}
    entity.changed = True
    if any(side["value"] != value for side in sides.values()):
        result.parked[path] = sides
        return
    del entity.parked[path]
    result.unparked.append(path)
    if value == entity.fields[path]:
        result.agreed[path] = held.version
    else:
        _accept(entity, path, value, clock, result)


def _conflict(entity: Entity, path: str, edit: Edit, ruling: Ruling) -> Conflict:
    """Both values, both times and the rule that chose."""
    known = {"value": edit.current, "writer": edit.held.writer, "at": edit.held.at}
    seen = {"value": edit.value, "writer": edit.clock.writer, "at": edit.clock.at}
    winner, loser = (seen, known) if ruling.wins else (known, seen)
    return Conflict(entity.workspace, entity.id, entity.type, path, ruling.rule or "", winner, loser)


def _edited_at(change: Change, shadow: Shadow | None) -> datetime:
    """The side's own time of the edit, clipped to what is possible: it was not there when we last looked,
    and it is there now. Both ends are our time, so a vendor's clock can be wrong by no more than that."""
    edited_at = change.edited_at or change.read_started_at
    if shadow is not None:
        edited_at = max(edited_at, shadow.read_started_at)
    return min(edited_at, change.read_started_at)
