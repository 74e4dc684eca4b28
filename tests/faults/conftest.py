"""Layer 2: real processes. One stack stays up for each file; each run brings its own records.

T_max, D and the call time-out are shortened by settings; the vendors' limits are only those of a
larger plan, never switched off.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, TopicPartition
from rich.console import Console
from rich.status import Status

from twinledger.cli.demo.acts import People
from twinledger.cli.demo.progress import wait_for_rest
from twinledger.cli.dev.folders import Folders
from twinledger.cli.dev.session import Session, open_session
from twinledger.cli.dev.stack import StackOptions
from twinledger.enrich import wiring as enrich
from twinledger.ingest import wiring as ingest
from twinledger.kernel.clock import SystemClock
from twinledger.loader import wiring as loader
from twinledger.road.topics import HINTS, OBSERVATIONS, SOURCE_RECORDS, WRITE_INTENTS, Topic
from twinledger.transform import wiring as transform

SHORT_TIMES = {
    "TWINLEDGER_LOADER__FIND_LAG_S": "0.2",
    "TWINLEDGER_LOADER__LATEST_RUN_S": "1.5",
    "TWINLEDGER_LOADER__UPSERT_BLIND_S": "30",
    "TWINLEDGER_LOADER__CALL_TIMEOUT_S": "1.0",
    "TWINLEDGER_INGEST__POLL_INTERVAL_S": "1",
    "TWINLEDGER_INGEST__SWEEP_INTERVAL_S": "4",
    "TWINLEDGER_BURIAL_REST_S": "2",
}
REST_WITHIN_S = 60
NOT_OPENED = "select count(*) from workspace where opened_at is null"
NOT_POLLED_SINCE = "select count(*) from poll_cursor where polled_at is null or polled_at < $1"
KAFKA_LIBS = Path(__file__).parents[2] / ".twinledger" / "kafka" / "libs"


@dataclass(frozen=True, slots=True)
class Live:
    """The running stack, and the hands and eyes of a run."""

    session: Session
    people: People
    offsets: AIOKafkaConsumer
    """Looks at the ends of topics and at transform's group; it joins nothing and reads nothing."""

    def kill(self, stage: str) -> None:
        """SIGKILL; the supervisor starts the stage again."""
        self.session.stack.supervisor.part(stage).process.kill()

    async def fault(self, system: str, method: str, path: str, fault: str, times: int = 1) -> None:
        """Script the next calls of a route."""
        body = {
            "system": system,
            "match": {"method": method, "path": path},
            "nth": 1,
            "times": times,
            "fault": fault,
        }
        answer = await self.session.http.post(f"{self.session.admin}/faults", json=body)
        assert answer.is_success, answer.text

    async def ledger(self, after: int = 0) -> list[dict[str, Any]]:
        """The sandbox's own record of what happened: the oracle."""
        answer = await self.session.http.get(f"{self.session.admin}/ledger", params={"after": after})
        return [orjson.loads(line) for line in answer.content.splitlines()]

    async def ledger_end(self) -> int:
        rows = await self.ledger()
        return int(rows[-1]["seq"]) if rows else 0

    async def rest(self) -> None:
        """Wait until every object was polled twice since now and nothing waits anywhere on the road.

        A delivery that met a dead ingest is lost; the next poll finds what it would have told. The first
        poll that ends may have begun before now, so it is the second one that has seen everything. An
        object that was never polled has no cursor to look at; once the gate is open, each was.
        """
        session = self.session
        await session.http.post(f"{session.admin}/webhooks/flush", json={})
        async with asyncio.timeout(REST_WITHIN_S):
            while await session.pool.fetchval(NOT_OPENED):
                await session.clock.sleep(0.1)
            for _ in range(2):
                now = await session.pool.fetchval("select clock_timestamp()")
                while await session.pool.fetchval(NOT_POLLED_SINCE, now):
                    await session.clock.sleep(0.1)
            while await self.unread_records():
                await session.clock.sleep(0.1)
        status = Status("", console=Console(quiet=True))
        at_rest = await wait_for_rest(session.pool, session.clock, status, "run", REST_WITHIN_S)
        assert at_rest, status.status

    async def unread_records(self) -> int:
        """Records on the road that their stage, perhaps just being restarted, has not taken in."""
        return sum([await self._lag(topic, group) for topic, group in READERS.items()])

    async def _lag(self, topic: Topic, group: str) -> int:
        """PostgreSQL's offsets count; transform, which has no database, keeps its own in Kafka."""
        partitions = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
        if topic is SOURCE_RECORDS:
            stored = {one.partition: await self.offsets.committed(one) or 0 for one in partitions}
        else:
            rows = await self.session.pool.fetch(STORED_OFFSETS, group, topic.name)
            stored = {row["partition"]: row["next_offset"] for row in rows}
        ends = await self.offsets.end_offsets(partitions)
        return sum(ends[one] - stored.get(one.partition, 0) for one in partitions)

    async def one(self, object_name: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The only record that fits; more or fewer fail."""
        found = [row for row in await self.people.records(object_name) if holds(row)]
        assert len(found) == 1, f"{object_name}: {len(found)} records where one belongs"
        return found[0]


READERS = {
    HINTS: ingest.GROUP,
    SOURCE_RECORDS: transform.GROUP,
    OBSERVATIONS: enrich.GROUP,
    WRITE_INTENTS: loader.GROUP,
}
STORED_OFFSETS = """
    select partition, max(next_offset) as next_offset from consumer_offset
     where group_name = $1 and topic = $2 group by partition
"""


@asynccontextmanager
async def offsets_of_transform(bootstrap: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, group_id=transform.GROUP, enable_auto_commit=False
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def _allow_a_day_of_tests(session: Session) -> None:
    """Polls of every second for half an hour are more calls than a small plan has in a day."""
    limits: dict[str, dict[str, Any]] = (await session.http.get(f"{session.admin}/limits")).json()
    for system, held in limits.items():
        if held.get("day"):
            raised = {"system": system, "day": held["day"] * 100}
            await session.http.put(f"{session.admin}/limits", json=raised)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def live(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Live]:
    """A stack for each file: what a campaign leaves behind makes the next one wait for nothing."""
    folders = Folders(tmp_path_factory.mktemp("stack"), None, KAFKA_LIBS)
    options = StackOptions(tenfold=True, environment=SHORT_TIMES)
    async with open_session(folders, options, SystemClock(), lambda text: None) as session:
        await _allow_a_day_of_tests(session)
        await session.go_live()
        print(f"\nbroker: {session.stack.broker.name} {session.stack.broker.version}")  # noqa: T201
        async with offsets_of_transform(session.stack.broker.address) as offsets:
            yield Live(session, People(session.http, session.admin), offsets)
