"""Road: the worker that keeps the table `dead_letter` in step with the dlq topics.

Stages with a transaction write their rows themselves; this one adds the rows of stages without a
database, and the place of every letter in its topic. One process of the stack runs it.
"""

from __future__ import annotations

import random

from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Pool
from twinledger.road.dead_letters import DeadLetterOffice, index_dead_letters
from twinledger.road.failures import WaitLadder
from twinledger.road.kafka import KafkaConsumer
from twinledger.road.runner import TransactionalRunner
from twinledger.road.topics import ROAD, Topic, dead_letter_topic

__all__ = ["dead_letter_indexer"]

_GROUP = "twinledger-dlq-index"


def dead_letter_indexer(
    bootstrap: str,
    pool: Pool,
    *,
    clock: Clock,
    rng: random.Random,
    release: str,
    instance: str | None = None,
    topics: tuple[Topic, ...] = ROAD,
    group: str = _GROUP,
) -> TransactionalRunner:
    """A runner over the dead-letter topics of `topics`."""
    letters = [dead_letter_topic(topic) for topic in topics]
    return TransactionalRunner(
        consumer=KafkaConsumer(bootstrap, letters, group=group, instance=instance),
        pool=pool,
        handler=index_dead_letters,
        office=DeadLetterOffice(group=group, stage="dlq-index", release=release, clock=clock),
        ladder=WaitLadder(rng),
        clock=clock,
    )
