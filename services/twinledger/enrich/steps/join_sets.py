"""Enrich, step 4c: joins what two sides added to and took from a set, against the base of one of them.

In: base, the entity's members, the observed members    Out: Joined: the members from now on, sorted

A member is a text, or a record told apart by its key part. A member that one side changed and the other
took away stays: what is kept by mistake can be removed, what is lost cannot be brought back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

__all__ = ["Joined", "join_sets"]

_ABSENT: Any = object()


@dataclass(frozen=True, slots=True)
class Joined:
    """`clashed`: one member was changed on one side, and changed otherwise or removed on the other."""

    value: list[Any] | None
    clashed: bool


def join_sets(
    base: Sequence[Any] | None,
    current: Sequence[Any] | None,
    observed: Sequence[Any] | None,
    key: str | None,
    *,
    later: bool,
) -> Joined:
    """`later`: of two different changes of one member the observed one is the newer. Empty sets are None."""
    was, ours, theirs = (_by_identity(members, key) for members in (base, current, observed))
    kept: dict[str, Any] = {}
    clashed = False
    for identity in sorted({*ours, *theirs}):
        before, mine, seen = (side.get(identity, _ABSENT) for side in (was, ours, theirs))
        member = mine if seen == before else seen if mine in (before, seen) else _ABSENT
        if seen != before and mine != before and mine != seen:
            clashed = True
            member = mine if seen is _ABSENT or (mine is not _ABSENT and not later) else seen
        if member is not _ABSENT:
            kept[identity] = member
    return Joined(list(kept.values()) or None, clashed)


def _by_identity(members: Sequence[Any] | None, key: str | None) -> Mapping[str, Any]:
    """Identity as text, so that members sort the same way on every side."""
    if key is None:
        return {str(member): member for member in members or ()}
    return {_text(member.get(key), member): member for member in members or ()}


def _text(identity: Any, member: Any) -> str:
    """A record without its key part is only equal to itself."""
    return (
        str(identity) if identity is not None else orjson.dumps(member, option=orjson.OPT_SORT_KEYS).decode()
    )
