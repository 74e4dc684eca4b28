"""Ingest: its composition root: builds every client, hands it on, closes it in reverse order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from twinledger.connectors import registry
from twinledger.connectors.opening import Opener
from twinledger.ingest.duties import Duties
from twinledger.ingest.first_read import FirstRead
from twinledger.ingest.hint_log import HintLog
from twinledger.ingest.hook_app import HookApp
from twinledger.ingest.pipeline import HintsPipeline
from twinledger.ingest.poller import Polling
from twinledger.ingest.reader import Reading
from twinledger.ingest.settings import IngestSettings
from twinledger.ingest.subscriber import Subscribing
from twinledger.ingest.subscription_directory import SubscriptionDirectory
from twinledger.ingest.systems import Systems, duties_of
from twinledger.ingest.undeliverable import Undeliverable
from twinledger.ingest.worker import IngestWorker
from twinledger.kernel.database import Pool, open_pool
from twinledger.kernel.http import new_http_client
from twinledger.kernel.http_server import HttpServer
from twinledger.kernel.ids import new_rng
from twinledger.kernel.service import Runtime, Worker, release
from twinledger.mapping.definitions import load_shipped
from twinledger.road.broker import Consumer, Partition
from twinledger.road.codec import Codec
from twinledger.road.dead_letters import DeadLetterOffice
from twinledger.road.failures import WaitLadder
from twinledger.road.kafka import KafkaConsumer, KafkaProducer
from twinledger.road.relay import Relay
from twinledger.road.runner import TransactionalRunner
from twinledger.road.topics import HINTS
from twinledger.state.budgets import ensure_limits
from twinledger.state.sealing import Sealer, open_key_wrapper
from twinledger.state.workspaces import ensure_workspace

__all__ = ["wire"]

STAGE = "ingest"
GROUP = "twinledger-ingest"
HINTS_AT_ONCE = 200
"""A batch is read in one go, while deliveries wait for their answers in the same loop."""


@asynccontextmanager
async def wire(settings: IngestSettings, runtime: Runtime) -> AsyncIterator[Sequence[Worker]]:
    """The webhook route, the runner over the hints topic, the work on the systems, the relay."""
    async with AsyncExitStack() as stack:
        pool = await open_pool(settings.database_url.get_secret_value(), max_size=settings.database_pool_size)
        stack.push_async_callback(pool.close)
        producer = KafkaProducer(settings.kafka_bootstrap_servers)
        await producer.start()
        stack.push_async_callback(producer.stop)
        await _ensure_workspace(pool, settings)
        http = new_http_client(timeout_s=settings.ingest.call_timeout_s)
        stack.push_async_callback(http.aclose)
        sealer = Sealer(open_key_wrapper())
        opener = Opener(pool, settings.platforms, settings.environment, http, runtime.clock, sealer)
        stack.push_async_callback(opener.aclose)
        hints = HintLog(producer, timeout_s=settings.ingest.ack_timeout_s)
        stack.push_async_callback(hints.aclose)
        yield _Ingest(settings, runtime, pool, producer, sealer).workers(opener, hints)


async def _ensure_workspace(pool: Pool, settings: IngestSettings) -> None:
    async with pool.acquire() as connection:
        await ensure_workspace(connection, settings.workspace)
        for group, limits in settings.budgets.items():
            await ensure_limits(connection, settings.workspace, group, limits)


class _Ingest:
    """Puts the parts together; what needs closing was opened by `wire`."""

    def __init__(
        self,
        settings: IngestSettings,
        runtime: Runtime,
        pool: Pool,
        producer: KafkaProducer,
        sealer: Sealer,
    ) -> None:
        self.settings, self.runtime, self.clock = settings, runtime, runtime.clock
        self.workspace = settings.workspace
        self.pool, self.producer, self.sealer = pool, producer, sealer
        self.codec = Codec.from_files()
        self.office = DeadLetterOffice(group=GROUP, stage=STAGE, release=release(), clock=self.clock)
        self.relay = Relay(pool, producer, clock=self.clock)
        self.ladder = WaitLadder(new_rng())
        self.objects = _objects()
        wanted = duties_of(registry.infos(), self.objects)
        owner = f"{STAGE}-{settings.instance}"
        self.duties = Duties(pool, self.workspace, wanted, self.clock, owner=owner)
        self.directory = SubscriptionDirectory(pool, sealer, self.workspace, self.clock)

    def workers(self, opener: Opener, hints: HintLog) -> list[Worker]:
        hooks = HookApp(
            workspace=self.workspace,
            addresses=self.directory,
            hints=hints,
            codec=self.codec,
            clock=self.clock,
        )
        worker = IngestWorker(
            self.pool,
            self.workspace,
            self.clock,
            self.duties,
            open_systems=lambda: opener.open(self.workspace),
            build=self._systems(hooks).build,
        )
        self.duties.on_change = worker.wake_all
        options = self.settings.ingest
        http = HttpServer(hooks, host=options.host, port=options.port)
        return [http, self._runner(worker), worker, self.duties, self.relay]

    def _systems(self, hooks: HookApp) -> Systems:
        workspace, pool, clock = self.workspace, self.pool, self.clock
        first_read = FirstRead(workspace, load_shipped().mappings)
        undeliverable = Undeliverable(workspace, pool, self.codec, self.office, self.relay.wake)
        shared = (workspace, pool, self.producer, self.codec, clock)
        options = self.settings.ingest
        return Systems(
            workspace=workspace,
            pool=pool,
            clock=clock,
            objects=self.objects,
            reading=Reading(*shared, self.ladder, self.duties, undeliverable, first_read),
            polling=Polling(*shared, self.duties, first_read, options.poll_interval_s),
            subscribing=Subscribing(
                workspace,
                pool,
                self.sealer,
                self.directory,
                self.duties,
                clock,
                options.public_url,
                options.subscriptions_look_s,
                options.resend_after_s,
            ),
            hooks=hooks,
            audit_every_s=options.audit_every_s,
        )

    def _runner(self, worker: IngestWorker) -> TransactionalRunner:
        pipeline = HintsPipeline(
            self.codec, {name for names in self.objects.values() for name in names}, worker
        )
        consumer = KafkaConsumer(
            self.settings.kafka_bootstrap_servers, [HINTS], group=GROUP, instance=self.settings.instance
        )
        _report_health(self.runtime, self.pool, consumer, worker)
        return TransactionalRunner(
            consumer=consumer,
            pool=self.pool,
            handler=pipeline.handle,
            office=self.office,
            ladder=self.ladder,
            clock=self.clock,
            after_commit=(pipeline.committed, self.relay.wake),
            max_records=HINTS_AT_ONCE,
        )


def _objects() -> dict[str, list[str]]:
    """Objects that a mapping reads, by system."""
    mapped = load_shipped().mappings
    return {
        system: [name for name in info.objects if name in mapped] for system, info in registry.infos().items()
    }


def _report_health(runtime: Runtime, pool: Pool, consumer: Consumer, worker: IngestWorker) -> None:
    async def database_answers() -> bool:
        return bool(await pool.fetchval("select true"))

    async def broker_answers() -> bool:
        return bool(await consumer.bounds([Partition(HINTS.name, 0)]))

    async def connected() -> bool:
        return worker.is_open()

    runtime.health.depends_on("database", database_answers)
    runtime.health.depends_on("broker", broker_answers)
    runtime.health.depends_on("connection", connected, critical=False)
