from __future__ import annotations

import pytest

from twinledger.kernel.resources import schema_dir
from twinledger.road.kafka import partition_of
from twinledger.road.topics import OBSERVATIONS, ROAD, Topic, dead_letter_topic, key_of


@pytest.mark.parametrize("topic", ROAD, ids=lambda topic: topic.name)
def test_every_topic_names_schemas_that_exist(topic: Topic) -> None:
    assert topic.schemas
    assert [name for name in topic.schemas if not (schema_dir() / f"{name}.avsc").is_file()] == []


def test_a_dead_letter_topic_keeps_longer_and_takes_more() -> None:
    letters = dead_letter_topic(OBSERVATIONS)
    assert letters.name == "dlq.twinledger.observations.v1"
    assert letters.retention_ms == 90 * 24 * 3600 * 1000
    assert letters.max_record_bytes > OBSERVATIONS.max_record_bytes


def test_a_key_keeps_its_parts_apart() -> None:
    assert key_of("acme", "freshbooks.client", "24018") == b"acme\x1ffreshbooks.client\x1f24018"
    assert key_of("a", "bc") != key_of("ab", "c")


def test_a_key_always_goes_to_the_same_partition_and_keys_spread() -> None:
    chosen = [partition_of(str(number).encode(), 6) for number in range(600)]
    assert chosen[17] == partition_of(b"17", 6)
    assert min(chosen.count(partition) for partition in range(6)) > 60
