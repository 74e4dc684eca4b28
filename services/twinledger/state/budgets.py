"""State: budgets. No grant, no call: `take` is one round trip and grants a call or says when to ask again.

The vendor's window is a sliding minute; a granted call counts from `send_by` until its real send
time is reported, so a crash never overspends (delivery.md 1.2).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Connection, Pool

__all__ = [
    "DEFAULT_LIMITS",
    "Budget",
    "BudgetLimits",
    "BudgetPermit",
    "Grant",
    "close_group",
    "ensure_limits",
    "load_limits",
    "report_answered",
    "take",
]

SEND_BY_S = 1.0
CALL_TIMEOUT_S = 45.0
LONGEST_WAIT_S = 2.5
"""Shorter than a refused lane's wish stands, so that it never loses its place."""


log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class BudgetLimits:
    """What a vendor allows one organization; None means not limited."""

    minute: int | None = None
    in_flight: int | None = None
    guard_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Budget:
    """A lane of a budget group of one organization."""

    workspace: str
    group: str
    lane: str

    def asked(self, wanted: int) -> tuple[str, str, str, int, float, float]:
        """The arguments of the database's `budget_take`."""
        return self.workspace, self.group, self.lane, wanted, SEND_BY_S, CALL_TIMEOUT_S


@dataclass(frozen=True, slots=True)
class Grant:
    """Granted calls, or none and the seconds to wait before asking again."""

    permits: Sequence[UUID]
    wait_s: float


DEFAULT_LIMITS = {
    "freshbooks": BudgetLimits(in_flight=4),
    "zoho_crm": BudgetLimits(in_flight=5),
    "zoho_finance": BudgetLimits(minute=100, in_flight=5),
}
"""What is published for the smallest plan; a setting raises it. FreshBooks publishes nothing."""


async def ensure_limits(connection: Connection, workspace: str, group: str, limits: BudgetLimits) -> None:
    """Store what the vendor allows one organization (a setting, never a constant in code)."""
    await connection.execute(
        """insert into budget (workspace, budget_group, minute, in_flight, guard_s)
           values ($1, $2, $3, $4, $5)
           on conflict (workspace, budget_group) do update
           set minute = excluded.minute, in_flight = excluded.in_flight, guard_s = excluded.guard_s""",
        workspace,
        group,
        limits.minute,
        limits.in_flight,
        limits.guard_s,
    )


async def load_limits(connection: Connection, workspace: str) -> dict[str, BudgetLimits]:
    """What is stored, by budget group."""
    rows = await connection.fetch(
        "select budget_group, minute, in_flight, guard_s from budget where workspace = $1", workspace
    )
    return {row[0]: BudgetLimits(*row[1:]) for row in map(tuple, rows)}


async def take(connection: Connection, budget: Budget, wanted: int) -> Grant:
    """Up to `wanted` calls, at database time, inside the caller's transaction."""
    rows = await connection.fetch(
        "select permit_id, wait_s from budget_take($1, $2, $3, $4, $5, $6)", *budget.asked(wanted)
    )
    permits = [row["permit_id"] for row in rows if row["permit_id"] is not None]
    return Grant(permits, 0.0 if permits else rows[0]["wait_s"])


async def report_answered(connection: Connection, permits: Sequence[tuple[UUID, datetime | None]]) -> None:
    """Give in-flight slots back; `sent_at` None: the call never left, its grant is handed back."""
    await connection.execute(
        """
        with told as (select * from unnest($1::uuid[], $2::timestamptz[]) as t(id, sent_at)),
             unused as (delete from budget_call c using told where c.id = told.id and told.sent_at is null)
        update budget_call c set sent_at = told.sent_at, answered_at = clock_timestamp()
          from told where c.id = told.id and told.sent_at is not null
        """,
        [permit for permit, _ in permits],
        [sent_at for _, sent_at in permits],
    )


async def close_group(connection: Connection, workspace: str, group: str, seconds: float) -> None:
    """A 429 under a known limit is a lost estimate: wait as told and widen the guard by a quarter."""
    await connection.execute(
        """update budget set closed_until = greatest(coalesce(closed_until, now()),
                                                     clock_timestamp() + make_interval(secs => $3)),
                  guard_s = least(guard_s * 1.25, 10)
            where workspace = $1 and budget_group = $2""",
        workspace,
        group,
        seconds,
    )


class BudgetPermit:
    """CallPermit over the budget table, for reads, polls and probes (a transaction of its own).

    `stays`: the process runs on, so its slots are given back while the answers are worked on; a report that
    ends with the process is made up for by the permit's own end.
    """

    def __init__(
        self, pool: Pool, workspace: str, group: str, lane: str, clock: Clock, *, stays: bool = False
    ) -> None:
        self._pool = pool
        self._stays = stays
        self._telling: set[asyncio.Task[None]] = set()
        self._budget = Budget(workspace, group, lane)
        self._clock = clock
        self._sent: dict[str, datetime] = {}

    async def acquire(self, *, cost: int = 1) -> str:
        """Wait for one call. `cost` is for day budgets, which count units (not limited yet)."""
        if self._telling:  # the slot that is being given back may be the one we ask for
            await asyncio.wait(self._telling)
        while True:
            async with self._pool.acquire() as connection:  # one statement is its own transaction
                grant = await take(connection, self._budget, 1)
            if grant.permits:
                permit = str(grant.permits[0])
                self._sent[permit] = self._clock.now()
                return permit
            await self._clock.sleep(min(max(grant.wait_s, 0.01), LONGEST_WAIT_S))

    async def answered(
        self, permit_id: str, *, rate_limited: bool = False, retry_after_s: float | None = None
    ) -> None:
        """Report the answer of one call; a 429 closes the group for the time the vendor names."""
        sent_at = self._sent.pop(permit_id, None)
        if rate_limited:  # first: a slot given back before the group is closed would be taken at once
            async with self._pool.acquire() as connection:
                await close_group(
                    connection, self._budget.workspace, self._budget.group, retry_after_s or 1.0
                )
        report = self._report(UUID(permit_id), sent_at)
        if not self._stays:
            return await report
        telling = asyncio.create_task(report)
        self._telling.add(telling)
        telling.add_done_callback(self._reported)

    async def _report(self, permit: UUID, sent_at: datetime | None) -> None:
        async with self._pool.acquire() as connection:
            await report_answered(connection, [(permit, sent_at)])

    def _reported(self, telling: asyncio.Task[None]) -> None:
        self._telling.discard(telling)
        if not telling.cancelled() and (error := telling.exception()) is not None:
            log.warning("answer_not_reported", exc_info=error, budget_group=self._budget.group)
