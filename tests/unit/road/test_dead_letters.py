from __future__ import annotations

import dataclasses

from tests.fakes.clock import FakeClock
from tests.unit.road.received import received

from twinledger.road.broker import OutRecord
from twinledger.road.dead_letters import DeadLetterOffice, original_headers
from twinledger.road.outcome import DeadLetter

HEADERS = (("ce_id", b"e1"), ("twinledger-workspace", b"acme"), ("odd", b"\xff\x00"), ("odd", b"again"))
RECORD = received("k", 17, topic="twinledger.observations.v1", value=b"\xff poison", headers=HEADERS)
VERDICT = DeadLetter(
    "mapping",
    "mapping",
    "no such field",
    "MappingError",
    rule="freshbooks.client.yaml:12",
    stacktrace="lens.py read:10\nvalues.py number:33",
    mapping_version="freshbooks.client@3",
)


def office() -> DeadLetterOffice:
    return DeadLetterOffice(group="enrich", stage="enrich", release="0.1.0", clock=FakeClock())


def added(letter: OutRecord) -> dict[str, str]:
    return {name: value.decode() for name, value in letter.headers[len(HEADERS) :]}


def test_key_value_and_headers_stay_byte_for_byte() -> None:
    letter = office().letter(RECORD, VERDICT)
    assert (letter.topic, letter.key, letter.value) == (
        "dlq.twinledger.observations.v1",
        b"k",
        b"\xff poison",
    )
    assert letter.headers[: len(HEADERS)] == HEADERS
    assert original_headers(letter.headers) == HEADERS


def test_headers_say_from_where_why_and_by_whom() -> None:
    headers = added(office().letter(RECORD, VERDICT))
    assert len(headers.pop("twinledger-dlq-id")) == 26
    assert len(headers.pop("twinledger-dlq-fingerprint")) == 16
    assert headers == {
        "__dlq.errors.topic": "twinledger.observations.v1",
        "__dlq.errors.partition": "0",
        "__dlq.errors.offset": "17",
        "__dlq.errors.group": "enrich",
        "__dlq.errors.delivery.count": "1",
        "__dlq.errors.message": "no such field",
        "twinledger-dlq-reason": "mapping",
        "twinledger-dlq-error-class": "mapping",
        "twinledger-dlq-retryable": "false",
        "twinledger-dlq-disposition": "poison",
        "twinledger-dlq-first-failed-at": "2026-03-05T17:40:02+00:00",
        "twinledger-dlq-last-failed-at": "2026-03-05T17:40:02+00:00",
        "twinledger-dlq-exception-class": "MappingError",
        "twinledger-dlq-stacktrace": "lens.py read:10\nvalues.py number:33",
        "twinledger-dlq-service": "enrich",
        "twinledger-dlq-version": "0.1.0",
        "twinledger-dlq-mapping-version": "freshbooks.client@3",
        "twinledger-dlq-redrive-count": "0",
    }


def test_a_replay_makes_the_same_letter_and_another_record_another() -> None:
    assert office().letter(RECORD, VERDICT) == office().letter(RECORD, VERDICT)
    other = office().letter(dataclasses.replace(RECORD, offset=18), VERDICT)
    assert added(other)["twinledger-dlq-id"] != added(office().letter(RECORD, VERDICT))["twinledger-dlq-id"]


def test_like_goes_with_like_whatever_the_line_number() -> None:
    def fingerprint(verdict: DeadLetter) -> str:
        return added(office().letter(RECORD, verdict))["twinledger-dlq-fingerprint"]

    moved = dataclasses.replace(VERDICT, stacktrace="lens.py read:11\nvalues.py number:40", message="other")
    assert fingerprint(VERDICT) == fingerprint(moved)
    assert fingerprint(VERDICT) != fingerprint(dataclasses.replace(VERDICT, rule="freshbooks.client.yaml:13"))


def test_a_redriven_record_keeps_its_count_and_its_parent() -> None:
    first = office().letter(RECORD, VERDICT)
    redriven = (
        *original_headers(first.headers),
        ("twinledger-dlq-redrive-count", b"1"),
        ("twinledger-dlq-parent-id", b"01PARENT"),
    )
    again = office().letter(dataclasses.replace(RECORD, offset=99, headers=redriven), VERDICT)
    assert added(again)["twinledger-dlq-redrive-count"] == "1"
    assert added(again)["twinledger-dlq-parent-id"] == "01PARENT"
    assert original_headers(again.headers) == HEADERS


def test_a_long_stack_is_cut() -> None:
    letter = office().letter(RECORD, dataclasses.replace(VERDICT, stacktrace="é" * 9000))
    assert len(added(letter)["twinledger-dlq-stacktrace"].encode()) <= 8 * 1024


def test_what_waits_on_another_is_blocked_and_an_unfit_schema_is_systemic() -> None:
    blocked = DeadLetter("dependency-missing", "parent_missing", "m")
    systemic = DeadLetter("schema", "schema_incompatible", "m")
    found = [added(office().letter(RECORD, verdict)) for verdict in (blocked, systemic)]
    assert [headers["twinledger-dlq-disposition"] for headers in found] == ["blocked", "systemic"]
    assert [headers["twinledger-dlq-retryable"] for headers in found] == ["true", "false"]
