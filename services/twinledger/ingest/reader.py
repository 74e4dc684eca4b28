"""Ingest, reading: one object of one system: due reads become source records, within the budget.

One read is in flight at a time, of as many ids as the vendor takes in a call; hints that come meanwhile
form the next list. Rows leave the queue after the broker has acknowledged what was read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg
import structlog

from twinledger.connectors.base.contract import CallPermit, Connector, SourceDocument
from twinledger.ingest.duties import Duties
from twinledger.ingest.first_read import FirstRead
from twinledger.ingest.pauses import SystemPause
from twinledger.ingest.steps.build_source_records import build_source_record
from twinledger.ingest.undeliverable import Undeliverable
from twinledger.ingest.vendor_clock import SECOND_IS_OVER, VendorClock
from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Pool, transaction
from twinledger.kernel.errors import FatalError, PermanentError, TransientError
from twinledger.kernel.failpoints import failpoint
from twinledger.kernel.metrics import ERRORS
from twinledger.road.broker import OutRecord, Producer
from twinledger.road.codec import Codec
from twinledger.road.failures import WaitLadder, verdict_on
from twinledger.road.outcome import DeadLetter, Retry
from twinledger.state.due_reads import (
    DueRead,
    Lane,
    Served,
    finish_reads,
    next_due_s,
    postpone_reads,
    take_due,
)
from twinledger.state.ingest_leases import Duty

__all__ = ["ObjectReader", "Reading"]

_LOOK_EVERY_S = 5.0
"""Hints wake the reader and postponed reads name their time: this is for words that got lost."""
_AWAY_S = 0.5
_PERMISSION_S = 300.0
_AWAY = (TransientError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
_LANES: Sequence[Lane] = ("live", "retry", "verify", "backfill")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Reading:
    """What all readers share."""

    workspace: str
    pool: Pool
    producer: Producer
    codec: Codec
    clock: Clock
    ladder: WaitLadder
    duties: Duties
    undeliverable: Undeliverable
    first_read: FirstRead


class ObjectReader:
    """Works the queue of one object while the duty is this process's."""

    def __init__(
        self,
        object_name: str,
        connector: Connector,
        permits: Mapping[Lane, CallPermit],
        pause: SystemPause,
        shared: Reading,
    ) -> None:
        self._object = object_name
        self._system = connector.info.system
        self._source = connector.source
        self._permits = permits
        self._pause = pause
        self._shared = shared
        self._duty = Duty("read", object_name)
        self._limit = connector.source.max_ids.get(object_name, 1)
        self._vendor_clock = VendorClock()
        self._woken = asyncio.Event()
        self._refused_until = 0.0
        self._next_s: float | None = None
        self._stopping = False

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        self._stopping = True
        self._woken.set()

    async def run(self) -> None:
        """Until stopped; a read that is under way is ended first."""
        while not self._stopping:
            self._woken.clear()
            self._next_s = None
            try:
                while await self._read_next():
                    pass
            except _AWAY as error:
                log.warning("reader_waits", object=self._object, exc_info=error)
                await self._shared.clock.sleep(_AWAY_S)
            await self._idle()

    async def _read_next(self) -> bool:
        """One list of ids; False when there is nothing to do now."""
        if self._stopping or self._paused_s() > 0 or not self._shared.duties.holds(self._duty):
            return False
        failpoint("due_read.take.before")
        async with self._shared.pool.acquire() as connection:
            due = await take_due(connection, self._shared.workspace, self._object, self._limit)
            if not due:
                self._next_s = await next_due_s(connection, self._shared.workspace, self._object)
        failpoint("due_read.take.after")
        if due:
            await self._serve(due)
        return bool(due)

    async def _serve(self, due: Sequence[DueRead]) -> None:
        """Read and publish; of a refused list each id is tried alone."""
        try:
            documents = await self._read([one.external_id for one in due], _permit(self._permits, due))
            records = self._records(due, documents)
        except TransientError as error:
            await self._postpone(due, error)
        except PermanentError as error:
            await self._refused(due, error)
        except (FatalError, *_AWAY):
            raise
        except Exception as error:  # the reader is the runner of due reads: one bad answer must not stop it
            await self._bury_or_split(due, verdict_on(error))
        else:
            await self._publish(due, documents, records)

    async def _read(self, ids: Sequence[str], permit: CallPermit) -> dict[str, SourceDocument]:
        """A document for each id; one that a list left out is asked for alone before it counts as gone."""
        started = self._shared.clock.now()
        read = await self._source.read(self._object, ids, permit)
        self._pause.answered()
        found = {document.external_id: document for document in read.documents}
        for external_id in ids:
            if external_id not in found and len(ids) > 1:
                found |= await self._read([external_id], permit)
            elif external_id not in found:
                found[external_id] = SourceDocument(self._object, external_id, b"", started, gone=True)
        return found

    def _records(self, due: Sequence[DueRead], documents: Mapping[str, SourceDocument]) -> list[OutRecord]:
        codec, workspace = self._shared.codec, self._shared.workspace
        return [
            build_source_record(
                codec,
                workspace,
                documents[one.external_id],
                lane=one.lane,
                received_at=one.received_at,
            )
            for one in due
        ]

    async def _publish(
        self, due: Sequence[DueRead], documents: Mapping[str, SourceDocument], records: Sequence[OutRecord]
    ) -> None:
        await self._shared.producer.send_batch(records)
        served = self._served(due, documents)
        async with transaction(self._shared.pool) as connection:
            await finish_reads(connection, self._shared.workspace, self._object, served, SECOND_IS_OVER)
            await self._shared.first_read.leave_out(connection, documents.values())

    def _served(self, due: Sequence[DueRead], documents: Mapping[str, SourceDocument]) -> list[Served]:
        """With what each read tells of its version; all of them tell of the vendor's clock first."""
        answered_at = self._shared.clock.now()
        for document in documents.values():
            if document.updated_at is not None:
                self._vendor_clock.shows(document.updated_at, answered_at)
        return [self._told(one, documents[one.external_id]) for one in due]

    def _told(self, read: DueRead, document: SourceDocument) -> Served:
        stamp, began = document.updated_at, document.read_started_at
        return Served(read, stamp, began, stamp is not None and self._vendor_clock.is_past(stamp, began))

    async def _postpone(self, due: Sequence[DueRead], error: TransientError) -> None:
        ERRORS.labels(self._system, error.error_class).inc()
        step = self._pause.failed(error)
        log.warning("read_failed", object=self._object, count=len(due), exc_info=error)
        if not step:
            return
        waits_s: list[tuple[str, float]] = []
        for one in due:
            wait = self._shared.ladder.wait(Retry(error.error_class), one.attempt)
            if isinstance(wait, DeadLetter):
                await self._shared.undeliverable.bury(self._object, one, wait)
            else:
                waits_s.append((one.external_id, max(wait.delay_s, error.retry_after_s or 0.0)))
        async with transaction(self._shared.pool) as connection:
            await postpone_reads(connection, self._shared.workspace, self._object, waits_s, step=True)

    async def _refused(self, due: Sequence[DueRead], error: PermanentError) -> None:
        ERRORS.labels(self._system, error.error_class).inc()
        log.warning("read_refused", object=self._object, count=len(due), exc_info=error)
        if self._pause.refused(error):
            return
        if error.error_class == "permission":
            # Every other id would be refused too: one letter tells a person, the rest waits.
            self._refused_until = self._shared.clock.monotonic() + _PERMISSION_S
            await self._shared.undeliverable.bury(self._object, due[0], DeadLetter.of(error))
        else:
            await self._bury_or_split(due, DeadLetter.of(error))

    async def _bury_or_split(self, due: Sequence[DueRead], letter: DeadLetter) -> None:
        if len(due) == 1:
            await self._shared.undeliverable.bury(self._object, due[0], letter)
            return
        for one in due:
            await self._serve([one])

    def _paused_s(self) -> float:
        return max(self._pause.wait_s(), self._refused_until - self._shared.clock.monotonic())

    async def _idle(self) -> None:
        """Woken by a hint; while the system is paused the hints wait."""
        soon = _LOOK_EVERY_S if self._next_s is None else min(max(self._next_s, 0.005), _LOOK_EVERY_S)
        wait_s = max(self._paused_s(), soon)
        try:
            async with asyncio.timeout(wait_s):
                await self._woken.wait()
        except TimeoutError:
            return


def _permit(permits: Mapping[Lane, CallPermit], due: Sequence[DueRead]) -> CallPermit:
    """A list goes in the best lane of its ids."""
    return permits[min((one.lane for one in due), key=_LANES.index)]
