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

from twinledger.mapping.sync_rule import FieldPolicy
from twinledger.state.records import Clock, Conflict, Entity, Fields, Shadow

__all__ = ["Change", "Merge", "is_stale", "merge"]

_MISSING = object()


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
    """What the merge decided. `accepted` holds old and new value of each field that moved."""

    accepted: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    agreed: dict[str, int] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)


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
    version = entity.version + 1
    clock = Clock(version, change.writer, _iso(_edited_at(change, shadow)))
    for path, value in change.fields.items():
        if base.get(path, _MISSING) == value:
            continue
        policy = policies[path]
        if policy.kind == "computed":
            continue  # each system works it out; `doubt_totals` compares
        current = entity.fields.get(path)
        if value == current:
            result.agreed[path] = entity.clocks[path].version if path in entity.clocks else version
            entity.fields.setdefault(path, value)
            entity.clocks.setdefault(path, clock)
            continue
        agreed_at = shadow.bases.get(path, 0) if shadow is not None else 0
        if _accepts(entity, path, value, agreed_at, change, clock, policy, result):
            entity.set(path, value, clock)
            result.accepted[path] = (current, value)
            result.agreed[path] = version
    if result.accepted:
        entity.version = version
    return result


def _accepts(
    entity: Entity,
    path: str,
    value: Any,
    agreed_at: int,
    change: Change,
    clock: Clock,
    policy: FieldPolicy,
    result: Merge,
) -> bool:
    current = entity.fields.get(path)
    held = entity.clocks.get(path)
    if held is None or (current is None and agreed_at == 0):
        return True
    if value is None and agreed_at == 0:
        return False  # first sight of a side: emptiness there overwrites nothing
    if policy.kind == "owner":
        wins = change.system == policy.owner
        if not wins and agreed_at:
            _note(result, entity, path, f"owner({policy.owner})", held, current, clock, value, wins)
        return wins
    if policy.kind == "write_once":
        _note(result, entity, path, "write_once", held, current, clock, value, False)
        return False
    if held.version <= agreed_at:
        return True
    wins = _later(clock, value, held, current)
    _note(result, entity, path, "lww", held, current, clock, value, wins)
    return wins


def _later(clock: Clock, value: Any, held: Clock, current: Any) -> bool:
    """Last writer wins; equal times are decided the same way whichever side is read first."""
    mine = (clock.at or "", clock.writer, repr(value))
    theirs = (held.at or "", held.writer, repr(current))
    return mine > theirs


def _note(
    result: Merge,
    entity: Entity,
    path: str,
    policy: str,
    held: Clock,
    current: Any,
    clock: Clock,
    value: Any,
    observed_wins: bool,
) -> None:
    """Keep both values, both times and the rule that chose."""
    known = {"value": current, "writer": held.writer, "at": held.at}
    seen = {"value": value, "writer": clock.writer, "at": clock.at}
    winner, loser = (seen, known) if observed_wins else (known, seen)
    result.conflicts.append(Conflict(entity.workspace, entity.id, entity.type, path, policy, winner, loser))


def _edited_at(change: Change, shadow: Shadow | None) -> datetime:
    """The side's own time of the edit, clipped to what is possible: after the last read, before this one."""
    edited_at = change.edited_at or change.read_started_at
    if shadow is not None and shadow.vendor_updated_at is not None:
        edited_at = max(edited_at, shadow.vendor_updated_at)
    return min(edited_at, change.read_started_at)


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
