"""Loader: what goes back on the road after a write.

The vendor's own answer travels as a source record carrying the intent's id (a hint where the vendor
answers no document), so the same merge that reads a person's edit corrects our shadow.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from twinledger.connectors.base.contract import Applied, SourceDocument
from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Connection
from twinledger.kernel.errors import ErrorClass, PermanentError, TransientError, TwinledgerError
from twinledger.kernel.ids import derived_id
from twinledger.loader.steps.tell_results import Ended, tell_results
from twinledger.road.broker import OutRecord, Received
from twinledger.road.codec import Codec
from twinledger.road.dead_letters import DeadLetterOffice, insert_rows
from twinledger.road.envelope import Envelope, Headers, Lane
from twinledger.road.hints import build_hints
from twinledger.road.outcome import DeadLetter, DeadLetterReason, reason_of
from twinledger.road.topics import SOURCE_RECORDS, WRITE_INTENTS, key_of
from twinledger.state.records import ExternalKey, Intent

__all__ = ["FeedBack"]

NO_PLACE = -1
"""The queue is a table: a refused write has no place in a topic, its event id names it."""


@dataclass(frozen=True, slots=True)
class FeedBack:
    """Builds the outgoing records of a settled write."""

    codec: Codec
    clock: Clock
    office: DeadLetterOffice

    def applied(
        self,
        applied: Sequence[tuple[Intent, Applied]],
        news: Collection[UUID],
        met: Collection[UUID] = (),
        since: datetime | None = None,
    ) -> list[OutRecord]:
        """The answers as source records, or hints where they hold no document, and the results.

        No news: a read that began after the write may have been taken in. The answer would pass for a newer
        look at the record and take back what was edited between the write and its answer: better look. `met`:
        by a read that was taken in meanwhile; the answer travels, and is looked after too. `since`: from when
        on nothing was taken in of these entities, by the database's clock.
        """
        travel = [(i, answer) for i, answer in applied if i.id in news and answer.document is not None]
        told = {intent.id for intent, _ in travel}
        return [
            *(self._answer(intent, answer) for intent, answer in travel),
            *self.looks(
                [(i, answer.external_id) for i, answer in applied if i.id not in told or i.id in met], since
            ),
            *tell_results(self.codec, [Ended(i, "confirmed", a.ended_at, a.external_id) for i, a in applied]),
        ]

    def seen(self, intent: Intent, document: SourceDocument) -> OutRecord:
        """The record as it was read to find out what became of the write: somebody may have edited it."""
        event_id = str(derived_id("seen", str(intent.id), document.read_started_at.isoformat()))
        return self._source_record(intent, document, event_id)

    def looks(self, wanted: Iterable[tuple[Intent, str]], since: datetime | None = None) -> list[OutRecord]:
        """These records are read again, unless another hint of theirs came `since`: what we wrote is to be
        seen, or what somebody else did."""
        together: dict[tuple[str, Lane], list[tuple[Intent, str]]] = {}
        for intent, external_id in wanted:
            together.setdefault((intent.workspace, intent.lane), []).append((intent, external_id))
        now = self.clock.now()
        return [
            record
            for (workspace, lane), some in together.items()
            for record in build_hints(
                self.codec,
                workspace,
                [ExternalKey(intent.target.object, external_id) for intent, external_id in some],
                lane=lane,
                received_at=min(intent.received_at or now for intent, _ in some),
                since=since,
            )
        ]

    def look_at(self, workspace: str, records: Sequence[ExternalKey]) -> list[OutRecord]:
        """These are read again: nobody knows what a lost write has done there."""
        return build_hints(self.codec, workspace, records, lane="live", received_at=self.clock.now())

    def rejected(self, intent: Intent, error: TwinledgerError, now: datetime) -> list[OutRecord]:
        """The result of a write that was refused for good."""
        refused = Ended(intent, "rejected", now, intent.external_id, _class_of(error))
        return tell_results(self.codec, [refused])

    async def dead_letter(
        self, connection: Connection, intent: Intent, error: TwinledgerError, now: datetime
    ) -> list[OutRecord]:
        """The refused write leaves the road with its bytes; its index row is written with the state."""
        verdict = DeadLetter(
            _reason_of(error),
            _class_of(error),
            f"{intent.target.object}: {error}",
            type(error).__name__,
            upstream_status=str(getattr(error, "status", None) or ""),
        )
        record = Received(
            WRITE_INTENTS.name,
            NO_PLACE,
            NO_PLACE,
            key_of(intent.workspace, intent.budget_group),
            self._intent_bytes(intent),
            self._headers(intent, "write-intent", str(intent.id)),
            now,
            max(intent.attempt, 1),
        )
        letter = self.office.letter(record, verdict)
        await insert_rows(connection, [letter])
        return [letter]

    def _answer(self, intent: Intent, answer: Applied) -> OutRecord:
        event_id = str(derived_id("answer", str(intent.id), str(intent.attempt)))
        shown = SourceDocument(
            intent.target.object, answer.external_id, answer.document or b"", answer.ended_at
        )
        return self._source_record(intent, shown, event_id)

    def _source_record(self, intent: Intent, document: SourceDocument, event_id: str) -> OutRecord:
        value: dict[str, Any] = {
            "workspace": intent.workspace,
            "object": document.object,
            "external_id": document.external_id,
            "document": document.document,
            "gone": False,
            "read_started_at": document.read_started_at,
            "related": dict(document.related),
        }
        return OutRecord(
            SOURCE_RECORDS.name,
            key_of(intent.workspace, document.object, document.external_id),
            self.codec.encode("source-record", value),
            self._headers(intent, "source-record", event_id),
        )

    def _intent_bytes(self, intent: Intent) -> bytes:
        return self.codec.encode(
            "write-intent",
            {
                "intent_id": str(intent.id),
                "more_ids": [],
                "workspace": intent.workspace,
                "budget_group": intent.budget_group,
                "lane": intent.lane,
            },
        )

    def _headers(self, intent: Intent, kind: str, event_id: str) -> Headers:
        now = self.clock.now()
        envelope = Envelope(
            event_id=event_id,
            source=intent.target.object,
            type=kind,
            time=now,
            workspace=intent.workspace,
            lane=intent.lane,
            received_at=intent.received_at or now,
            intent_id=str(intent.id),
            reference=intent.reference,
        )
        return tuple(envelope.to_headers())


def _class_of(error: TwinledgerError) -> ErrorClass:
    return error.error_class if isinstance(error, TransientError | PermanentError) else "bug"


def _reason_of(error: TwinledgerError) -> DeadLetterReason:
    return "upstream-exhausted" if isinstance(error, TransientError) else reason_of(_class_of(error))
