"""Feeds the enrich pipeline, on a real database, with observations as transform makes them."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from twinledger.enrich.definitions import SyncDefinitions
from twinledger.enrich.pipeline import EnrichPipeline
from twinledger.kernel.clock import SystemClock
from twinledger.kernel.database import Pool, open_pool
from twinledger.mapping.definitions import load_shipped
from twinledger.road.broker import Received
from twinledger.road.codec import Codec
from twinledger.road.envelope import Envelope, Headers
from twinledger.road.outcome import Outcome
from twinledger.road.topics import OBSERVATIONS, key_of

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
GROUPS = {"freshbooks": "freshbooks", "zoho_crm": "zoho_crm", "zoho_books": "zoho_finance"}

ANA: dict[str, Any] = {
    "kind": "person",
    "organization": None,
    "name.given": "Ana",
    "name.family": "Ruiz",
    "email": "ana@harbor.example",
    "phones.business": "+12075550142",
    "currency": "USD",
    "state": "active",
}


@dataclass
class Enrich:
    """Feeds observations and looks at what became of them. Time moves one second a record."""

    pool: Pool
    pipeline: EnrichPipeline
    codec: Codec
    seconds: int = 0
    offsets: int = 0
    models: Any = field(default=None)

    def record(
        self,
        object_name: str,
        external_id: str,
        fields: dict[str, Any],
        *,
        reference: str | None = None,
        links: dict[str, str] | None = None,
        related: dict[str, list[str]] | None = None,
        at: datetime | None = None,
        stamp: datetime | None = None,
        gone: bool = False,
    ) -> Received:
        """One observation as it lies in the topic. `at`: when the read began; `stamp`: the vendor's, as `at`
        when it is not given."""
        self.seconds += 1
        self.offsets += 1
        at = at or START + timedelta(seconds=self.seconds)
        entity = self.pipeline.definitions.mappings[object_name].entity
        digest = hashlib.blake2b(orjson.dumps([fields, reference, related], option=orjson.OPT_SORT_KEYS))
        common = {
            "workspace": "default",
            "object": object_name,
            "external_id": external_id,
            "vendor_updated_at": stamp or at,
            "read_started_at": at,
            "gone": gone,
            "reference": reference,
            "links": links or {},
            "related": related or {},
            "definition": f"{object_name}@1",
            "content_hash": digest.hexdigest(),
        }
        value = common | self.pipeline.definitions.models[entity].to_record(fields)
        return Received(
            OBSERVATIONS.name,
            0,
            self.offsets,
            key_of("default", object_name, external_id),
            self.codec.encode(f"observation.{entity}", value),
            self._headers(object_name, external_id, at),
            at,
        )

    def _headers(self, object_name: str, external_id: str, at: datetime) -> Headers:
        envelope = Envelope(
            event_id=f"{object_name}/{external_id}/{self.offsets}",
            source=object_name,
            type="observation",
            time=at,
            workspace="default",
            lane="live",
            received_at=at,
        )
        return tuple(envelope.to_headers())

    async def feed(self, *records: Received) -> Sequence[Outcome[None]]:
        """One batch, one transaction."""
        async with self.pool.acquire() as connection, connection.transaction():
            return await self.pipeline.handle(connection, records)

    async def rows(self, query: str, *arguments: object) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.pool.fetch(query, *arguments)]

    async def planned(self) -> list[dict[str, Any]]:
        """Planned intents, by object."""
        return await self.rows(
            "select object, op, patch, reference from intent where state = 'planned' order by object"
        )


@pytest.fixture
async def enrich(database: str) -> AsyncIterator[Enrich]:
    pool = await open_pool(database)
    codec = Codec.from_files()
    pipeline = EnrichPipeline(SyncDefinitions.of(load_shipped()), GROUPS, codec, SystemClock(), {})
    yield Enrich(pool, pipeline, codec)
    await pool.close()
