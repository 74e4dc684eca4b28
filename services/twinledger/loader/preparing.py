"""Loader: completes the calls of a round with what the vendor demands, before anything is paid for.

In: Requests    Out: Built calls that may be sent; refusals go to settle
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import asyncpg
import structlog

from twinledger.connectors.base.contract import CallPermit, NotApplied, Sink, WriteCall
from twinledger.kernel.clock import Clock
from twinledger.kernel.errors import FatalError, PermanentError, TransientError, TwinledgerError
from twinledger.loader.calls import Request, requests_of
from twinledger.loader.settle_queue import SettleQueue
from twinledger.loader.steps.build_calls import Built
from twinledger.loader.steps.settle import Answered

__all__ = ["AWAY", "Preparing"]

AWAY = (TransientError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
"""The database is away or says deadlock: the table keeps the work, the next look finds it."""

log = structlog.get_logger()


class Preparing:
    """Of one budget group; its calls are paid for by `permit`."""

    def __init__(
        self,
        sinks: Mapping[str, Sink],
        settle: SettleQueue,
        permit: CallPermit,
        clock: Clock,
        *,
        group: str,
        holds_s: float,
    ) -> None:
        """`holds_s`: a look at the records of a round is taken again once when it took longer."""
        self._sinks = sinks
        self._settle = settle
        self._permit = permit
        self._clock = clock
        self._group = group
        self._holds_s = holds_s

    async def fresh(self, requests: Sequence[Request]) -> list[Built]:
        """One slow answer holds up a round: meanwhile people edit what the quick ones have shown."""
        began = self._clock.monotonic()
        ready = await self._prepared(requests)
        if self._clock.monotonic() - began < self._holds_s:
            return ready
        passed = {built.intent.id for built in ready}
        again = [built for request in requests for built in request.built if built.intent.id in passed]
        return await self._prepared(requests_of(again, self._sinks))

    async def _prepared(self, requests: Sequence[Request]) -> list[Built]:
        """What the sinks let pass, all requests of a sink at once: vendors check versions in lists."""
        by_sink: dict[int, Request] = {}
        for request in requests:
            held = by_sink.get(id(request.sink), Request(request.sink, ()))
            by_sink[id(request.sink)] = Request(request.sink, [*held.built, *request.built])
        return [built for request in by_sink.values() for built in await self._prepare(request)]

    async def _prepare(self, request: Request) -> list[Built]:
        """Complete the calls with what the vendor demands; refusals are settled, the rest goes on."""
        calls = [built.call for built in request.built]
        try:
            answers = await request.sink.prepare(calls, self._permit)
        except TwinledgerError as error:
            answers = [NotApplied(error)] * len(calls)
        except (FatalError, *AWAY):
            raise
        except Exception as error:  # the runner of intents: a call that nobody can complete stops no other
            if len(calls) > 1:
                singly = [await self._prepare(Request(request.sink, [one])) for one in request.built]
                return [built for some in singly for built in some]
            log.error("prepare_failed", exc_info=error, budget_group=self._group)
            bug = PermanentError(f"unexpected {type(error).__qualname__}", error_class="bug")
            answers = [NotApplied(bug)] * len(calls)
        answered = list(zip(request.built, answers, strict=True))
        refused = [Answered(built, answer) for built, answer in answered if isinstance(answer, NotApplied)]
        if refused:
            await self._settle.put(refused)
        return [replace(built, call=answer) for built, answer in answered if isinstance(answer, WriteCall)]
