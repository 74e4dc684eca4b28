"""A stage of ingest around one scripted system, on a real database and a broker in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from tests.fakes.broker import MemoryBroker
from tests.fakes.vendor import FakePermit

from twinledger.connectors.base.contract import (
    CallPermit,
    Connector,
    ConnectorInfo,
    Page,
    Read,
    SourceDocument,
    Subscription,
)
from twinledger.connectors.freshbooks.webhook import FreshBooksWebhooks
from twinledger.ingest.duties import Duties
from twinledger.ingest.first_read import FirstRead
from twinledger.ingest.pauses import SystemPause
from twinledger.ingest.poller import ObjectPoller, Polling
from twinledger.ingest.reader import ObjectReader, Reading
from twinledger.ingest.subscriber import Subscribing, SystemSubscriber
from twinledger.ingest.subscription_directory import SubscriptionDirectory
from twinledger.ingest.sweeper import ObjectSweeper, Sweeping
from twinledger.ingest.undeliverable import Undeliverable
from twinledger.kernel.clock import SystemClock
from twinledger.kernel.database import Pool, open_pool
from twinledger.kernel.ids import new_rng
from twinledger.mapping.definitions import load_shipped
from twinledger.road.codec import Codec
from twinledger.road.dead_letters import DeadLetterOffice
from twinledger.road.envelope import Envelope
from twinledger.road.failures import WaitLadder
from twinledger.road.topics import HINTS, SOURCE_RECORDS
from twinledger.state.due_reads import Lane, NotedHint, note_hints
from twinledger.state.ingest_leases import Duty
from twinledger.state.sealing import LocalKeyWrapper, Sealer
from twinledger.state.workspaces import ensure_workspace

OBJECT = "freshbooks.client"
SYSTEM = "freshbooks"
INFO = ConnectorInfo(SYSTEM, SYSTEM, SYSTEM, {OBJECT: {"poll": {"overlap_s": 600}}})


@dataclass
class ScriptedSource:
    """Records in memory. `errors` are raised by the next reads, one each; `pages` answer the polls."""

    objects: Sequence[str] = (OBJECT,)
    max_ids: Mapping[str, int] = field(default_factory=lambda: {OBJECT: 3})
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    stamps: dict[str, datetime] = field(default_factory=dict)
    refuse: Callable[[Sequence[str]], Exception | None] = lambda ids: None
    reads: list[list[str]] = field(default_factory=list)
    polls: list[tuple[datetime | None, str | None]] = field(default_factory=list)
    pages: Callable[[datetime | None, str | None], Page] = lambda since, page: Page([])
    left_out_of_lists: set[str] = field(default_factory=set)
    before_answer: Callable[[], Any] | None = None
    slow_s: float = 0.0
    """So long before its answer each read began."""

    async def read(self, object_name: str, ids: Sequence[str], permit: CallPermit) -> Read:
        self.reads.append(list(ids))
        if (error := self.refuse(ids)) is not None:
            raise error
        if self.before_answer is not None:
            await self.before_answer()
        found = [one for one in ids if one in self.records]
        if len(ids) > 1:
            found = [one for one in found if one not in self.left_out_of_lists]
        documents = [self.document(one) for one in found]
        return Read(documents, [one for one in ids if one not in found])

    async def changed_since(
        self, object_name: str, since: datetime | None, page: str | None, permit: CallPermit
    ) -> Page:
        self.polls.append((since, page))
        return self.pages(since, page)

    def document(self, external_id: str) -> SourceDocument:
        body = orjson.dumps({"id": int(external_id), **self.records.get(external_id, {})})
        stamp = self.stamps.get(external_id)
        began = SystemClock().now() - timedelta(seconds=self.slow_s)
        return SourceDocument(OBJECT, external_id, body, began, updated_at=stamp)


@dataclass
class ScriptedSubscriber:
    """Registers and proves as FreshBooks does; `on_register` plays the handshake."""

    calls: list[tuple[str, str]] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    on_register: Callable[[Subscription], Any] | None = None
    expires_at: datetime | None = None

    def wanted(self, objects: Sequence[str]) -> Sequence[tuple[str, str]]:
        return [(name, name.partition(".")[2]) for name in objects]

    async def register(self, subscription: Subscription, address: str, permit: CallPermit) -> Subscription:
        self.calls.append(("register", address))
        if self.errors:
            raise self.errors.pop()
        if self.on_register is not None:
            await self.on_register(subscription)
        return replace(subscription, external_id="2044", secret="", state="registered")

    async def verify(self, subscription: Subscription, verifier: str, permit: CallPermit) -> Subscription:
        self.calls.append(("verify", verifier))
        return replace(subscription, secret=verifier, state="verified", expires_at=self.expires_at)

    async def renew(self, subscription: Subscription, address: str, permit: CallPermit) -> Subscription:
        self.calls.append(("renew", address))
        if self.errors:
            raise self.errors.pop()
        return replace(subscription, state="verified", expires_at=self.expires_at)


@dataclass
class Stage:
    """What the tests look at."""

    pool: Pool
    broker: MemoryBroker
    source: ScriptedSource
    subscriber: ScriptedSubscriber
    directory: SubscriptionDirectory
    duties: Duties
    reading: Reading
    polling: Polling
    sweeping: Sweeping
    subscribing: Subscribing
    connector: Connector
    pause: SystemPause
    codec: Codec
    permits: Mapping[Lane, CallPermit]

    def reader(self) -> ObjectReader:
        return ObjectReader(OBJECT, self.connector, self.permits, self.pause, self.reading)

    def poller(self) -> ObjectPoller:
        return ObjectPoller(OBJECT, self.connector, self.permits, self.pause, self.polling)

    def sweeper(self) -> ObjectSweeper:
        return ObjectSweeper(OBJECT, self.connector, self.permits["backfill"], self.pause, self.sweeping)

    def system_subscriber(self) -> SystemSubscriber:
        return SystemSubscriber(
            self.connector, [OBJECT], self.permits["verify"], self.pause, self.subscribing
        )

    async def hint(self, *ids: str, lane: Lane = "live") -> datetime:
        received_at = SystemClock().now()
        async with self.pool.acquire() as connection:
            await note_hints(
                connection,
                [
                    NotedHint("default", OBJECT, one, lane, received_at, 0, place)
                    for place, one in enumerate(ids)
                ],
            )
        return received_at

    def source_records(self) -> list[dict[str, Any]]:
        return [self.codec.decode(record.value)[1] for record in self.broker.log[SOURCE_RECORDS.name]]

    def envelopes(self) -> list[Envelope]:
        return [Envelope.from_headers(record.headers) for record in self.broker.log[SOURCE_RECORDS.name]]

    def hinted(self) -> list[str]:
        hints = [self.codec.decode(record.value)[1] for record in self.broker.log[HINTS.name]]
        return [one for hint in hints for one in (hint["external_id"], *hint["more_ids"])]

    async def due(self) -> int:
        return int(await self.pool.fetchval("select count(*) from due_read where hints > read_hints"))


@asynccontextmanager
async def running(part: Any) -> AsyncIterator[Any]:
    """A reader, poller or subscriber at work, stopped gracefully at the end."""
    task = asyncio.create_task(part.run())
    try:
        yield part
    finally:
        part.stop()
        await asyncio.wait_for(task, 10)


@pytest.fixture
async def stage(database: str) -> AsyncIterator[Stage]:
    pool = await open_pool(database, max_size=10)
    async with pool.acquire() as connection:
        await ensure_workspace(connection, "default")
    clock, codec, broker = SystemClock(), Codec.from_files(), MemoryBroker()
    source, subscriber = ScriptedSource(), ScriptedSubscriber()
    wanted = [Duty(purpose, OBJECT) for purpose in ("read", "poll", "sweep")]
    wanted.append(Duty("subscribe", SYSTEM))
    duties = Duties(pool, "default", wanted, clock, owner="ingest-0")
    await duties._take()
    sealer = Sealer(LocalKeyWrapper(bytes(32)))
    directory = SubscriptionDirectory(pool, sealer, clock)
    first_read = FirstRead("default", load_shipped().mappings)
    office = DeadLetterOffice(group="twinledger-ingest", stage="ingest", release="test", clock=clock)
    undeliverable = Undeliverable("default", pool, codec, office, lambda: None)
    ladder = WaitLadder(new_rng(1), (0.0, 0.0))
    connector = Connector(
        INFO,
        source,
        None,  # type: ignore[arg-type]  # ingest never writes
        FreshBooksWebhooks(),
        subscriber,
        None,  # type: ignore[arg-type]
    )
    yield Stage(
        pool,
        broker,
        source,
        subscriber,
        directory,
        duties,
        Reading("default", pool, broker, codec, clock, ladder, duties, undeliverable, first_read),
        Polling("default", pool, broker, codec, clock, duties, first_read, 3600.0),
        Sweeping("default", pool, broker, codec, clock, duties, {OBJECT: "customer"}, 0.05),
        Subscribing("default", pool, sealer, directory, duties, clock, "https://sync.example/", 0.05, 3600.0),
        connector,
        SystemPause(clock),
        codec,
        {lane: FakePermit() for lane in ("live", "retry", "verify", "backfill")},
    )
    await pool.close()
