"""Yardstick of transform: Avro in, JSON, one pydantic model, Avro out. No Kafka, no mapping, no envelope."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import orjson
from pydantic import BaseModel
from tests.bench.documents import freshbooks_client, source_records
from tests.bench.programs import answer_rounds

from twinledger.mapping.entity_model import entity_models
from twinledger.road.codec import Codec


class Client(BaseModel):
    """The fields that the mapping reads."""

    id: int
    organization: str
    fname: str
    lname: str
    email: str
    mob_phone: str
    p_street: str
    p_city: str
    p_province: str
    p_code: str
    p_country: str
    currency_code: str
    language: str
    note: str
    vis_state: int


_NAMES = {
    "organization": "organization",
    "fname": "name.given",
    "lname": "name.family",
    "email": "email",
    "mob_phone": "phones.mobile",
    "p_street": "addresses.billing.line1",
    "p_city": "addresses.billing.city",
    "p_province": "addresses.billing.region",
    "p_code": "addresses.billing.postal_code",
    "currency_code": "currency",
    "language": "language",
    "note": "notes",
}
_codec = Codec.from_files()
_model = entity_models()["customer"]
_rest: dict[str, Any] = {
    "vendor_updated_at": None,
    "gone": False,
    "reference": None,
    "links": {},
    "related": {},
    "definition": "",
    "content_hash": "",
}


async def run(records: int) -> dict[str, Any]:
    given = [r.value for r in source_records(_codec, freshbooks_client, range(records), "Ada", 0)]
    began = time.perf_counter()
    for value in given:
        _, source = _codec.decode(value)
        client = Client.model_validate(orjson.loads(source["document"]))
        fields = {path: getattr(client, name) for name, path in _NAMES.items()}
        kept = {name: source[name] for name in ("workspace", "object", "external_id", "read_started_at")}
        _codec.encode(_model.schema_name, {**_rest, **kept, **_model.to_record(fields)})
    return {"per_s": records / (time.perf_counter() - began)}


if __name__ == "__main__":
    asyncio.run(answer_rounds(run))
