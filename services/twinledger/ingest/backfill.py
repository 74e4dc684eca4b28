"""Ingest, jobs: a backfill: polling from the beginning, page by page, behind all live work.

What was taken in before comes out of enrich as unchanged, so a page may be read twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from twinledger.connectors.base.contract import CallPermit, Hint, Page, Source
from twinledger.ingest.jobs import Save
from twinledger.ingest.steps.build_source_records import build_source_record
from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Pool
from twinledger.kernel.failpoints import failpoint
from twinledger.road.broker import Producer
from twinledger.road.codec import Codec
from twinledger.road.hints import build_hints
from twinledger.state.due_reads import Lane, count_due
from twinledger.state.jobs import Job
from twinledger.state.plans import sides_held

__all__ = ["Backfill", "Reach"]

_LOOK_EVERY_S = 1.0
_LANE: Lane = "backfill"


@dataclass(frozen=True, slots=True)
class Reach:
    """How one object is read: whose source, under which permit, how long a list of ids may be."""

    source: Source
    permit: CallPermit

    def ids_at_once(self, object_name: str) -> int:
        return self.source.max_ids.get(object_name, 1)


@dataclass(frozen=True, slots=True)
class Backfill:
    """`reach` by object, in the order parents come before children."""

    workspace: str
    pool: Pool
    producer: Producer
    codec: Codec
    clock: Clock
    reach: Mapping[str, Reach]

    async def expected(self, job: Job) -> int | None:
        async with self.pool.acquire() as connection:
            held = await sides_held(connection, self.workspace)
        if job.params.get("from") is not None:
            return None
        return sum(held.get(name, 0) for name in self._objects(job)) or None

    async def run(self, job: Job, save: Save) -> None:
        """Every object to its last page; then until what pages only named is read."""
        since = datetime.fromisoformat(job.params["from"]) if job.params.get("from") else None
        objects = self._objects(job)
        first = objects.index(job.cursor["object"]) if job.cursor.get("object") in objects else 0
        page: str | None = job.cursor.get("page")
        if not job.cursor.get("listed"):
            for place in range(first, len(objects)):
                await self._walk(objects, place, since, page, save)
                page = None
        while await self._unread(objects):
            await self.clock.sleep(_LOOK_EVERY_S)

    async def _walk(
        self, objects: Sequence[str], place: int, since: datetime | None, page: str | None, save: Save
    ) -> None:
        name = objects[place]
        reach = self.reach[name]
        while True:
            received_at = self.clock.now()
            answer = await reach.source.changed_since(name, since, page, reach.permit)
            await self._publish(name, answer, received_at)
            failpoint("backfill.step.before")
            page = answer.next_page
            await save(_cursor(objects, place, page), len(answer.documents) + len(answer.ids_to_read))
            failpoint("backfill.step.after")
            if page is None:
                return

    async def _publish(self, name: str, page: Page, received_at: datetime) -> None:
        records = [
            build_source_record(self.codec, self.workspace, document, lane=_LANE, received_at=received_at)
            for document in page.documents
        ]
        hints = [Hint(name, external_id) for external_id, _ in page.ids_to_read]
        records += build_hints(self.codec, self.workspace, hints, lane=_LANE, received_at=received_at)
        if records:
            await self.producer.send_batch(records)

    async def _unread(self, objects: Sequence[str]) -> int:
        async with self.pool.acquire() as connection:
            due = await count_due(connection, self.workspace)
        return sum(count for (name, lane), count in due.items() if lane == _LANE and name in objects)

    def _objects(self, job: Job) -> list[str]:
        wanted = job.params.get("objects") or list(self.reach)
        return [name for name in self.reach if name in wanted]


def _cursor(objects: Sequence[str], place: int, page: str | None) -> dict[str, Any]:
    """The next page, or the beginning of the next object."""
    if page is not None:
        return {"object": objects[place], "page": page}
    if place + 1 < len(objects):
        return {"object": objects[place + 1], "page": None}
    return {"object": objects[place], "page": None, "listed": True}
