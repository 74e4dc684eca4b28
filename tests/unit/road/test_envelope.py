from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.clock import START

from twinledger.road.envelope import Envelope, EnvelopeError, received_at

times = st.datetimes(
    min_value=datetime(1970, 1, 1),  # noqa: DTZ001 - hypothesis wants naive bounds beside timezones
    max_value=datetime(2200, 1, 1),  # noqa: DTZ001 - the same
    timezones=st.just(UTC),
)
envelopes = st.builds(
    Envelope,
    event_id=st.text(),
    source=st.text(),
    type=st.text(),
    time=times,
    workspace=st.text(),
    lane=st.sampled_from(["live", "retry", "verify", "backfill"]),
    received_at=times,
    definition=st.none() | st.text(),
    intent_id=st.none() | st.text(),
    reference=st.none() | st.text(),
    traceparent=st.none() | st.text(),
)
SIMPLE = Envelope(
    event_id="e1",
    source="freshbooks.client",
    type="source-record",
    time=START,
    workspace="acme",
    lane="live",
    received_at=START,
    definition="freshbooks.client@3",
)


@given(envelopes)
def test_headers_bring_the_same_envelope_back(envelope: Envelope) -> None:
    assert Envelope.from_headers(envelope.to_headers()) == envelope


def test_names_are_those_of_cloudevents_and_ours() -> None:
    assert SIMPLE.to_headers() == [
        ("ce_specversion", b"1.0"),
        ("ce_id", b"e1"),
        ("ce_source", b"freshbooks.client"),
        ("ce_type", b"source-record"),
        ("ce_time", b"2026-03-05T17:40:02Z"),
        ("twinledger-workspace", b"acme"),
        ("twinledger-lane", b"live"),
        ("twinledger-received-at", b"2026-03-05T17:40:02Z"),
        ("twinledger-definition", b"freshbooks.client@3"),
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ce_id", None),
        ("ce_id", b"\xff"),
        ("ce_time", b"yesterday"),
        ("ce_time", b"2026-03-05T17:40:02"),
        ("twinledger-lane", b"fast"),
    ],
)
def test_headers_that_are_not_ours_are_refused(name: str, value: bytes) -> None:
    headers = [header for header in SIMPLE.to_headers() if header[0] != name]
    with pytest.raises(EnvelopeError):
        Envelope.from_headers([*headers, (name, value)])
    with pytest.raises(EnvelopeError):
        Envelope.from_headers(headers)


def test_the_receipt_can_be_read_alone_and_may_be_missing() -> None:
    assert received_at(SIMPLE.to_headers()) == START
    assert received_at([("twinledger-received-at", b"soon")]) is None
    assert received_at([]) is None
