"""Ingest, reading: a hint whose record cannot be read leaves the road, with its place and its bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from twinledger.connectors.base.contract import Hint
from twinledger.kernel.database import Pool, transaction
from twinledger.kernel.metrics import DLQ_RECORDS
from twinledger.road import outbox
from twinledger.road.broker import Received
from twinledger.road.codec import Codec
from twinledger.road.dead_letters import DeadLetterOffice, insert_rows
from twinledger.road.hints import build_hints
from twinledger.road.outcome import DeadLetter
from twinledger.state.due_reads import DueRead, Served, finish_reads
from twinledger.state.first_sight import taken_in
from twinledger.state.records import ExternalKey

__all__ = ["Undeliverable"]


@dataclass(frozen=True, slots=True)
class Undeliverable:
    """Writes the dead letter of a due read and takes the row out of the queue, in one transaction."""

    workspace: str
    pool: Pool
    codec: Codec
    office: DeadLetterOffice
    wake_relay: Callable[[], None]

    async def bury(self, object_name: str, read: DueRead, letter: DeadLetter) -> None:
        record = self._as_received(object_name, read)
        dead = self.office.letter(record, letter)
        async with transaction(self.pool) as connection:
            await outbox.append(connection, [dead])
            await insert_rows(connection, [dead])
            await finish_reads(connection, self.workspace, object_name, [Served(read)])
            # Nothing more will come of it: the gate before the first write does not wait for it.
            await taken_in(connection, self.workspace, [ExternalKey(object_name, read.external_id)])
        DLQ_RECORDS.labels(record.topic, letter.reason).inc()
        self.wake_relay()

    def _as_received(self, object_name: str, read: DueRead) -> Received:
        """The newest hint as it stands in its topic."""
        (hint,) = build_hints(
            self.codec,
            self.workspace,
            [Hint(object_name, read.external_id)],
            lane=read.lane,
            received_at=read.received_at,
        )
        return Received(
            hint.topic,
            read.partition,
            read.offset,
            hint.key,
            hint.value,
            hint.headers,
            read.received_at,
            attempt=read.attempt + 1,
        )
