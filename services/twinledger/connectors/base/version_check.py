"""Connectors: the version check before an update: whoever saved the record since we read it is heard first.

What the vendors leave open stays open: a save between this check and the write, or within the second that
the known stamp names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from twinledger.connectors.base.contract import NotApplied, WriteCall
from twinledger.kernel.errors import TransientError

__all__ = ["Version", "conditional", "is_stale", "refused_if_stale", "stale"]

Version = datetime | NotApplied | None
"""The vendor's stamp of a record as it is now, why it could not be looked at, or nothing known."""


def is_stale(call: WriteCall, changed_at: datetime | None) -> bool:
    """True when the record as it is now is newer than the version this call was planned against."""
    known = call.unmodified_since
    return known is not None and changed_at is not None and changed_at > known


def stale() -> TransientError:
    """Read again and planned again before anything is written."""
    return TransientError("changed since it was read", error_class="conflict")


def conditional(calls: Sequence[WriteCall]) -> Mapping[str, list[WriteCall]]:
    """The calls that name a version to be checked, by object."""
    named = [call for call in calls if call.op == "update" and call.unmodified_since is not None]
    named.sort(key=lambda call: call.object)
    return {name: list(some) for name, some in groupby(named, key=lambda call: call.object)}


def refused_if_stale(
    calls: Sequence[WriteCall], version_of: Callable[[WriteCall], Version]
) -> Sequence[WriteCall | NotApplied]:
    """Each call, or its refusal. A look that failed is the failure of its own call."""
    return [_checked(call, version_of(call)) for call in calls]


def _checked(call: WriteCall, seen: Version) -> WriteCall | NotApplied:
    if isinstance(seen, NotApplied):
        return seen
    return NotApplied(stale()) if is_stale(call, seen) else call
