"""Ingest, polling: one object of one system: what changed since the cursor, hinted at or not.

The first walk starts at the beginning, in the backfill lane. A walk of several pages is repeated until
a pass brings nothing new, since pages shift while they are read. The cursor moves after the broker has
acknowledged everything before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from twinledger.connectors.base.contract import CallPermit, Connector, Hint, Page
from twinledger.ingest.duties import Duties
from twinledger.ingest.first_read import FirstRead
from twinledger.ingest.listing import list_page
from twinledger.ingest.pauses import SystemPause
from twinledger.ingest.silence import Silence
from twinledger.ingest.steps.build_source_records import build_source_record
from twinledger.ingest.steps.sift_page import Sifted, Versions, sift_page
from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Pool, transaction
from twinledger.kernel.errors import FatalError
from twinledger.kernel.metrics import LAST_SUCCESS, WEBHOOK_LOST
from twinledger.road.broker import Producer
from twinledger.road.codec import Codec
from twinledger.road.hints import build_hints
from twinledger.state.due_reads import Lane, earlier_reads
from twinledger.state.ingest_leases import Duty
from twinledger.state.poll_cursors import PollCursor, load_cursor, save_cursor

__all__ = ["ObjectPoller", "Polling"]

_TRY_AGAIN_S = 2.0
_LONGEST_TRY_S = 60.0
_SKEW = timedelta(seconds=10)
"""How far the vendor's clock may be from ours when stamps are held against receipts. A record that
changes twice in this time, with a word of the first change alone, does not count as lost."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Polling:
    """What all pollers share."""

    workspace: str
    pool: Pool
    producer: Producer
    codec: Codec
    clock: Clock
    duties: Duties
    first_read: FirstRead
    interval_s: float


@dataclass(slots=True)
class _Pass:
    """What one walk over the pages came to."""

    pages: int = 0
    news: int = 0
    newest: datetime | None = None


class ObjectPoller:
    """Polls one object while the duty is this process's."""

    def __init__(
        self,
        object_name: str,
        connector: Connector,
        permits: Mapping[Lane, CallPermit],
        pause: SystemPause,
        shared: Polling,
    ) -> None:
        self._object = object_name
        self._system = connector.info.system
        self._source = connector.source
        self._overlap = timedelta(seconds=connector.info.objects[object_name]["poll"]["overlap_s"])
        self._permits = permits
        self._pause = pause
        self._shared = shared
        self._duty = Duty("poll", object_name)
        self._versions = Versions()
        self._silence = Silence(shared.workspace, object_name)
        self._failures = 0
        self._woken = asyncio.Event()
        self._stopping = False

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        self._stopping = True
        self._woken.set()

    async def run(self) -> None:
        """Until stopped; a page under way is ended first, the walk goes on after the restart."""
        while not self._stopping:
            self._woken.clear()
            await self._wait(await self._poll_if_ours())

    async def _poll_if_ours(self) -> float:
        """Seconds until the next poll."""
        paused_s = self._pause.wait_s()
        if paused_s or not self._shared.duties.holds(self._duty):
            return max(paused_s, _TRY_AGAIN_S)
        try:
            await self._poll()
        except FatalError:
            raise
        except Exception as error:  # a poller runs by itself: one object's trouble must not stop the others
            return self._failed(error)
        self._failures = 0
        LAST_SUCCESS.labels(self._shared.workspace, self._system).set(self._shared.clock.now().timestamp())
        return self._shared.interval_s

    async def _poll(self) -> None:
        async with transaction(self._shared.pool) as connection:
            cursor = await load_cursor(connection, self._shared.workspace, self._object)
            await self._shared.first_read.look(connection)
        while not self._stopping:
            done = await self._walk(cursor)
            if done is None:
                return
            newest = max((at for at in (done.newest, cursor.seen_until) if at is not None), default=None)
            cursor = replace(
                cursor, seen_until=newest, first_done=True, caught_up=True, page=None, page_since=None
            )
            await self._save(cursor)
            self._versions.next_pass()
            if done.pages <= 1 or not done.news:
                await self._silence.end_of_poll(self._shared.pool)
                return

    async def _walk(self, cursor: PollCursor) -> _Pass | None:
        """All pages once; None when it was stopped on the way."""
        since, page = self._start_of(cursor)
        permit = self._permits[_lane(cursor)]
        done = _Pass()
        while not self._stopping:
            received_at = self._shared.clock.now()
            answer = await list_page(self._source, self._object, since, page, permit, self._pause)
            news = sift_page(answer, self._versions, cursor.seen_until)
            done.news += self._versions.first_told(news)
            await self._take_in(news, cursor, received_at)
            self._versions.remember(answer, received_at)
            done.pages += 1
            done.newest = _newest(done.newest, answer)
            page = answer.next_page
            if page is None:
                return done
            await self._save(replace(cursor, seen_until=None, page=page, page_since=since))
        return None

    def _start_of(self, cursor: PollCursor) -> tuple[datetime | None, str | None]:
        """Where an interrupted walk stopped, unless that page cannot be had any more."""
        if cursor.page is not None and self._failures < 2:
            return cursor.page_since, cursor.page
        return (cursor.seen_until - self._overlap if cursor.seen_until is not None else None), None

    async def _take_in(self, news: Sifted, cursor: PollCursor, received_at: datetime) -> None:
        """Note, count, publish; the acks come back before this does."""
        ids = await self._before_publishing(news, cursor)
        shared, lane = self._shared, _lane(cursor)
        records = [
            build_source_record(shared.codec, shared.workspace, document, lane=lane, received_at=received_at)
            for document in news.documents
        ]
        hints = [Hint(self._object, external_id) for external_id in ids]
        records += build_hints(shared.codec, shared.workspace, hints, lane=lane, received_at=received_at)
        if records:
            await shared.producer.send_batch(records)
            log.info("poll_brought", object=self._object, records=len(records))

    async def _before_publishing(self, news: Sifted, cursor: PollCursor) -> Sequence[str]:
        """Ids whose version on the page was not read yet; notes the first walk, counts lost webhooks."""
        if not len(news):
            return ()
        listed = [external_id for external_id, _ in news.ids]
        changes = news.changes()
        async with transaction(self._shared.pool) as connection:
            asked = {*listed, *(external_id for external_id, _ in changes)}
            known = await earlier_reads(connection, self._shared.workspace, self._object, sorted(asked))
            unread = [
                one for one, at in news.ids if at is None or one not in known or known[one].read_stamp != at
            ]
            if not cursor.caught_up:
                await self._shared.first_read.note(connection, self._object, news.documents, unread)
        if cursor.first_done and cursor.seen_until is not None:
            fresh = [(one, at) for one, at in changes if at > cursor.seen_until]
            lost = [one for one, at in fresh if one not in known or known[one].hinted_at < at - _SKEW]
            WEBHOOK_LOST.labels(self._system, self._object).inc(len(lost))
            self._silence.heard(announced=len(fresh) - len(lost), lost=len(lost))
        return unread

    async def _save(self, cursor: PollCursor) -> None:
        async with transaction(self._shared.pool) as connection:
            await save_cursor(connection, cursor)

    def _failed(self, error: Exception) -> float:
        self._failures += 1
        log.warning("poll_failed", object=self._object, attempt=self._failures, exc_info=error)
        wait_s = min(_TRY_AGAIN_S * 2 ** min(self._failures - 1, 10), _LONGEST_TRY_S)
        return float(max(self._pause.wait_s(), wait_s))

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return


def _lane(cursor: PollCursor) -> Lane:
    return "live" if cursor.first_done else "backfill"


def _newest(before: datetime | None, page: Page) -> datetime | None:
    stamps = [at for at in (before, page.seen_until) if at is not None]
    return max(stamps, default=None)
