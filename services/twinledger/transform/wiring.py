"""Transform: its composition root: builds every client, hands it on, closes it in reverse order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from twinledger.kernel.service import Runtime, Worker, release
from twinledger.mapping.definitions import load_shipped
from twinledger.mapping.entity_model import entity_models
from twinledger.road.broker import Partition
from twinledger.road.codec import Codec
from twinledger.road.dead_letters import DeadLetterOffice
from twinledger.road.kafka import KafkaConsumer, KafkaProducer
from twinledger.road.runner import StatelessRunner
from twinledger.road.topics import SOURCE_RECORDS
from twinledger.transform.pipeline import TransformPipeline
from twinledger.transform.settings import TransformSettings

__all__ = ["wire"]

STAGE = "transform"
GROUP = "twinledger-transform"


@asynccontextmanager
async def wire(settings: TransformSettings, runtime: Runtime) -> AsyncIterator[Sequence[Worker]]:
    """The runner over the source-records topic: it needs Kafka and nothing else."""
    async with AsyncExitStack() as stack:
        producer = KafkaProducer(settings.kafka_bootstrap_servers)
        await producer.start()
        stack.push_async_callback(producer.stop)
        pipeline = TransformPipeline(load_shipped().mappings, entity_models(), Codec.from_files())
        consumer = KafkaConsumer(
            settings.kafka_bootstrap_servers, [SOURCE_RECORDS], group=GROUP, instance=settings.instance
        )
        runner = StatelessRunner(
            consumer=consumer,
            producer=producer,
            handler=pipeline.handle,
            office=DeadLetterOffice(group=GROUP, stage=STAGE, release=release(), clock=runtime.clock),
            clock=runtime.clock,
            max_records=settings.max_records,
        )

        async def broker_answers() -> bool:
            return bool(await consumer.bounds([Partition(SOURCE_RECORDS.name, 0)]))

        async def has_partitions() -> bool:
            return bool(consumer.assigned())

        runtime.health.depends_on("broker", broker_answers)
        runtime.health.depends_on("partitions", has_partitions, critical=False)
        yield [runner]
