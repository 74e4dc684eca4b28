"""Demo: how far the road is, and when it is at rest. Looks at the database; says so on stderr."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.status import Status

from twinledger.cli.output import say
from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Pool

__all__ = ["Work", "wait_for_rest"]

_LOOK_EVERY_S = 0.1
_QUIET_FOR_S = 1.0
_TELL_EVERY_S = 15.0
_STORED_WORK = """
    select (select count(*) from workspace where opened_at is null)
               + (select count(*) from first_sight) as unseen,
           (select count(*) from due_read where hints > read_hints) as reads,
           (select count(*) from outbox where acked_at is null) as records,
           (select count(*) from parked) as parked,
           (select count(*) from intent where state in ('planned', 'sending', 'unknown')) as writes,
           (select count(*) from intent where state = 'confirmed') as written,
           (select count(*) from inbox) as observed,
           (select count(*) from budget_call
             where coalesce(sent_at, send_by) > clock_timestamp() - interval '60 s') as calls
"""


@dataclass(frozen=True, slots=True)
class Work:
    """What waits at each place of the road, and what is done."""

    unseen: int
    reads: int
    records: int
    parked: int
    writes: int
    written: int
    observed: int
    calls: int = field(compare=False)
    """Calls of the last minute that a limit counts: what paces the rest."""

    def nothing_waits(self) -> bool:
        return not (self.unseen or self.reads or self.records or self.parked or self.writes)

    def text(self) -> str:
        waiting = {
            "reads": self.reads,
            "records on the road": self.records,
            "records without a parent": self.parked,
            "first looks": self.unseen,
        }
        more = "".join(f", {number} {what} waiting" for what, number in waiting.items() if number)
        return (
            f"{self.observed} documents taken in, {self.writes} writes waiting{more}, {self.written} written,"
            f" {self.calls} limited calls in the last minute"
        )


async def wait_for_rest(pool: Pool, clock: Clock, status: Status, what: str, within_s: float) -> bool:
    """True once nothing has waited or moved for a second; False when the time is over."""
    deadline = clock.monotonic() + within_s
    before, quiet_since, told_at = None, clock.monotonic(), clock.monotonic()
    while clock.monotonic() < deadline:
        work = Work(**dict(await pool.fetchrow(_STORED_WORK) or {}))
        status.update(f"{what}: {work.text()}")
        if not status.console.is_terminal and clock.monotonic() - told_at >= _TELL_EVERY_S:
            told_at = clock.monotonic()
            say(f"          {what}: {work.text()}")
        if work != before or not work.nothing_waits():
            before, quiet_since = work, clock.monotonic()
        elif clock.monotonic() - quiet_since >= _QUIET_FOR_S:
            return True
        await clock.sleep(_LOOK_EVERY_S)
    return False
