"""Ingest: opens one workspace: readers, pollers, sweepers of objects, a subscriber a system, the route."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from twinledger.connectors.base.contract import CallPermit, Connector
from twinledger.connectors.opening import Opener, OpenSystems
from twinledger.ingest.duties import Duties
from twinledger.ingest.first_read import FirstRead
from twinledger.ingest.hook_app import HookApp
from twinledger.ingest.job_works import job_works
from twinledger.ingest.jobs import JobRunner
from twinledger.ingest.pauses import SystemPause
from twinledger.ingest.poller import ObjectPoller, Polling
from twinledger.ingest.reader import ObjectReader, Reading
from twinledger.ingest.settings import IngestSettings
from twinledger.ingest.subscriber import Subscribing, SystemSubscriber
from twinledger.ingest.subscription_directory import SubscriptionDirectory
from twinledger.ingest.sweeper import ObjectSweeper, Sweeping
from twinledger.ingest.undeliverable import Undeliverable
from twinledger.ingest.workspace import Part, WorkspaceParts
from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Pool, transaction
from twinledger.mapping.definitions import Definitions
from twinledger.road.broker import Producer
from twinledger.road.codec import Codec
from twinledger.road.dead_letters import DeadLetterOffice
from twinledger.road.failures import WaitLadder
from twinledger.state.budgets import BudgetPermit, ensure_limits
from twinledger.state.connections import forget_addresses
from twinledger.state.due_reads import Lane
from twinledger.state.first_sight import begin_catch_up
from twinledger.state.ingest_leases import Duty
from twinledger.state.sealing import Sealer

__all__ = ["Systems"]

log = structlog.get_logger()

_LANES: Sequence[Lane] = ("live", "retry", "verify", "backfill")


@dataclass(frozen=True, slots=True)
class Systems:
    """What the workspaces of this process share; `objects` that are read, and `heard` of, by system."""

    settings: IngestSettings
    pool: Pool
    clock: Clock
    producer: Producer
    codec: Codec
    sealer: Sealer
    office: DeadLetterOffice
    ladder: WaitLadder
    opener: Opener
    directory: SubscriptionDirectory
    hooks: HookApp
    definitions: Definitions
    objects: Mapping[str, Sequence[str]]
    heard: Mapping[str, Sequence[str]]
    wake_relay: Callable[[], None]
    owner: str

    @asynccontextmanager
    async def open(self, workspace: str) -> AsyncIterator[WorkspaceParts]:
        """Everything of one workspace; what happened while it was not read is caught up with first."""
        opened = await self.opener.served(workspace)
        try:
            async with transaction(self.pool) as connection:
                for group, limits in self.settings.budgets.items():
                    await ensure_limits(connection, workspace, group, limits)
                await begin_catch_up(connection, workspace)
                await forget_addresses(connection, workspace, sorted(opened.absent))
            await self.directory.load(workspace)
            yield self._parts(workspace, opened)
        finally:
            self.hooks.close(workspace)
            await opened.aclose()

    def _parts(self, workspace: str, opened: OpenSystems) -> WorkspaceParts:
        connectors = opened.connectors
        duties = Duties(self.pool, workspace, self._duties(connectors), self.clock, owner=self.owner)
        first_read = FirstRead(workspace, self.definitions.mappings)
        reading, polling = (
            self._reading(workspace, duties, first_read),
            self._polling(workspace, duties, first_read),
        )
        sweeping = self._sweeping(workspace, duties)
        readers: dict[str, Part] = {}
        others: list[Part] = []
        subscribers: dict[str, SystemSubscriber] = {}
        for system, connector in connectors.items():
            permits, pause = self._permits(workspace, connector), SystemPause(self.clock)
            for name in self.objects.get(system, ()):
                readers[name] = ObjectReader(name, connector, permits, pause, reading)
                others.append(ObjectPoller(name, connector, permits, pause, polling))
            for name in self._swept(connector):
                others.append(ObjectSweeper(name, connector, permits["backfill"], pause, sweeping))
            if self.settings.ingest.public_url:
                subscribers[system] = SystemSubscriber(
                    connector,
                    self.heard[system],
                    permits["verify"],
                    pause,
                    self._subscribing(workspace, duties),
                )
        pollers = [part for part in others if isinstance(part, ObjectPoller)]
        others.append(self._jobs(workspace, duties, opened, pollers))
        self.hooks.open(
            workspace,
            {system: connector.webhooks for system, connector in connectors.items()},
            {system: subscriber.take_handshake for system, subscriber in subscribers.items()},
        )
        return WorkspaceParts(workspace, duties, readers, [*others, *subscribers.values()])

    def _jobs(
        self,
        workspace: str,
        duties: Duties,
        opened: OpenSystems,
        pollers: Sequence[ObjectPoller],
    ) -> JobRunner:
        connectors, definitions = opened.connectors, self.definitions.without(opened.absent)
        permits = {system: self._permits(workspace, one) for system, one in connectors.items()}
        served = {name for system in connectors for name in self.objects.get(system, ())}
        shared = (self.pool, self.producer, self.codec, self.clock)
        works = job_works(workspace, *shared, connectors, permits, pollers, definitions, served)
        audit_every_s = self.settings.ingest.audit_every_s
        return JobRunner(workspace, self.pool, self.clock, duties, works, audit_every_s=audit_every_s)

    def _duties(self, connectors: Mapping[str, Connector]) -> list[Duty]:
        names = [name for system in connectors for name in self.objects.get(system, ())]
        return [
            *(Duty(purpose, name) for purpose in ("read", "poll") for name in names),
            *(Duty("sweep", name) for connector in connectors.values() for name in self._swept(connector)),
            *(Duty("subscribe", system) for system in connectors),
            Duty("jobs", "all"),
        ]

    def _swept(self, connector: Connector) -> list[str]:
        """Objects whose deletions no list tells."""
        info = connector.info
        names = self.objects.get(info.system, ())
        return [name for name in names if info.objects[name]["deletes"] == "swept"]

    def _reading(self, workspace: str, duties: Duties, first_read: FirstRead) -> Reading:
        return Reading(
            workspace,
            self.pool,
            self.producer,
            self.codec,
            self.clock,
            self.ladder,
            duties,
            Undeliverable(workspace, self.pool, self.codec, self.office, self.wake_relay),
            first_read,
        )

    def _polling(self, workspace: str, duties: Duties, first_read: FirstRead) -> Polling:
        interval_s = self.settings.ingest.poll_interval_s
        return Polling(
            workspace, self.pool, self.producer, self.codec, self.clock, duties, first_read, interval_s
        )

    def _sweeping(self, workspace: str, duties: Duties) -> Sweeping:
        entities = {name: mapping.entity for name, mapping in self.definitions.mappings.items()}
        interval_s = self.settings.ingest.sweep_interval_s
        return Sweeping(
            workspace, self.pool, self.producer, self.codec, self.clock, duties, entities, interval_s
        )

    def _subscribing(self, workspace: str, duties: Duties) -> Subscribing:
        options = self.settings.ingest
        return Subscribing(
            workspace,
            self.pool,
            self.sealer,
            self.directory,
            duties,
            self.clock,
            options.public_url,
            options.subscriptions_look_s,
            options.resend_after_s,
        )

    def _permits(self, workspace: str, connector: Connector) -> dict[Lane, CallPermit]:
        group = connector.info.budget_group
        return {
            lane: BudgetPermit(self.pool, workspace, group, lane, self.clock, stays=True) for lane in _LANES
        }
