"""Ingest: its composition root: builds every client, hands it on, closes it in reverse order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from twinledger.connectors import registry
from twinledger.connectors.opening import Opener
from twinledger.connectors.serving import ServedWorkspaces
from twinledger.connectors.wanted import wanted_objects
from twinledger.ingest.hint_log import HintLog
from twinledger.ingest.hook_app import HookApp
from twinledger.ingest.pipeline import HintsPipeline
from twinledger.ingest.settings import IngestSettings
from twinledger.ingest.subscription_directory import SubscriptionDirectory
from twinledger.ingest.systems import Systems
from twinledger.ingest.worker import IngestWorker
from twinledger.kernel.database import Pool, open_pool, transaction
from twinledger.kernel.http import new_http_client
from twinledger.kernel.http_server import HttpServer
from twinledger.kernel.ids import new_rng
from twinledger.kernel.service import Runtime, Worker, release
from twinledger.mapping.definitions import Definitions, load_shipped
from twinledger.road.broker import Consumer, Partition
from twinledger.road.codec import Codec
from twinledger.road.dead_letters import DeadLetterOffice
from twinledger.road.failures import WaitLadder
from twinledger.road.kafka import KafkaConsumer, KafkaProducer
from twinledger.road.relay import Relay
from twinledger.road.runner import TransactionalRunner
from twinledger.road.topics import HINTS
from twinledger.state.sealing import Sealer, open_key_wrapper
from twinledger.state.workspaces import ensure_workspace

__all__ = ["wire"]

STAGE = "ingest"
GROUP = "twinledger-ingest"
HINTS_AT_ONCE = 100
"""A batch is read in one go, while deliveries wait for their answers in the same loop."""

log = structlog.get_logger()


@asynccontextmanager
async def wire(settings: IngestSettings, runtime: Runtime) -> AsyncIterator[Sequence[Worker]]:
    """The webhook route, the runner over the hints topic, the work on the systems, the relay."""
    if not settings.ingest.public_url:
        log.warning("no_public_url", name="TWINLEDGER_INGEST__PUBLIC_URL")
    async with AsyncExitStack() as stack:
        pool = await open_pool(settings.database_url.get_secret_value(), max_size=settings.database_pool_size)
        stack.push_async_callback(pool.close)
        producer = KafkaProducer(settings.kafka_bootstrap_servers)
        await producer.start()
        stack.push_async_callback(producer.stop)
        async with transaction(pool) as connection:
            await ensure_workspace(connection, settings.workspace)
        http = new_http_client(timeout_s=settings.ingest.call_timeout_s)
        stack.push_async_callback(http.aclose)
        hints = HintLog(producer, Codec.from_files(), timeout_s=settings.ingest.ack_timeout_s)
        stack.push_async_callback(hints.aclose)
        heard = _heard(load_shipped())
        sealer = Sealer(open_key_wrapper())
        opener = Opener(
            pool,
            settings.platforms,
            settings.environment,
            http,
            runtime.clock,
            sealer,
            heard,
            call_timeout_s=settings.ingest.call_timeout_s,
        )
        yield _Ingest(settings, runtime, pool, producer, opener, hints, heard).workers()


class _Ingest:
    """Puts the parts together; what needs closing was opened by `wire`."""

    def __init__(
        self,
        settings: IngestSettings,
        runtime: Runtime,
        pool: Pool,
        producer: KafkaProducer,
        opener: Opener,
        hints: HintLog,
        heard: dict[str, list[str]],
    ) -> None:
        self.settings, self.runtime, self.clock = settings, runtime, runtime.clock
        self.pool, self.producer, self.opener, self.heard = pool, producer, opener, heard
        self.definitions = load_shipped()
        self.shared = self.definitions.shared
        self.codec = Codec.from_files()
        self.office = DeadLetterOffice(group=GROUP, stage=STAGE, release=release(), clock=self.clock)
        self.relay = Relay(pool, producer, clock=self.clock)
        self.ladder = WaitLadder(new_rng())
        self.directory = SubscriptionDirectory(pool, opener.sealer, self.clock)
        self.hooks = HookApp(addresses=self.directory, hints=hints, clock=self.clock)

    def workers(self) -> list[Worker]:
        worker = IngestWorker(self.pool, self.clock, ServedWorkspaces(self.pool, self._systems().open))
        options = self.settings.ingest
        http = HttpServer(self.hooks, host=options.host, port=options.port)
        return [http, self._runner(worker), worker, self.relay]

    def _systems(self) -> Systems:
        return Systems(
            settings=self.settings,
            pool=self.pool,
            clock=self.clock,
            producer=self.producer,
            codec=self.codec,
            sealer=self.opener.sealer,
            office=self.office,
            ladder=self.ladder,
            opener=self.opener,
            directory=self.directory,
            hooks=self.hooks,
            definitions=self.definitions,
            objects={
                system: [name for name in names if name not in self.shared]
                for system, names in self.heard.items()
            },
            heard=self.heard,
            wake_relay=self.relay.wake,
            owner=f"{STAGE}-{self.settings.instance}",
        )

    def _runner(self, worker: IngestWorker) -> TransactionalRunner:
        pipeline = HintsPipeline(
            self.codec, {name for names in self.heard.values() for name in names}, self.shared, worker
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
            after_commit=(pipeline.committed,),  # dead letters wait for the relay's own look
            max_records=HINTS_AT_ONCE,
        )


def _heard(definitions: Definitions) -> dict[str, list[str]]:
    """Objects that a sync rule or flow names, by system."""
    wanted = wanted_objects(definitions)
    found = {
        system: [name for name in info.objects if name in wanted] for system, info in registry.infos().items()
    }
    return {system: names for system, names in found.items() if names}


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
