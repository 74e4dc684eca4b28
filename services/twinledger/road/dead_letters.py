"""Road: a record that left the road: its bytes and headers as they were, and why, in more headers.

The topic `dlq.<source topic>` is the log; the table `dead_letter` is its index and can be made again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Connection
from twinledger.kernel.ids import derived_ulid
from twinledger.road.broker import OutRecord, Received
from twinledger.road.envelope import Headers
from twinledger.road.outcome import DeadLetter, Ok, Outcome, Skip

__all__ = ["DLQ_PREFIX", "DeadLetterOffice", "index_dead_letters", "original_headers"]

DLQ_PREFIX = "dlq."
_OURS = ("__dlq.", "twinledger-dlq-")
_KEPT_OF_EARLIER_LIFE = ("twinledger-dlq-redrive-count", "twinledger-dlq-parent-id")
_STACK_BYTES = 8 * 1024
_RETRYABLE = {"upstream-auth", "upstream-conflict", "upstream-exhausted", "dependency-missing"}


class DeadLetterOffice:
    """Makes the dead letters of one consumer group."""

    def __init__(self, *, group: str, stage: str, release: str, clock: Clock) -> None:
        self.group, self.stage, self._release, self._clock = group, stage, release, clock

    def letter(
        self, record: Received, verdict: DeadLetter, first_failed_at: datetime | None = None
    ) -> OutRecord:
        """The same record and verdict give the same id, so a replay is no second letter."""
        kept = original_headers(record.headers)
        earlier = {name: value for name, value in record.headers if name in _KEPT_OF_EARLIER_LIFE}
        added = self._reasons(record, verdict, first_failed_at or self._clock.now())
        extra = tuple((name, text.encode()) for name, text in added.items() if text)
        redriven = {"twinledger-dlq-redrive-count": b"0"} | earlier
        headers = (*kept, *extra, *redriven.items())
        return OutRecord(DLQ_PREFIX + record.topic, record.key, record.value, headers)

    def _reasons(self, record: Received, verdict: DeadLetter, first_failed_at: datetime) -> dict[str, str]:
        place = (record.topic, str(record.partition), str(record.offset))
        event_id = _text(dict(record.headers), "ce_id")
        return {
            "__dlq.errors.topic": record.topic,
            "__dlq.errors.partition": str(record.partition),
            "__dlq.errors.offset": str(record.offset),
            "__dlq.errors.group": self.group,
            "__dlq.errors.delivery.count": str(record.attempt),
            "__dlq.errors.message": verdict.message,
            "twinledger-dlq-id": derived_ulid(record.timestamp, self.group, *place, event_id),
            "twinledger-dlq-reason": verdict.reason,
            "twinledger-dlq-error-class": verdict.error_class,
            "twinledger-dlq-retryable": "true" if verdict.reason in _RETRYABLE else "false",
            "twinledger-dlq-disposition": _disposition(verdict),
            "twinledger-dlq-first-failed-at": first_failed_at.isoformat(),
            "twinledger-dlq-last-failed-at": self._clock.now().isoformat(),
            "twinledger-dlq-exception-class": verdict.exception_class,
            "twinledger-dlq-stacktrace": verdict.stacktrace.encode()[:_STACK_BYTES].decode(errors="ignore"),
            "twinledger-dlq-fingerprint": _fingerprint(verdict),
            "twinledger-dlq-service": self.stage,
            "twinledger-dlq-version": self._release,
            "twinledger-dlq-mapping-version": verdict.mapping_version,
            "twinledger-dlq-upstream-status": verdict.upstream_status,
            "twinledger-dlq-upstream-request-id": verdict.upstream_request_id,
        }


def original_headers(headers: Headers) -> Headers:
    """The headers without what a dead letter added."""
    return tuple(header for header in headers if not header[0].startswith(_OURS))


async def index_dead_letters(connection: Connection, records: Sequence[Received]) -> Sequence[Outcome[None]]:
    """A handler for the dlq topics: notes each letter with its place in the topic."""
    letters = [record for record in records if _is_ours(record)]
    await insert_rows(connection, letters)
    return [Ok(None) if _is_ours(record) else Skip("foreign") for record in records]


async def insert_rows(connection: Connection, letters: Sequence[OutRecord | Received]) -> None:
    """Index rows of letters on their way (no place yet) or read back from their topic."""
    if letters:
        columns = zip(*(_row(letter) for letter in letters), strict=True)
        await connection.execute(_INSERT, *(list(column) for column in columns))


def _is_ours(record: Received) -> bool:
    """Other programs may write to the topic too; the tool reads their letters without the index."""
    headers = dict(record.headers)
    place = [_text(headers, f"__dlq.errors.{part}") for part in ("partition", "offset")]
    return bool(_text(headers, "twinledger-dlq-id")) and all(number.isdecimal() for number in place)


def _row(letter: OutRecord | Received) -> tuple[object, ...]:
    headers = dict(letter.headers)
    place = (letter.partition, letter.offset) if isinstance(letter, Received) else (None, None)
    return (
        _text(headers, "twinledger-dlq-id"),
        _text(headers, "__dlq.errors.topic"),
        int(_text(headers, "__dlq.errors.partition")),
        int(_text(headers, "__dlq.errors.offset")),
        _text(headers, "__dlq.errors.group"),
        letter.topic,
        *place,
        _text(headers, "twinledger-dlq-reason"),
        _text(headers, "twinledger-dlq-error-class"),
        _text(headers, "__dlq.errors.message"),
        _text(headers, "twinledger-dlq-fingerprint"),
        _text(headers, "twinledger-workspace"),
        _text(headers, "ce_source"),
        letter.key.decode("utf-8", "replace").replace("\0", ""),
        _text(headers, "ce_id"),
        _text(headers, "twinledger-dlq-parent-id") or None,
    )


def _text(headers: Mapping[str, bytes], name: str) -> str:
    """Headers of a poison record may hold anything; PostgreSQL takes no zero characters."""
    return (headers.get(name) or b"").decode("utf-8", "replace").replace("\0", "")


def _disposition(verdict: DeadLetter) -> str:
    if verdict.reason == "dependency-missing":
        return "blocked"
    return "systemic" if verdict.error_class == "schema_incompatible" else "poison"


def _fingerprint(verdict: DeadLetter) -> str:
    """Groups like with like: class, top frame without its line number, rule."""
    top = verdict.stacktrace.rpartition("\n")[2].partition(":")[0]
    parts = (verdict.exception_class or verdict.error_class, top, verdict.rule)
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]


_INSERT = """
    insert into dead_letter as d (id, topic, partition, "offset", consumer_group, dlq_topic, dlq_partition,
        dlq_offset, reason, error_class, message, fingerprint, workspace, source, record_key, event_id,
        parent_id)
    select distinct on (id) * from unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::text[],
        $6::text[], $7::int[], $8::bigint[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[],
        $14::text[], $15::text[], $16::text[], $17::text[])
        as given (id, topic, partition, "offset", consumer_group, dlq_topic, dlq_partition, dlq_offset,
                  reason, error_class, message, fingerprint, workspace, source, record_key, event_id,
                  parent_id)
    order by id
    on conflict (id) do update set
        dlq_partition = coalesce(excluded.dlq_partition, d.dlq_partition),
        dlq_offset = coalesce(excluded.dlq_offset, d.dlq_offset)
"""
