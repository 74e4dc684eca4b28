"""Word of how writes ended: each intent once, those of an object together, in records of a bounded size."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from prometheus_client import REGISTRY

from twinledger.loader.steps.tell_results import INTENTS_A_RECORD, Ended, tell_results
from twinledger.road.codec import Codec
from twinledger.road.envelope import Envelope
from twinledger.state.records import Intent, Target

CODEC = Codec.from_files()
AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def ended(number: int, object_name: str, **said: str) -> Ended:
    target = Target(UUID(int=number), object_name, "primary")
    received_at = AT - timedelta(seconds=number)
    intent = Intent(
        UUID(int=1000 + number), "w", "g", target, "update", {}, {}, "sending", 1, received_at=received_at
    )
    return Ended(intent, "rejected" if said else "confirmed", AT, str(number), **said)


def confirmed() -> float:
    names = {"system": "zoho_crm", "entity": "zoho_crm.contact", "state": "confirmed"}
    return REGISTRY.get_sample_value("twinledger_intents_total", names) or 0.0


def test_those_that_ended_together_share_records() -> None:
    before = confirmed()
    many = INTENTS_A_RECORD + 2
    records = tell_results(CODEC, [ended(number, "zoho_crm.contact") for number in range(many)])
    assert len(records) == 2 and confirmed() - before == many
    told = []
    for record in records:
        value = CODEC.decode(record.value)[1]
        told += [one["intent_id"] for one in (value, *value["more"])]
        assert value["object"] == "zoho_crm.contact" and record.key == b"w\x1fzoho_crm.contact"
    assert told == [str(UUID(int=1000 + number)) for number in range(many)]


def test_objects_are_told_of_apart_with_what_was_said() -> None:
    refused = ended(1, "zoho_books.contact", error_class="validation")
    first, second = tell_results(CODEC, [ended(2, "zoho_crm.contact"), refused, ended(3, "zoho_crm.contact")])
    value = CODEC.decode(second.value)[1]
    assert (value["state"], value["error_class"], value["external_id"]) == ("rejected", "validation", "1")
    assert value["ended_at"] == AT and value["more"] == []
    envelope = Envelope.from_headers(first.headers)
    assert envelope.received_at == AT - timedelta(seconds=3) and envelope.type == "write-result"


def test_a_repeat_tells_the_same_under_the_same_id() -> None:
    once, again = (tell_results(CODEC, [ended(1, "zoho_crm.contact")]) for _ in range(2))
    assert once == again
    other = tell_results(CODEC, [ended(2, "zoho_crm.contact")])
    assert dict(other[0].headers)["ce_id"] != dict(once[0].headers)["ce_id"]
