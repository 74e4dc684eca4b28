"""A hint of the topic is noted as it is, or leaves the road with its reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.fakes.clock import START

from twinledger.connectors.base.contract import Hint
from twinledger.ingest.steps.note_hints import read_hints
from twinledger.road.broker import Received
from twinledger.road.codec import Codec
from twinledger.road.hints import build_hints
from twinledger.road.outcome import DeadLetter
from twinledger.state.due_reads import NotedHint

OBJECTS = {"freshbooks.client"}


@pytest.fixture(scope="module")
def codec() -> Codec:
    return Codec.from_files()


def received(codec: Codec, object_name: str = "freshbooks.client", since: datetime | None = None) -> Received:
    names = [Hint(object_name, "7")]
    (record,) = build_hints(codec, "w", names, lane="verify", received_at=START, since=since)
    return Received(record.topic, 2, 40, record.key, record.value, record.headers, START)


@pytest.mark.parametrize("since", [None, START - timedelta(microseconds=1)])
def test_a_hint_keeps_lane_receipt_and_place(codec: Codec, since: datetime | None) -> None:
    noted = read_hints(received(codec, since=since), codec, OBJECTS, {})
    assert noted == [NotedHint("w", "freshbooks.client", "7", "verify", START, 2, 40, since)]


def test_hints_that_came_together_share_records_and_are_noted_each_once(codec: Codec) -> None:
    hints = [Hint(name, str(one % 60)) for one in range(120) for name in ("freshbooks.client", "x.y")]
    records = build_hints(codec, "w", hints, lane="live", received_at=START)
    assert len(records) == 4
    places = enumerate(records)
    taken = [Received(r.topic, 0, at, r.key, r.value, r.headers, START) for at, r in places]
    read = [read_hints(one, codec, {"freshbooks.client", "x.y"}, {}) for one in taken]
    noted = [hint for one in read if isinstance(one, list) for hint in one]
    assert sorted((h.object, int(h.external_id)) for h in noted) == [
        (name, number) for name in ("freshbooks.client", "x.y") for number in range(60)
    ]


def test_what_a_second_product_tells_of_is_read_where_the_record_is_held(codec: Codec) -> None:
    told = received(codec, "zoho_inventory.item")
    noted = read_hints(told, codec, {"zoho_books.item"}, {"zoho_inventory.item": "zoho_books.item"})
    assert noted == [NotedHint("w", "zoho_books.item", "7", "verify", START, 2, 40)]
    assert isinstance(read_hints(told, codec, {"zoho_books.item"}, {}), DeadLetter)


@pytest.mark.parametrize("value", [None, b"", b"\x00\x00\x00\xff\xffjunk", b"not avro"])
def test_an_undecodable_hint_is_a_dead_letter(codec: Codec, value: bytes | None) -> None:
    verdict = read_hints(replace(received(codec), value=value), codec, OBJECTS, {})
    assert isinstance(verdict, DeadLetter)
    assert verdict.reason == "schema"


def test_a_hint_without_envelope_is_a_dead_letter(codec: Codec) -> None:
    verdict = read_hints(replace(received(codec), headers=()), codec, OBJECTS, {})
    assert isinstance(verdict, DeadLetter)


def test_an_object_nobody_reads_is_a_dead_letter(codec: Codec) -> None:
    verdict = read_hints(received(codec, "freshbooks.spaceship"), codec, OBJECTS, {})
    assert isinstance(verdict, DeadLetter)
    assert verdict.rule == "freshbooks.spaceship"
