"""Ingest, sweeping: one object whose deletions no list tells: all its ids against those we know.

What the walk missed is read singly before it counts as gone: pages shift while they are read, so a list
alone proves nothing. Only ids are compared; changes are the poller's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from twinledger.connectors.base.contract import CallPermit, Connector, Hint, Page
from twinledger.ingest.duties import Duties
from twinledger.ingest.listing import list_page
from twinledger.ingest.pauses import SystemPause
from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Pool, transaction
from twinledger.kernel.errors import FatalError
from twinledger.road.broker import Producer
from twinledger.road.codec import Codec
from twinledger.road.hints import build_hints
from twinledger.state.ingest_leases import Duty
from twinledger.state.sweeps import (
    begin_sweep,
    end_sweep,
    forget_sweep,
    look_at_sweep,
    missing_ids,
    note_page,
)
from twinledger.state.tombstones import note_suspects

__all__ = ["ObjectSweeper", "Sweeping"]

_TRY_AGAIN_S = 2.0
_LONGEST_TRY_S = 60.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Sweeping:
    """What all sweepers share. `entities`: the entity type of each object."""

    workspace: str
    pool: Pool
    producer: Producer
    codec: Codec
    clock: Clock
    duties: Duties
    entities: Mapping[str, str]
    interval_s: float


class ObjectSweeper:
    """Sweeps one object while the duty is this process's."""

    def __init__(
        self,
        object_name: str,
        connector: Connector,
        permit: CallPermit,
        pause: SystemPause,
        shared: Sweeping,
    ) -> None:
        self._object = object_name
        self._source = connector.source
        self._permit = permit
        self._pause = pause
        self._shared = shared
        self._duty = Duty("sweep", object_name)
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
            await self._wait(await self._sweep_if_ours())

    async def _sweep_if_ours(self) -> float:
        """Seconds until the next look."""
        paused_s = self._pause.wait_s()
        if paused_s or not self._shared.duties.holds(self._duty):
            return max(paused_s, _TRY_AGAIN_S)
        try:
            due_in_s = await self._sweep()
        except FatalError:
            raise
        except Exception as error:  # runs by itself: one object's trouble must not stop the others
            return await self._failed(error)
        self._failures = 0
        return due_in_s

    async def _sweep(self) -> float:
        shared = self._shared
        async with transaction(shared.pool) as connection:
            sweep = await look_at_sweep(connection, shared.workspace, self._object, shared.interval_s)
            if sweep.started_at is None and sweep.due_in_s > 0:
                return sweep.due_in_s
            if sweep.started_at is None:
                await begin_sweep(connection, shared.workspace, self._object)
        if await self._walk(sweep.page):
            await self._compare()
        return shared.interval_s

    async def _walk(self, page: str | None) -> bool:
        """True when the last page was noted; False when stopped on the way."""
        while not self._stopping:
            answer = await list_page(self._source, self._object, None, page, self._permit, self._pause)
            page = answer.next_page
            async with transaction(self._shared.pool) as connection:
                await note_page(connection, self._shared.workspace, self._object, _ids(answer), page)
            if page is None:
                return True
        return False

    async def _compare(self) -> None:
        """Suspects are counted at once, so that many of them are held; then each is looked at."""
        shared = self._shared
        async with transaction(shared.pool) as connection:
            missing = await missing_ids(connection, shared.workspace, self._object)
            entity = shared.entities[self._object]
            await note_suspects(connection, shared.workspace, self._object, entity, missing)
        hints = [Hint(self._object, external_id) for external_id in missing]
        records = build_hints(
            shared.codec, shared.workspace, hints, lane="backfill", received_at=shared.clock.now()
        )
        if records:
            await shared.producer.send_batch(records)
        log.info("swept", object=self._object, missing=len(missing))
        async with transaction(shared.pool) as connection:
            await end_sweep(connection, shared.workspace, self._object)

    async def _failed(self, error: Exception) -> float:
        self._failures += 1
        log.warning("sweep_failed", object=self._object, attempt=self._failures, exc_info=error)
        if self._failures == 2:  # perhaps a page that cannot be had any more
            async with transaction(self._shared.pool) as connection:
                await forget_sweep(connection, self._shared.workspace, self._object)
        wait_s = min(_TRY_AGAIN_S * 2 ** min(self._failures - 1, 10), _LONGEST_TRY_S)
        return float(max(self._pause.wait_s(), wait_s))

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return


def _ids(page: Page) -> Sequence[str]:
    return [*(document.external_id for document in page.documents), *(one for one, _ in page.ids_to_read)]
