"""Customers as the three systems hold them, and what transform makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from twinledger.mapping.definitions import load_shipped
from twinledger.mapping.entity_model import entity_models
from twinledger.road.broker import OutRecord, Received
from twinledger.road.codec import Codec
from twinledger.road.envelope import Envelope
from twinledger.road.outcome import Ok
from twinledger.road.topics import SOURCE_RECORDS, key_of
from twinledger.transform.pipeline import TransformPipeline

__all__ = [
    "Document",
    "books_contact",
    "crm_contact",
    "freshbooks_client",
    "observations",
    "source_records",
]

_START = datetime(2026, 11, 20, 12, tzinfo=UTC)
Document = Callable[[int, str, datetime], tuple[str, str, dict[str, Any]]]
"""number, given name, time of the change -> object, id, the vendor's document"""


def freshbooks_client(number: int, given: str, at: datetime) -> tuple[str, str, dict[str, Any]]:
    document = {
        "id": 24_000 + number,
        "userid": 24_000 + number,
        "organization": "",
        "fname": given,
        "lname": f"Boone{number}",
        "email": _email(number),
        "bus_phone": "",
        "mob_phone": "+1 608 555 0142",
        "p_street": "1 Pier",
        "p_city": "Madison",
        "p_province": "Wisconsin",
        "p_code": "53703",
        "p_country": "United States",
        "currency_code": "USD",
        "language": "en",
        "note": "",
        "vis_state": 0,
        "updated": (at - timedelta(hours=5)).strftime("%Y-%m-%d %H:%M:%S"),
    }
    return "freshbooks.client", str(24_000 + number), document


def crm_contact(number: int, given: str, at: datetime) -> tuple[str, str, dict[str, Any]]:
    document = {
        "id": str(4_150_000_000_000_000_000 + number),
        "First_Name": given,
        "Last_Name": f"Boone{number}",
        "Email": _email(number),
        "Mobile": "+16085550142",
        "Mailing_Street": "1 Pier",
        "Mailing_City": "Madison",
        "Mailing_State": "Wisconsin",
        "Mailing_Zip": "53703",
        "Mailing_Country": "United States",
        "Account_Name": None,
        "Modified_Time": at.isoformat(timespec="seconds"),
    }
    return "zoho_crm.contact", str(document["id"]), document


def books_contact(number: int, given: str, at: datetime) -> tuple[str, str, dict[str, Any]]:
    person = {
        "first_name": given,
        "last_name": f"Boone{number}",
        "email": _email(number),
        "mobile": "+16085550142",
    }
    document = {
        "contact_id": str(460_000_000_000_000 + number),
        "contact_name": f"{given} Boone{number}",
        "contact_type": "customer",
        "contact_persons": [person],
        "billing_address": {
            "address": "1 Pier",
            "city": "Madison",
            "state": "Wisconsin",
            "zip": "53703",
            "country": "United States",
        },
        "currency_code": "USD",
        "language_code": "en",
        "status": "active",
        "last_modified_time": at.isoformat(timespec="seconds"),
    }
    return "zoho_books.contact", str(document["contact_id"]), document


def source_records(
    codec: Codec, document: Document, numbers: Iterable[int], given: str, step: int
) -> list[OutRecord]:
    """As ingest publishes them; a later `step` is a later change of the same records."""
    at = _START + timedelta(minutes=step)
    return [_source_record(codec, *document(number, given, at), at) for number in numbers]


def observations(
    codec: Codec, document: Document, numbers: Iterable[int], given: str, step: int
) -> list[OutRecord]:
    """As transform publishes them."""
    pipeline = TransformPipeline(load_shipped().mappings, entity_models(), codec)
    given_records = source_records(codec, document, numbers, given, step)
    received = [
        Received(r.topic, 0, place, r.key, r.value, r.headers, _START)
        for place, r in enumerate(given_records)
    ]
    verdicts = pipeline.handle(received)
    return [out for verdict in verdicts if isinstance(verdict, Ok) for out in verdict.value]


def _source_record(
    codec: Codec, object_name: str, external_id: str, document: Mapping[str, Any], at: datetime
) -> OutRecord:
    value = codec.encode(
        "source-record",
        {
            "workspace": "default",
            "object": object_name,
            "external_id": external_id,
            "document": orjson.dumps(document),
            "gone": False,
            "read_started_at": at + timedelta(seconds=1),
            "related": {},
        },
    )
    envelope = Envelope(
        event_id=f"{object_name}/{external_id}/{at.isoformat()}",
        source=object_name,
        type="source-record",
        time=at,
        workspace="default",
        lane="live",
        received_at=at,
    )
    key = key_of("default", object_name, external_id)
    return OutRecord(SOURCE_RECORDS.name, key, value, tuple(envelope.to_headers()))


def _email(number: int) -> str:
    return f"client{number}@harbor.example"
