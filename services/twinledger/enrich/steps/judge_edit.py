"""Enrich, step 4b: judges one edit of one field by the field's policy.

In: Edit, FieldPolicy    Out: Ruling: what the entity holds from now on, and the conflict it decided

Pure and total: the same edit gives the same ruling whichever side is read first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

from twinledger.enrich.steps.join_sets import join_sets
from twinledger.mapping.field_policy import FieldPolicy
from twinledger.mapping.functions.amounts import canonical_decimal
from twinledger.state.records import Clock, system_of

__all__ = ["MISSING", "Edit", "Ruling", "judge"]

MISSING: Any = object()
_EXACT = Context(prec=200)
"""Canonical decimals have up to 64 digits on each side of the point; sums of them are never rounded."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A side shows `value` where its base says `base` (MISSING: it has none), the entity `current`.

    `agreed_at` is the entity version at which side and entity last agreed; 0: never.
    """

    value: Any
    base: Any
    current: Any
    clock: Clock
    held: Clock
    agreed_at: int

    @property
    def is_concurrent(self) -> bool:
        """The entity's field moved on after this side last agreed with it."""
        return self.held.version > self.agreed_at

    @property
    def system(self) -> str:
        return system_of(self.clock.writer)

    @property
    def is_later(self) -> bool:
        """Equal times are decided the same way whichever side is read first."""
        mine = (self.clock.at or "", self.clock.writer, repr(self.value))
        return mine > (self.held.at or "", self.held.writer, repr(self.current))


@dataclass(frozen=True, slots=True)
class Ruling:
    """`value` is what the entity holds from now on, MISSING where it keeps its own. `rule` names what
    decided a conflict; `wins`: for the observed side. `parked`: a person must decide."""

    value: Any = MISSING
    rule: str | None = None
    wins: bool = False
    parked: bool = False


def judge(edit: Edit, policy: FieldPolicy) -> Ruling:
    """The ruling of the field's policy."""
    return _JUDGES[policy.kind](edit, policy)


def _lww(edit: Edit, policy: FieldPolicy) -> Ruling:
    if not edit.is_concurrent:
        return Ruling(edit.value)
    return Ruling(edit.value, "lww", wins=True) if edit.is_later else Ruling(rule="lww")


def _owner(edit: Edit, policy: FieldPolicy) -> Ruling:
    if edit.system != policy.owner:
        return Ruling(rule=f"owner({policy.owner})")
    overruled = edit.is_concurrent and system_of(edit.held.writer) != policy.owner
    return Ruling(edit.value, f"owner({policy.owner})" if overruled else None, wins=True)


def _write_once(edit: Edit, policy: FieldPolicy) -> Ruling:
    return Ruling(rule="write_once")


def _manual(edit: Edit, policy: FieldPolicy) -> Ruling:
    return Ruling(rule="manual", parked=True) if edit.is_concurrent else Ruling(edit.value)


def _lattice(edit: Edit, policy: FieldPolicy) -> Ruling:
    """At first sight a lower state is only behind; one that is reserved is a doubt at any time."""
    if policy.may_follow(edit.current, edit.value, edit.system):
        return Ruling(edit.value)
    doubted = edit.agreed_at or edit.value in policy.reserved
    return Ruling(rule="lattice" if doubted else None)


def _delta(edit: Edit, policy: FieldPolicy) -> Ruling:
    """What this side added since its base is added up; without a number on both ends nothing can be."""
    if edit.current is None:
        return Ruling(edit.value)
    if edit.base is MISSING or edit.base is None or edit.value is None:
        return Ruling(rule="delta")
    added = _EXACT.subtract(Decimal(edit.value), Decimal(edit.base))
    return Ruling(canonical_decimal(_EXACT.add(Decimal(edit.current), added)))


def _set(edit: Edit, policy: FieldPolicy) -> Ruling:
    base = None if edit.base is MISSING else edit.base
    joined = join_sets(base, edit.current, edit.value, policy.key, later=edit.is_later)
    rule = "set" if joined.clashed else None
    return Ruling(joined.value, rule, wins=joined.value == edit.value)


_JUDGES: Mapping[str, Callable[[Edit, FieldPolicy], Ruling]] = {
    "lww": _lww,
    "owner": _owner,
    "write_once": _write_once,
    "manual": _manual,
    "lattice": _lattice,
    "delta": _delta,
    "set": _set,
}
