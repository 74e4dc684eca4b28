"""Enrich: its composition root: builds every client, hands it on, closes it in reverse order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from twinledger.connectors.opening import budget_groups
from twinledger.enrich.definitions import SyncDefinitions
from twinledger.enrich.held import HeldRecords
from twinledger.enrich.pipeline import EnrichPipeline
from twinledger.enrich.replanner import Replanner
from twinledger.enrich.settings import EnrichSettings
from twinledger.kernel.database import open_pool
from twinledger.kernel.ids import new_rng
from twinledger.kernel.service import Runtime, Worker, release
from twinledger.mapping.definitions import load_shipped
from twinledger.road.codec import Codec
from twinledger.road.dead_letter_indexer import dead_letter_indexer
from twinledger.road.dead_letters import DeadLetterOffice
from twinledger.road.failures import WaitLadder
from twinledger.road.kafka import KafkaConsumer, KafkaProducer
from twinledger.road.relay import Relay
from twinledger.road.runner import TransactionalRunner
from twinledger.road.topics import OBSERVATIONS

__all__ = ["wire"]

STAGE = "enrich"
GROUP = "twinledger-enrich"


@asynccontextmanager
async def wire(settings: EnrichSettings, runtime: Runtime) -> AsyncIterator[Sequence[Worker]]:
    """The runner over the observations topic, and the relay that publishes what it committed."""
    async with AsyncExitStack() as stack:
        pool = await open_pool(settings.database_url.get_secret_value(), max_size=settings.database_pool_size)
        stack.push_async_callback(pool.close)
        producer = KafkaProducer(settings.kafka_bootstrap_servers)
        await producer.start()
        stack.push_async_callback(producer.stop)
        relay = Relay(pool, producer, clock=runtime.clock)
        pipeline = EnrichPipeline(
            SyncDefinitions.of(load_shipped()),
            budget_groups(),
            Codec.from_files(),
            runtime.clock,
            {},
            settings.burial_rest_s,
        )
        runner = TransactionalRunner(
            consumer=KafkaConsumer(
                settings.kafka_bootstrap_servers, [OBSERVATIONS], group=GROUP, instance=settings.instance
            ),
            pool=pool,
            handler=pipeline.handle,
            office=DeadLetterOffice(group=GROUP, stage=STAGE, release=release(), clock=runtime.clock),
            ladder=WaitLadder(new_rng()),
            clock=runtime.clock,
            after_commit=(relay.wake,),
            max_records=settings.max_records,
            lanes=settings.lanes,
        )

        async def database_answers() -> bool:
            return bool(await pool.fetchval("select true"))

        runtime.health.depends_on("database", database_answers)
        indexer = dead_letter_indexer(
            settings.kafka_bootstrap_servers,
            pool,
            clock=runtime.clock,
            rng=new_rng(),
            release=release(),
            instance=settings.instance,
        )
        yield [runner, relay, indexer, Replanner(pool, pipeline), HeldRecords(pool)]
