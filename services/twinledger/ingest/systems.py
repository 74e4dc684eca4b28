"""Ingest: what runs for each connected system: a reader and a poller an object, a subscriber a system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from twinledger.connectors.base.contract import CallPermit, Connector, ConnectorInfo
from twinledger.ingest.hook_app import HookApp
from twinledger.ingest.job_works import job_works
from twinledger.ingest.jobs import JobRunner
from twinledger.ingest.pauses import SystemPause
from twinledger.ingest.poller import ObjectPoller, Polling
from twinledger.ingest.reader import ObjectReader, Reading
from twinledger.ingest.subscriber import Subscribing, SystemSubscriber
from twinledger.ingest.worker import Part, Parts
from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Pool
from twinledger.state.budgets import BudgetPermit
from twinledger.state.due_reads import Lane
from twinledger.state.ingest_leases import Duty

__all__ = ["Systems", "duties_of"]

log = structlog.get_logger()

_LANES: Sequence[Lane] = ("live", "retry", "verify", "backfill")


def duties_of(infos: Mapping[str, ConnectorInfo], objects: Mapping[str, Sequence[str]]) -> list[Duty]:
    """All background work there is; `objects` by system."""
    names = [name for system in infos for name in objects[system]]
    return [
        *(Duty(purpose, name) for purpose in ("read", "poll") for name in names),
        *(Duty("subscribe", system) for system in infos),
        Duty("jobs", "all"),
    ]


@dataclass(frozen=True, slots=True)
class Systems:
    """Builds the parts once the connectors are there, and opens the webhook route for them."""

    workspace: str
    pool: Pool
    clock: Clock
    objects: Mapping[str, Sequence[str]]
    reading: Reading
    polling: Polling
    subscribing: Subscribing
    hooks: HookApp
    audit_every_s: float = 0.0

    async def build(self, connectors: Mapping[str, Connector]) -> Parts:
        readers: dict[str, Part] = {}
        others: list[Part] = []
        subscribers: dict[str, SystemSubscriber] = {}
        for system, connector in connectors.items():
            permits, pause = self._permits(connector.info.budget_group), SystemPause(self.clock)
            for name in self.objects[system]:
                readers[name] = ObjectReader(name, connector, permits, pause, self.reading)
                others.append(ObjectPoller(name, connector, permits, pause, self.polling))
            if self.subscribing.public_url:
                subscribers[system] = SystemSubscriber(
                    connector, self.objects[system], permits["verify"], pause, self.subscribing
                )
        if not subscribers:
            log.warning("no_public_url", name="TWINLEDGER_INGEST__PUBLIC_URL")
        runner = self._jobs(connectors, [part for part in others if isinstance(part, ObjectPoller)])
        await self.subscribing.directory.load()
        self.hooks.open(
            {system: connector.webhooks for system, connector in connectors.items()},
            {system: subscriber.take_handshake for system, subscriber in subscribers.items()},
        )
        return Parts(readers, [*others, *subscribers.values(), runner])

    def _jobs(self, connectors: Mapping[str, Connector], pollers: Sequence[ObjectPoller]) -> JobRunner:
        shared = self.polling
        works = job_works(
            self.workspace,
            self.pool,
            shared.producer,
            shared.codec,
            self.clock,
            connectors,
            {system: self._permits(one.info.budget_group) for system, one in connectors.items()},
            pollers,
        )
        return JobRunner(
            self.workspace, self.pool, self.clock, shared.duties, works, audit_every_s=self.audit_every_s
        )

    def _permits(self, group: str) -> dict[Lane, CallPermit]:
        return {lane: BudgetPermit(self.pool, self.workspace, group, lane, self.clock) for lane in _LANES}
