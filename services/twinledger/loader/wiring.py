"""Loader: its composition root: builds every client, hands it on, closes it in reverse order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from twinledger.connectors.base.contract import Connector
from twinledger.connectors.opening import Opener, OpenSystems
from twinledger.connectors.serving import ServedWorkspaces
from twinledger.connectors.wanted import wanted_objects
from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Pool, open_pool, transaction
from twinledger.kernel.http import AsyncClient, new_http_client
from twinledger.kernel.ids import new_rng
from twinledger.kernel.service import Runtime, Worker, release
from twinledger.loader.executor import Executor, ExecutorSettings
from twinledger.loader.pipeline import LoaderPipeline
from twinledger.loader.settings import LoaderSettings, LoaderTimes
from twinledger.loader.settle_queue import SettleQueue
from twinledger.loader.steps.feed_back import FeedBack
from twinledger.loader.steps.load_parents import ParentLoader
from twinledger.loader.steps.resolve_unknown import ResolverTimes, UnknownResolver
from twinledger.loader.steps.settle import Settler
from twinledger.loader.worker import LoaderWorker
from twinledger.loader.workspace import WorkspaceWrites
from twinledger.mapping.definitions import Definitions, load_shipped
from twinledger.mapping.homes import homes
from twinledger.road.codec import Codec
from twinledger.road.dead_letters import DeadLetterOffice
from twinledger.road.failures import WaitLadder
from twinledger.road.kafka import KafkaConsumer, KafkaProducer
from twinledger.road.relay import Relay
from twinledger.road.runner import TransactionalRunner
from twinledger.road.topics import WRITE_INTENTS
from twinledger.state.budgets import BudgetPermit, ensure_limits
from twinledger.state.gate import hold_for_go_live
from twinledger.state.records import system_of
from twinledger.state.sealing import Sealer, open_key_wrapper
from twinledger.state.workspaces import ensure_workspace

__all__ = ["homes", "renamable", "wire"]

STAGE = "loader"
GROUP = "twinledger-loader"


@asynccontextmanager
async def wire(settings: LoaderSettings, runtime: Runtime) -> AsyncIterator[Sequence[Worker]]:
    """The worker over the intent table, the runner that wakes it, and the relay."""
    async with AsyncExitStack() as stack:
        pool = await open_pool(settings.database_url.get_secret_value(), max_size=settings.database_pool_size)
        stack.push_async_callback(pool.close)
        http = new_http_client(timeout_s=settings.loader.call_timeout_s)
        stack.push_async_callback(http.aclose)
        producer = KafkaProducer(settings.kafka_bootstrap_servers)
        await producer.start()
        stack.push_async_callback(producer.stop)
        async with transaction(pool) as connection:
            await ensure_workspace(connection, settings.workspace)
        relay = Relay(pool, producer, clock=runtime.clock)
        office = DeadLetterOffice(group=GROUP, stage=STAGE, release=release(), clock=runtime.clock)
        worker = _worker(settings, runtime, pool, http, office, relay)
        runner = TransactionalRunner(
            consumer=KafkaConsumer(
                settings.kafka_bootstrap_servers, [WRITE_INTENTS], group=GROUP, instance=settings.instance
            ),
            pool=pool,
            handler=LoaderPipeline(Codec.from_files(), worker.wake).handle,
            office=office,
            ladder=WaitLadder(new_rng()),
            clock=runtime.clock,
        )

        async def database_answers() -> bool:
            return bool(await pool.fetchval("select true"))

        runtime.health.depends_on("database", database_answers)
        yield [runner, worker, relay]


def _worker(
    settings: LoaderSettings,
    runtime: Runtime,
    pool: Pool,
    http: AsyncClient,
    office: DeadLetterOffice,
    relay: Relay,
) -> LoaderWorker:
    definitions = load_shipped()
    clock, systems = runtime.clock, {system_of(name) for name in wanted_objects(definitions)}
    sealer = Sealer(open_key_wrapper())
    settler = Settler(FeedBack(Codec.from_files(), clock, office), renamable(definitions))
    queue = SettleQueue(pool, settler, clock)
    queue.on_settled.append(lambda workspaces: relay.wake())
    workspaces = Workspaces(
        settings,
        pool,
        clock,
        Opener(
            pool,
            settings.platforms,
            settings.environment,
            http,
            clock,
            sealer,
            systems,
            call_timeout_s=settings.loader.call_timeout_s,
        ),
        definitions,
        ParentLoader(homes(definitions)),
        settler,
        queue,
    )
    served = ServedWorkspaces(pool, workspaces.open)
    return LoaderWorker(pool, served, queue, owner_of(settings), clock)


@dataclass(frozen=True, slots=True)
class Workspaces:
    """What the workspaces of this process share; opens one of them."""

    settings: LoaderSettings
    pool: Pool
    clock: Clock
    opener: Opener
    definitions: Definitions
    parents: ParentLoader
    settler: Settler
    queue: SettleQueue

    @asynccontextmanager
    async def open(self, workspace: str) -> AsyncIterator[WorkspaceWrites]:
        """The writes of one workspace; its tokens are closed when they have ended."""
        opened = await self.opener.served(workspace)
        try:
            async with transaction(self.pool) as connection:
                if self.settings.goes_live_by_plan:
                    await hold_for_go_live(connection, workspace)
                for group, limits in self.settings.budgets.items():
                    await ensure_limits(connection, workspace, group, limits)
            yield self._writes(workspace, opened)
        finally:
            await opened.aclose()

    def _writes(self, workspace: str, opened: OpenSystems) -> WorkspaceWrites:
        connectors, mappings = opened.connectors, self.definitions.mappings
        sinks = {system: connector.sink for system, connector in connectors.items()}
        probes, checks = (self._permits(workspace, connectors, lane) for lane in ("verify", "live"))
        resolver = UnknownResolver(
            self.pool,
            sinks,
            {system: connector.source for system, connector in connectors.items()},
            mappings,
            self.parents,
            self.settler,
            probes,
            _resolver_times(self.settings.loader),
            self.clock,
        )
        executors = {
            connector.info.budget_group: Executor(
                _executor_settings(self.settings, workspace, connector.info.budget_group),
                self.pool,
                sinks,
                mappings,
                self.definitions.sync_rules,
                self.parents,
                self.queue,
                checks[system],
                self.clock,
            )
            for system, connector in connectors.items()
        }
        here = self.definitions.without(opened.absent)
        objects = sorted({name for rule in here.sync_rules.values() for name in rule.systems})
        return WorkspaceWrites(self.pool, workspace, objects, executors, resolver, self.clock)

    def _permits(
        self, workspace: str, connectors: Mapping[str, Connector], lane: str
    ) -> dict[str, BudgetPermit]:
        """Probes go in a lane of their own; a version check goes in that of its write."""
        return {
            system: BudgetPermit(self.pool, workspace, connector.info.budget_group, lane, self.clock)
            for system, connector in connectors.items()
        }


def _resolver_times(times: LoaderTimes) -> ResolverTimes:
    return ResolverTimes(
        timedelta(seconds=times.find_lag_s),
        timedelta(seconds=times.latest_run_s),
        timedelta(seconds=times.upsert_blind_s),
    )


def owner_of(settings: LoaderSettings) -> str:
    """The name that this process marks its writes with."""
    return f"{STAGE}-{settings.instance}"


def _executor_settings(settings: LoaderSettings, workspace: str, group: str) -> ExecutorSettings:
    return ExecutorSettings(
        owner_of(settings),
        workspace,
        group,
        max_requests=settings.max_requests,
        send_by_s=settings.loader.send_by_s,
    )


def renamable(definitions: Definitions) -> frozenset[str]:
    """Objects with a name that the vendor wants unique and that has other forms."""
    return frozenset(name for name, mapping in definitions.mappings.items() if mapping.has_unique_names)
