"""Ingest: what runs for each connected system: reader, poller, sweeper of an object, one subscriber."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from twinledger.connectors.base.contract import CallPermit, Connector, ConnectorInfo
from twinledger.ingest.hook_app import HookApp
from twinledger.ingest.pauses import SystemPause
from twinledger.ingest.poller import ObjectPoller, Polling
from twinledger.ingest.reader import ObjectReader, Reading
from twinledger.ingest.subscriber import Subscribing, SystemSubscriber
from twinledger.ingest.sweeper import ObjectSweeper, Sweeping
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
        *(Duty("sweep", name) for info in infos.values() for name in swept(info, names)),
        *(Duty("subscribe", system) for system in infos),
    ]


def swept(info: ConnectorInfo, names: Sequence[str]) -> list[str]:
    """Objects of a system whose deletions no list tells."""
    return [name for name in names if info.objects.get(name, {}).get("deletes") == "swept"]


@dataclass(frozen=True, slots=True)
class Systems:
    """Builds the parts once the connectors are there, and opens the webhook route for them."""

    workspace: str
    pool: Pool
    clock: Clock
    objects: Mapping[str, Sequence[str]]
    reading: Reading
    polling: Polling
    sweeping: Sweeping
    subscribing: Subscribing
    hooks: HookApp

    async def build(self, connectors: Mapping[str, Connector]) -> Parts:
        readers: dict[str, Part] = {}
        others: list[Part] = []
        subscribers: dict[str, SystemSubscriber] = {}
        for system, connector in connectors.items():
            permits, pause = self._permits(connector.info.budget_group), SystemPause(self.clock)
            for name in self.objects[system]:
                readers[name] = ObjectReader(name, connector, permits, pause, self.reading)
                others.append(ObjectPoller(name, connector, permits, pause, self.polling))
            for name in swept(connector.info, self.objects[system]):
                others.append(ObjectSweeper(name, connector, permits["backfill"], pause, self.sweeping))
            if self.subscribing.public_url:
                subscribers[system] = SystemSubscriber(
                    connector, self.objects[system], permits["verify"], pause, self.subscribing
                )
        if not subscribers:
            log.warning("no_public_url", name="TWINLEDGER_INGEST__PUBLIC_URL")
        await self.subscribing.directory.load()
        self.hooks.open(
            {system: connector.webhooks for system, connector in connectors.items()},
            {system: subscriber.take_handshake for system, subscriber in subscribers.items()},
        )
        return Parts(readers, [*others, *subscribers.values()])

    def _permits(self, group: str) -> dict[Lane, CallPermit]:
        return {lane: BudgetPermit(self.pool, self.workspace, group, lane, self.clock) for lane in _LANES}
