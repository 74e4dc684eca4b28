"""State: due reads, the queue between hints and the vendors' budgets.

One row a record, so that doubles coalesce; due while more hints came than reads have served. A served
row stays a day: the poller asks it which changes no hint announced.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from twinledger.kernel.database import Connection
from twinledger.kernel.listening import SEPARATOR

__all__ = [
    "CHANNEL",
    "DueRead",
    "EarlierRead",
    "Lane",
    "NotedHint",
    "Served",
    "announce",
    "count_due",
    "earlier_reads",
    "finish_reads",
    "next_due_s",
    "note_hints",
    "postpone_reads",
    "prune_reads",
    "take_due",
]

Lane = Literal["live", "retry", "verify", "backfill"]

CHANNEL = "due_read"
_LANES: tuple[Lane, ...] = ("live", "retry", "verify", "backfill")
_REST_S = 1.0
"""The same record is read at most once in this time."""
_BEING_WRITTEN_S = 0.5
"""A read is stale when it begins before the answer of our own write: most answers come within this time."""


@dataclass(frozen=True, slots=True)
class NotedHint:
    """A hint with its place in the topic."""

    workspace: str
    object: str
    external_id: str
    lane: Lane
    received_at: datetime
    partition: int
    offset: int
    since: datetime | None = None
    """By the database's clock: left out where another hint of the record was noted after that."""


@dataclass(frozen=True, slots=True)
class DueRead:
    """A record to read. `hints` is what the read will have served."""

    external_id: str
    lane: Lane
    hints: int
    received_at: datetime
    attempt: int
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Served:
    """A read that was made: the vendor's stamp that it showed, when it began by our clock, and whether no
    later change can hide behind that stamp."""

    read: DueRead
    stamp: datetime | None = None
    began: datetime | None = None
    is_settled: bool = False


@dataclass(frozen=True, slots=True)
class EarlierRead:
    """When the newest hint came, and the stamp of the version read last once it is settled."""

    hinted_at: datetime
    read_stamp: datetime | None


async def note_hints(connection: Connection, hints: Iterable[NotedHint]) -> None:
    """One statement for all; the best lane and the oldest receipt of what is not yet served count. A
    hint is left out where another was noted after its `since`: the read that serves that one shows it."""
    merged = _coalesced(hints)
    if not merged:
        return
    # Sorted, so that two batches with the same records wait for each other instead of dead-locking.
    rows = [merged[key] for key in sorted(merged)]
    await connection.execute(
        _NOTE,
        [h.workspace for h in rows],
        [h.object for h in rows],
        [h.external_id for h in rows],
        [_LANES.index(h.lane) for h in rows],
        [h.received_at for h in rows],
        [h.partition for h in rows],
        [h.offset for h in rows],
        _REST_S,
        _BEING_WRITTEN_S,
        [h.since for h in rows],
    )


async def announce(connection: Connection, noted: Collection[tuple[str, str]]) -> None:
    """Wake the readers of these (workspace, object) pairs in other processes, with the commit."""
    if noted:
        await connection.execute(
            "select pg_notify($1, name) from unnest($2::text[]) as t(name)",
            CHANNEL,
            [f"{workspace}{SEPARATOR}{name}" for workspace, name in sorted(noted)],
        )


async def take_due(connection: Connection, workspace: str, object_name: str, limit: int) -> list[DueRead]:
    """The next reads, best lane first. Nothing is marked: one reader at a time works an object."""
    rows = await connection.fetch(_TAKE, workspace, object_name, limit)
    return [DueRead(row[0], _LANES[row[1]], *row[2:]) for row in map(tuple, rows)]


async def next_due_s(connection: Connection, workspace: str, object_name: str) -> float | None:
    """Seconds until the next postponed read is due; None when none waits."""
    seconds: float | None = await connection.fetchval(
        """select extract(epoch from min(not_before) - clock_timestamp())::float8 from due_read
            where workspace = $1 and object = $2 and hints > read_hints""",
        workspace,
        object_name,
    )
    return seconds


async def finish_reads(
    connection: Connection,
    workspace: str,
    object_name: str,
    reads: Sequence[Served],
    settles_after: timedelta = timedelta(0),
) -> None:
    """Served, unless newer hints came: those stay due. A stamp is settled too when a read that began so long
    after the first one shows it again."""
    await connection.execute(
        _FINISH,
        workspace,
        object_name,
        [one.read.external_id for one in reads],
        [one.read.hints for one in reads],
        _REST_S,
        [one.stamp for one in reads],
        [one.began for one in reads],
        [one.is_settled for one in reads],
        settles_after,
    )


async def postpone_reads(
    connection: Connection,
    workspace: str,
    object_name: str,
    waits_s: Sequence[tuple[str, float]],
    *,
    step: bool,
) -> None:
    """Not before so many seconds from now; `step` counts an attempt on the wait ladder."""
    await connection.execute(
        _POSTPONE,
        workspace,
        object_name,
        [external_id for external_id, _ in waits_s],
        [seconds for _, seconds in waits_s],
        1 if step else 0,
    )


async def earlier_reads(
    connection: Connection, workspace: str, object_name: str, ids: Sequence[str]
) -> dict[str, EarlierRead]:
    """What is known of these records from the hints and reads of the last day."""
    rows = await connection.fetch(
        """select external_id, hinted_at, read_stamp from due_read
            where workspace = $1 and object = $2 and external_id = any($3::text[])""",
        workspace,
        object_name,
        ids,
    )
    return {row["external_id"]: EarlierRead(row["hinted_at"], row["read_stamp"]) for row in rows}


async def count_due(connection: Connection, workspace: str) -> dict[tuple[str, Lane], int]:
    """Waiting reads by object and lane."""
    rows = await connection.fetch(
        """select object, lane, count(*) as n from due_read
            where workspace = $1 and hints > read_hints group by object, lane""",
        workspace,
    )
    return {(row["object"], _LANES[row["lane"]]): row["n"] for row in rows}


async def prune_reads(connection: Connection) -> None:
    """Forget what was served more than a day ago."""
    await connection.execute(
        "delete from due_read where hints <= read_hints and hinted_at < now() - interval '1 day'"
    )


def _coalesced(hints: Iterable[NotedHint]) -> dict[tuple[str, str, str], NotedHint]:
    merged: dict[tuple[str, str, str], NotedHint] = {}
    for hint in hints:
        key = (hint.workspace, hint.object, hint.external_id)
        seen = merged.get(key)
        if seen is None:
            merged[key] = hint
            continue
        lane = min(seen.lane, hint.lane, key=_LANES.index)
        received_at = min(seen.received_at, hint.received_at)
        since = max(seen.since, hint.since) if seen.since and hint.since else None
        merged[key] = NotedHint(*key, lane, received_at, hint.partition, hint.offset, since)
    return merged


_NOTE = """
    insert into due_read as d (workspace, object, external_id, lane, hinted_at, received_at, not_before,
                               partition, "offset")
    select w, o, e, l, clock_timestamp(), r,
           clock_timestamp() + make_interval(secs => case when exists (
               select from crosswalk c where c.workspace = w and c.object = o and c.external_id = e
                  and exists (select from intent i where i.entity_id = c.entity_id and i.object = c.object
                                 and i.role = c.role and i.state = 'sending' offset 0)
               offset 0) then $9::float8 else 0 end),
           p, f
      from unnest($1::text[], $2::text[], $3::text[], $4::smallint[], $5::timestamptz[], $6::int[],
                  $7::bigint[], $10::timestamptz[]) as t(w, o, e, l, r, p, f, s)
     where s is null or not exists (
               select from due_read x where x.workspace = w and x.object = o and x.external_id = e
                  and x.hinted_at > s and (x.hints <= x.read_hints or x.lane <= l) offset 0)
    on conflict (workspace, object, external_id) do update
       set hints = d.hints + 1, hinted_at = excluded.hinted_at,
           partition = excluded.partition, "offset" = excluded."offset",
           lane = case when d.hints > d.read_hints then least(d.lane, excluded.lane) else excluded.lane end,
           received_at = case when d.hints > d.read_hints then d.received_at else excluded.received_at end,
           not_before = case when d.hints > d.read_hints then d.not_before
                             else greatest(excluded.not_before, d.read_at + make_interval(secs => $8)) end
"""
_TAKE = """
    select external_id, lane, hints, received_at, attempt, partition, "offset"
      from due_read
     where workspace = $1 and object = $2 and hints > read_hints and not_before <= clock_timestamp()
     order by lane, received_at limit $3
"""
# The ids are named twice: a join alone is planned over all rows of the object while statistics lag.
_FINISH = """
    update due_read d
       set read_hints = t.hints, read_at = clock_timestamp(), attempt = 0, received_at = d.hinted_at,
           read_stamp = case when t.is_settled or (t.stamp = d.shown_stamp and t.began >= d.shown_since + $9)
                             then t.stamp end,
           shown_since = case when t.stamp = d.shown_stamp then d.shown_since else t.began end,
           shown_stamp = t.stamp, not_before = clock_timestamp() + make_interval(secs => $5)
      from unnest($3::text[], $4::bigint[], $6::timestamptz[], $7::timestamptz[], $8::boolean[])
               as t(external_id, hints, stamp, began, is_settled)
     where d.workspace = $1 and d.object = $2 and d.external_id = any($3) and d.external_id = t.external_id
"""
_POSTPONE = """
    update due_read d
       set not_before = clock_timestamp() + make_interval(secs => t.wait_s), attempt = d.attempt + $5
      from unnest($3::text[], $4::float8[]) as t(external_id, wait_s)
     where d.workspace = $1 and d.object = $2 and d.external_id = any($3) and d.external_id = t.external_id
"""
