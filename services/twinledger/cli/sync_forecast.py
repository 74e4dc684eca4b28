"""CLI: how many calls a plan costs each budget group, and for how long it keeps it busy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from twinledger.kernel.database import Connection
from twinledger.mapping.lens import ObjectMapping
from twinledger.state.budgets import BudgetLimits, load_limits
from twinledger.state.plans import PlannedWrite

__all__ = ["GroupForecast", "forecast"]

_CALL_S = 0.5
"""A guess: answers of these vendors come within it."""
_TOGETHER = {"zoho_crm": 100}
"""Records a vendor takes in one write; the others take one."""
_LOOKED_AT_TOGETHER = {"zoho_crm": 100, "freshbooks": 100}
"""Records whose versions are looked at in one call, before an update."""


@dataclass(frozen=True, slots=True)
class GroupForecast:
    """What one budget group will see."""

    budget_group: str
    writes: int
    calls: int
    seconds: int


async def forecast(
    connection: Connection,
    workspace: str,
    writes: Sequence[PlannedWrite],
    mappings: Mapping[str, ObjectMapping],
) -> list[GroupForecast]:
    """One row a group; if nothing else needs the budget meanwhile."""
    limits = await load_limits(connection, workspace)
    return [
        _of_group(group, mine, limits.get(group, BudgetLimits()), mappings)
        for group in sorted({write.budget_group for write in writes})
        if (mine := [write for write in writes if write.budget_group == group])
    ]


def _of_group(
    group: str,
    writes: Sequence[PlannedWrite],
    limits: BudgetLimits,
    mappings: Mapping[str, ObjectMapping],
) -> GroupForecast:
    sent: Counter[tuple[str, str, str | None]] = Counter()
    looked_at: Counter[str] = Counter()
    for write in writes:
        phases = {mappings[write.object].phase_of(path) for path in write.patch}
        creating = write.op == "create"
        sent.update((write.object, write.op, phase) for phase in ({None} if creating else phases))
        looked_at[write.object] += 0 if creating else len(phases)
    calls = sum(ceil(n / _TOGETHER.get(_system(name), 1)) for (name, _, _), n in sent.items())
    calls += sum(ceil(n / _LOOKED_AT_TOGETHER.get(_system(name), 1)) for name, n in looked_at.items())
    return GroupForecast(group, len(writes), calls, _seconds(calls, limits))


def _seconds(calls: int, limits: BudgetLimits) -> int:
    """The first minute's slots are free at once; every further one comes with the window."""
    in_flight = calls * _CALL_S / min(limits.in_flight or 16, 16)
    waiting = 0.0
    if limits.minute is not None:
        waiting = max(0, calls - limits.minute) * (60 + limits.guard_s) / limits.minute
    return ceil(max(in_flight, waiting))


def _system(object_name: str) -> str:
    return object_name.partition(".")[0]
