"""Loader: the executor of one budget group: looks at the queue, pays, sends, hands answers to settle.

Work that waits for a budget stays in the table; a round takes what the budget grants right now.
SENDING and the grant are committed in one transaction before the first byte leaves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from uuid import UUID

import structlog

from twinledger.connectors.base.contract import (
    CallPermit,
    NotApplied,
    Sink,
    UnknownOutcome,
    WriteAnswer,
)
from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Pool, transaction
from twinledger.kernel.errors import FatalError
from twinledger.kernel.failpoints import failpoint
from twinledger.kernel.metrics import EVENT_TO_WRITE
from twinledger.loader.calls import Request, requests_of
from twinledger.loader.preparing import AWAY, Preparing
from twinledger.loader.settle_queue import SettleQueue
from twinledger.loader.steps.build_calls import Built, Round, build_round
from twinledger.loader.steps.hold_back import without_doubles
from twinledger.loader.steps.load_parents import ParentLoader
from twinledger.loader.steps.settle import Answered
from twinledger.mapping.errors import ValueFault
from twinledger.mapping.lens import ObjectMapping
from twinledger.mapping.sync_rule import SyncRule
from twinledger.state.budgets import Budget, report_answered
from twinledger.state.intent_queue import (
    Sending,
    candidates,
    next_due,
    pay,
    set_waiting,
    supersede,
)
from twinledger.state.records import Fields

__all__ = ["AWAY", "Executor", "ExecutorSettings"]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ExecutorSettings:
    """`look_every_s` bounds how long a lost wake-up can go unnoticed; a look at the records of a round is
    taken again once when it took longer than `look_holds_s`."""

    owner: str
    workspace: str
    group: str
    max_candidates: int = 400
    max_requests: int = 16
    send_by_s: float = 1.0
    look_every_s: float = 1.0
    look_holds_s: float = 2.0


class Executor:
    """One per workspace and budget group."""

    def __init__(
        self,
        settings: ExecutorSettings,
        pool: Pool,
        sinks: Mapping[str, Sink],
        mappings: Mapping[str, ObjectMapping],
        rules: Mapping[str, SyncRule],
        parents: ParentLoader,
        settle: SettleQueue,
        permit: CallPermit,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._pool = pool
        self._sinks = sinks
        self._mappings = mappings
        self._rules = rules
        self._parents = parents
        self._settle = settle
        self._clock = clock
        self._preparing = Preparing(
            sinks, settle, permit, clock, group=settings.group, holds_s=settings.look_holds_s
        )
        self._woken = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._wait_s: float | None = None
        self._seen: frozenset[UUID] = frozenset()
        self._left_some = False

    def wake(self) -> None:
        """There may be something to do."""
        self._woken.set()

    def hear_of(self, intent_id: UUID) -> None:
        """This one was planned; no news if the last look has seen it."""
        if intent_id not in self._seen:
            self.wake()

    async def run(self) -> None:
        """Rounds until cancelled; a cancelled call is left to the resolver."""
        while True:
            self._woken.clear()
            try:
                sent = await self._round()
            except AWAY as error:  # marks that were committed unseen end as UNKNOWN
                log.warning("executor_waits", exc_info=error, budget_group=self._settings.group)
                sent = 0
            if not sent or not self._left_some:
                await self._idle()

    async def drain(self) -> None:
        """Let the calls in flight end."""
        if self._running:
            await asyncio.wait(self._running)

    async def _idle(self) -> None:
        wait_s = min(self._settings.look_every_s, *([self._wait_s] if self._wait_s else []), 60.0)
        try:
            async with asyncio.timeout(max(wait_s, 0.005)):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _round(self) -> int:
        """One look at the queue; how many requests left."""
        free = self._settings.max_requests - len(self._running)
        self._wait_s, self._left_some = None, True
        if free <= 0:
            return 0
        work = await self._look()
        wanted = requests_of(work.built, self._sinks)
        ready = requests_of(await self._preparing.fresh(wanted[:free]), self._sinks)
        by_lane = groupby(ready, key=lambda request: request.built[0].intent.lane)
        sent = sum([await self._send_paid(lane, list(some)) for lane, some in by_lane])
        self._left_some = (
            len(wanted) > free or sent < len(ready) or len(self._seen) == self._settings.max_candidates
        )
        return sent

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("call_failed", exc_info=error, budget_group=self._settings.group)
        if self._left_some:
            self.wake()

    async def _look(self) -> Round:
        s = self._settings
        async with self._pool.acquire() as connection:  # looks, each its own transaction
            found = await candidates(connection, s.workspace, s.group, s.max_candidates)
            self._seen = frozenset(one.intent.id for one in found)
            due = await without_doubles(connection, s.workspace, found, self._rules, self._mappings)
            if not due:
                self._wait_s = await next_due(connection, s.workspace, s.group)
                return Round()
            work = build_round(due, self._mappings, await self._parents.load(connection, due))
        if work.waiting or work.nothing_left:
            async with transaction(self._pool) as connection:
                await set_waiting(connection, work.waiting)  # first: entities are locked before intents
                await supersede(connection, work.nothing_left)
        if work.refused:
            await self._settle.put([Answered(built, NotApplied(error)) for built, error in work.refused])
        return work

    async def _send_paid(self, lane: str, requests: Sequence[Request]) -> int:
        """The requests of a lane that the budget lets go now leave, the best first; how many. The time to
        send runs from before the mark: a process that was stopped in between sends nothing late."""
        s = self._settings
        failpoint("intent.sending.before")
        budget = Budget(s.workspace, s.group, lane)
        async with self._pool.acquire() as connection:  # one statement is its own transaction
            send_by = self._clock.monotonic() + s.send_by_s
            paid = await pay(connection, budget, self._sendings(requests), s.owner, s.send_by_s)
        failpoint("intent.sending.after")
        self._wait_s = min(filter(None, (self._wait_s, paid.grant.wait_s)), default=None)
        unused = []
        for request, permit in zip(requests, paid.grant.permits, strict=False):
            mine = [
                _sent(one, paid.sent_at[one.intent.id])
                for one in request.built
                if one.intent.id in paid.sent_at
            ]
            if mine:
                self._start(Request(request.sink, mine), permit, send_by)
            else:  # all of it was taken meanwhile
                unused.append(permit)
        await self._hand_back(unused, None)
        return len(paid.grant.permits) - len(unused)

    def _sendings(self, requests: Sequence[Request]) -> list[Sending]:
        return [
            Sending(built.intent, built.expected, self._carried(built), built.call.phase, call)
            for call, request in enumerate(requests, start=1)
            for built in request.built
        ]

    def _start(self, request: Request, permit: UUID, send_by: float) -> None:
        task = asyncio.create_task(self._send(request, permit, send_by))
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _carried(self, built: Built) -> Fields:
        """Should an update be lost and run late, all that it states comes back, not only what it changes."""
        call = built.call
        if call.op == "create" or not call.whole:
            return {}
        try:
            stated = self._mappings[call.object].stated_in(call.body, call.whole)
        except ValueFault:  # what somebody typed there makes no sense to us: it is no value of ours
            return {}
        return {path: value for path, value in stated.items() if path not in built.expected}

    async def _send(self, request: Request, permit: UUID, send_by: float) -> None:
        """One vendor request, then its answers go to settle and the permit is given back."""
        sent_at = request.built[0].intent.sent_at
        self._observe_latency(request.built)
        failpoint("sink.write.before")
        answers = await self._answers(request, send_by)
        failpoint("sink.write.after")
        await self._settle.put(
            [Answered(built, answer) for built, answer in zip(request.built, answers, strict=True)]
        )
        await self._hand_back([permit], sent_at)

    async def _answers(self, request: Request, send_by: float) -> Sequence[WriteAnswer]:
        """Of a connector that raises nobody knows what it has sent: the resolver looks."""
        try:
            return await request.sink.write([built.call for built in request.built], send_by=send_by)
        except FatalError:
            raise
        except Exception as error:  # the runner of intents, as in `Preparing`
            log.error("write_failed", exc_info=error, budget_group=self._settings.group)
            return [UnknownOutcome(f"unexpected {type(error).__qualname__}", "bug")] * len(request.built)

    def _observe_latency(self, built: Sequence[Built]) -> None:
        now = self._clock.now()
        for one in built:
            if one.intent.received_at is not None and one.intent.attempt == 1:
                waited = (now - one.intent.received_at).total_seconds()
                system = one.intent.target.object.partition(".")[0]
                EVENT_TO_WRITE.labels(system, one.intent.lane).observe(max(waited, 0.0))

    async def _hand_back(self, permits: Sequence[UUID], sent_at: datetime | None) -> None:
        if permits:
            async with self._pool.acquire() as connection:
                await report_answered(connection, [(permit, sent_at) for permit in permits])


def _sent(built: Built, sent_at: datetime) -> Built:
    """As `pay` left it: what is said of this attempt later holds for no other."""
    attempt = built.intent.attempt + 1
    return replace(built, intent=replace(built.intent, attempt=attempt, state="sending", sent_at=sent_at))
