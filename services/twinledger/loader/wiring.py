"""Loader: its composition root: builds every client, hands it on, closes it in reverse order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

from twinledger.connectors.base.contract import Connector
from twinledger.connectors.opening import Opener
from twinledger.kernel.database import Pool, open_pool
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
        relay = Relay(pool, producer, clock=runtime.clock)
        opener = await _opener(settings, runtime, pool, http)
        stack.push_async_callback(opener.aclose)
        connectors = await opener.open(settings.workspace)
        office = DeadLetterOffice(group=GROUP, stage=STAGE, release=release(), clock=runtime.clock)
        worker = _worker(settings, runtime, pool, connectors, office, relay.wake)
        runner = TransactionalRunner(
            consumer=KafkaConsumer(
                settings.kafka_bootstrap_servers, [WRITE_INTENTS], group=GROUP, instance=settings.instance
            ),
            pool=pool,
            handler=LoaderPipeline(Codec.from_files(), worker.wake).handle,
            office=office,
            ladder=WaitLadder(new_rng()),
            clock=runtime.clock,
            after_commit=(relay.wake,),
        )

        async def database_answers() -> bool:
            return bool(await pool.fetchval("select true"))

        runtime.health.depends_on("database", database_answers)
        yield [runner, worker, relay]


async def _opener(settings: LoaderSettings, runtime: Runtime, pool: Pool, http: AsyncClient) -> Opener:
    async with pool.acquire() as connection:
        await ensure_workspace(connection, settings.workspace)
        if settings.goes_live_by_plan:
            await hold_for_go_live(connection, settings.workspace)
        for group, limits in settings.budgets.items():
            await ensure_limits(connection, settings.workspace, group, limits)
    return Opener(
        pool,
        settings.platforms,
        settings.environment,
        http,
        runtime.clock,
        Sealer(open_key_wrapper()),
    )


def _worker(
    settings: LoaderSettings,
    runtime: Runtime,
    pool: Pool,
    connectors: Mapping[str, Connector],
    office: DeadLetterOffice,
    wake_relay: Callable[[], None],
) -> LoaderWorker:
    definitions = load_shipped()
    parents = ParentLoader(homes(definitions))
    settler = Settler(FeedBack(Codec.from_files(), runtime.clock, office), renamable(definitions))
    sinks = {system: connector.sink for system, connector in connectors.items()}
    groups = {system: connector.info.budget_group for system, connector in connectors.items()}
    permits = {
        system: BudgetPermit(pool, settings.workspace, group, "verify", runtime.clock)
        for system, group in groups.items()
    }
    resolver = UnknownResolver(
        pool,
        sinks,
        {system: connector.source for system, connector in connectors.items()},
        definitions.mappings,
        parents,
        settler,
        permits,
        _resolver_times(settings.loader),
        runtime.clock,
    )
    # A version check is a part of its write, so it goes in the lane of writes.
    checks = {
        system: BudgetPermit(pool, settings.workspace, group, "live", runtime.clock)
        for system, group in groups.items()
    }
    executors: dict[tuple[str, str], Executor] = {}

    def settled() -> None:
        wake_relay()
        for executor in executors.values():
            executor.wake()

    queue = SettleQueue(pool, settler, runtime.clock, settled)
    for system, group in groups.items():
        executors[settings.workspace, group] = Executor(
            _executor_settings(settings, group),
            pool,
            sinks,
            definitions.mappings,
            parents,
            queue,
            checks[system],
            runtime.clock,
        )
    objects = sorted({name for rule in definitions.sync_rules.values() for name in rule.systems})
    return LoaderWorker(pool, executors, queue, resolver, objects, _owner(settings), runtime.clock)


def _resolver_times(times: LoaderTimes) -> ResolverTimes:
    return ResolverTimes(
        timedelta(seconds=times.find_lag_s),
        timedelta(seconds=times.latest_run_s),
        timedelta(seconds=times.upsert_blind_s),
    )


def _owner(settings: LoaderSettings) -> str:
    return f"{STAGE}-{settings.instance}"


def _executor_settings(settings: LoaderSettings, group: str) -> ExecutorSettings:
    return ExecutorSettings(
        _owner(settings),
        settings.workspace,
        group,
        max_requests=settings.max_requests,
        send_by_s=settings.loader.send_by_s,
    )


def renamable(definitions: Definitions) -> frozenset[str]:
    """Objects with a name that the vendor wants unique and that has other forms."""
    return frozenset(name for name, mapping in definitions.mappings.items() if mapping.has_unique_names)
