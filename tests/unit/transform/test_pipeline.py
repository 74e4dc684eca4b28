"""A source record becomes an observation, is left out, or leaves the road with its reason."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.transform.documents import CLIENT, READ_AT, RECEIVED_AT, source_record

from twinledger.mapping.definitions import load_shipped
from twinledger.mapping.entity_model import entity_models
from twinledger.road.broker import OutRecord
from twinledger.road.codec import Codec
from twinledger.road.envelope import Envelope
from twinledger.road.outcome import DeadLetter, Ok, Skip
from twinledger.road.topics import OBSERVATIONS
from twinledger.transform.pipeline import TransformPipeline


@pytest.fixture(scope="module")
def codec() -> Codec:
    return Codec.from_files()


@pytest.fixture(scope="module")
def pipeline(codec: Codec) -> TransformPipeline:
    return TransformPipeline(load_shipped().mappings, entity_models(), codec)


def observed(pipeline: TransformPipeline, **given: object) -> OutRecord:
    document = given.pop("document", CLIENT)
    (verdict,) = pipeline.handle([source_record(pipeline.codec, document, **given)])  # type: ignore[arg-type]
    assert isinstance(verdict, Ok)
    (record,) = verdict.value
    assert isinstance(record, OutRecord)
    return record


def refused(pipeline: TransformPipeline, **given: object) -> DeadLetter:
    document = given.pop("document", CLIENT)
    (verdict,) = pipeline.handle([source_record(pipeline.codec, document, **given)])  # type: ignore[arg-type]
    assert isinstance(verdict, DeadLetter)
    return verdict


def test_a_document_becomes_an_observation_under_the_same_key(
    pipeline: TransformPipeline, codec: Codec
) -> None:
    record = observed(pipeline)
    assert (record.topic, record.key) == (OBSERVATIONS.name, b"default\x1ffreshbooks.client\x1f24018")
    name, value = codec.decode(record.value)
    assert name == "observation.customer"
    fields = entity_models()["customer"].from_record(value)
    assert fields["email"] == "ada@northpier.example"
    assert fields["addresses.billing.country"] == "US"
    assert fields["notes"] is None
    assert "phones.mobile" not in fields
    assert value["definition"].startswith("freshbooks.client@")
    assert value["read_started_at"] == READ_AT


def test_receipt_lane_and_trace_travel_on(pipeline: TransformPipeline) -> None:
    envelope = Envelope.from_headers(observed(pipeline).headers)
    assert envelope.received_at == RECEIVED_AT
    assert envelope.lane == "live"
    assert envelope.type == "observation"
    assert envelope.traceparent == "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_replay_gives_the_same_record(pipeline: TransformPipeline) -> None:
    assert observed(pipeline, offset=7).value == observed(pipeline, offset=8).value
    first, second = observed(pipeline, offset=7), observed(pipeline, offset=8)
    assert dict(first.headers)["ce_id"] == dict(second.headers)["ce_id"]


def test_the_content_hash_ignores_stamps_and_sees_fields(pipeline: TransformPipeline, codec: Codec) -> None:
    def hash_of(**changes: object) -> str:
        _, value = codec.decode(observed(pipeline, document=CLIENT | changes).value)
        return str(value["content_hash"])

    assert hash_of() == hash_of(updated="2026-03-06 09:00:00")
    assert hash_of() != hash_of(fname="Eva")


def test_the_content_hash_sees_related_ids(pipeline: TransformPipeline, codec: Codec) -> None:
    account = {"id": "415", "Account_Name": "Northpier"}

    def hash_with(contacts: list[str]) -> str:
        record = observed(
            pipeline,
            document=account,
            object_name="zoho_crm.account",
            external_id="415",
            related={"contacts": contacts},
        )
        return str(codec.decode(record.value)[1]["content_hash"])

    assert hash_with(["zoho_crm.contact/1"]) != hash_with(["zoho_crm.contact/2"])


def test_a_gone_record_travels_without_fields(pipeline: TransformPipeline, codec: Codec) -> None:
    _, value = codec.decode(observed(pipeline, document=None, gone=True).value)
    assert value["gone"] is True
    assert value["present"] == []


def test_a_document_that_is_no_such_entity_is_left_out(pipeline: TransformPipeline, codec: Codec) -> None:
    vendor = {"contact_id": "46", "contact_name": "Papers Ltd", "contact_type": "vendor"}
    given = source_record(codec, vendor, object_name="zoho_books.contact", external_id="46")
    assert pipeline.handle([given]) == [Skip("not_accepted")]


def test_an_unknown_object_is_a_dead_letter(pipeline: TransformPipeline) -> None:
    letter = refused(pipeline, object_name="freshbooks.spaceship")
    assert (letter.reason, letter.rule) == ("mapping", "freshbooks.spaceship")


def test_a_mapping_error_names_field_and_mapping(pipeline: TransformPipeline) -> None:
    letter = refused(pipeline, document=CLIENT | {"currency_code": "XQZ"})
    assert (letter.reason, letter.error_class, letter.rule) == ("mapping", "mapping", "currency")
    assert letter.mapping_version.startswith("freshbooks.client@")
    assert "XQZ" not in letter.message


@pytest.mark.parametrize(
    "document", [b"", b"not json", b"[1, 2]", b'{"id": NaN}', b'{"a":' * 100 + b"1" + b"}" * 100, b"\xff\xfe"]
)
def test_an_unreadable_document_is_a_dead_letter(pipeline: TransformPipeline, document: bytes) -> None:
    assert refused(pipeline, document=document).error_class == "undecodable"


def test_a_document_of_another_record_is_refused(pipeline: TransformPipeline) -> None:
    assert refused(pipeline, external_id="99").rule == "id"


@pytest.mark.parametrize("value", [None, b"", b"\x00\x00\x00\xff\xff123", b"\x01garbage"])
def test_an_undecodable_value_is_a_dead_letter(
    pipeline: TransformPipeline, codec: Codec, value: bytes | None
) -> None:
    broken = replace(source_record(codec, CLIENT), value=value)
    (verdict,) = pipeline.handle([broken])
    assert isinstance(verdict, DeadLetter)
    assert verdict.reason == "schema"


def test_missing_headers_are_a_dead_letter(pipeline: TransformPipeline, codec: Codec) -> None:
    bare = replace(source_record(codec, CLIENT), headers=())
    (verdict,) = pipeline.handle([bare])
    assert isinstance(verdict, DeadLetter)
    assert verdict.reason == "schema"


def test_one_bad_record_leaves_its_neighbours_alone(pipeline: TransformPipeline, codec: Codec) -> None:
    good = source_record(codec, CLIENT)
    verdicts = pipeline.handle([good, replace(good, value=b"junk"), good])
    assert [type(verdict) for verdict in verdicts] == [Ok, DeadLetter, Ok]
