"""A document travels untouched; the same document has the same event id."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.clock import START

from twinledger.connectors.base.contract import SourceDocument
from twinledger.ingest.steps.build_source_records import build_source_record, digest_of
from twinledger.kernel.errors import PermanentError
from twinledger.road.broker import OutRecord
from twinledger.road.codec import Codec
from twinledger.road.envelope import Envelope

DOCUMENT = SourceDocument("freshbooks.client", "7", b'{"id": 7 }', START, related={"contacts": ["a", "b"]})


@pytest.fixture(scope="module")
def codec() -> Codec:
    return Codec.from_files()


def built(codec: Codec, document: SourceDocument) -> OutRecord:
    return build_source_record(codec, "w", document, lane="live", received_at=START + timedelta(seconds=1))


def test_the_bytes_are_the_vendors(codec: Codec) -> None:
    record = built(codec, DOCUMENT)
    assert record.key == b"w\x1ffreshbooks.client\x1f7"
    name, value = codec.decode(record.value)
    assert (name, value["document"], value["related"]) == (
        "source-record",
        b'{"id": 7 }',
        {"contacts": ["a", "b"]},
    )


def test_a_gone_record_has_no_document(codec: Codec) -> None:
    _, value = codec.decode(built(codec, replace(DOCUMENT, document=b"", gone=True)).value)
    assert (value["document"], value["gone"]) == (None, True)


def test_the_same_document_has_the_same_event_id(codec: Codec) -> None:
    def event_id(document: SourceDocument) -> str:
        return Envelope.from_headers(built(codec, document).headers).event_id

    later = replace(DOCUMENT, read_started_at=START + timedelta(hours=1))
    assert event_id(DOCUMENT) == event_id(later)
    assert event_id(DOCUMENT) != event_id(replace(DOCUMENT, document=b'{"id": 8}'))


def test_the_digest_sees_bytes_relations_and_absence() -> None:
    variants = [DOCUMENT, replace(DOCUMENT, related={}), replace(DOCUMENT, gone=True)]
    assert len({digest_of(one) for one in variants}) == 3


def test_an_oversized_document_is_refused(codec: Codec) -> None:
    with pytest.raises(PermanentError):
        built(codec, replace(DOCUMENT, document=b"x" * 2_000_000))
