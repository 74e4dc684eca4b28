"""Road: records that wait, in order, in a table instead of a retry topic.

A key that has to wait is parked with its later records and counts as done for the offset; other
keys flow. A parked record is due at its time, or when what it waits for is announced.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from twinledger.kernel.database import Connection
from twinledger.kernel.writes import Writer
from twinledger.road.broker import Received
from twinledger.road.stored_headers import from_text, to_text

__all__ = [
    "BEHIND",
    "Parked",
    "Wait",
    "any_parked",
    "due",
    "due_heads",
    "leave",
    "park",
    "parked_keys",
    "postpone",
    "wake",
]

BEHIND = "behind"
"""Reason of a record that waits only because an earlier one of its key does."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Why and how long; `step` is how far up the wait ladder the record is."""

    reason: str
    delay_s: float
    waits_for: str | None = None
    step: int = 0


@dataclass(frozen=True, slots=True)
class Parked:
    """A due record with its place in the order of its key."""

    id: int
    record: Received
    step: int
    since: datetime
    waits_for: str | None = None

    def step_for(self, waits_for: str | None) -> int:
        """Its rung: the lowest when what it waited for is there and something else is missing."""
        return self.step if waits_for == self.waits_for else 0


async def park(connection: Connection, group: str, records: Sequence[tuple[Received, Wait]]) -> None:
    """Append in the given order."""
    if not records:
        return
    rows = [
        (r.topic, r.partition, r.offset, r.key, r.value, to_text(r.headers), r.timestamp, _judged(r, wait))
        for r, wait in records
    ]
    waits = [(wait.step, wait.reason, wait.waits_for, wait.delay_s) for _, wait in records]
    columns = [list(column) for column in zip(*rows, strict=True)]
    columns += [list(column) for column in zip(*waits, strict=True)]
    await connection.execute(_PARK, group, *columns)


async def parked_keys(
    connection: Connection, group: str, records: Collection[Received]
) -> set[tuple[str, bytes]]:
    """(topic, key) of those records that have to queue behind a parked one."""
    keys = {(record.topic, record.key) for record in records}
    topics, names = zip(*keys, strict=True)
    rows = await connection.fetch(_KEYS, group, list(topics), list(names))
    return {(row["topic"], row["key"]) for row in rows}


async def due(
    connection: Connection,
    group: str,
    topics: Sequence[str],
    *,
    max_records: int = 200,
    only: int | None = None,
) -> list[Parked]:
    """Due records with what stands behind them, per key oldest first, locked against other replicas."""
    rows = await connection.fetch(_DUE, group, list(topics), max_records, only)
    return [
        Parked(
            row["id"],
            Received(
                row["topic"],
                row["partition"],
                row["offset"],
                row["key"],
                row["value"],
                from_text(row["headers"]),
                row["recorded_at"],
                row["attempts"] + 1,
            ),
            row["step"],
            row["parked_at"],
            row["waits_for"],
        )
        for row in rows
    ]


async def due_heads(
    connection: Connection, group: str, topics: Sequence[str], *, max_records: int = 200
) -> list[int]:
    """Ids of the due records that are first of their key, longest due first; nothing is locked."""
    rows = await connection.fetch(_DUE_HEADS, group, list(topics), max_records)
    return [row["id"] for row in rows]


async def leave(connection: Connection, ids: Sequence[int]) -> None:
    """These had their verdict; the next of each key is due at once."""
    if not ids:
        return
    await connection.execute("delete from parked where id = any($1::bigint[])", ids)


async def postpone(connection: Connection, waits: Sequence[tuple[int, Wait]]) -> None:
    """Judged again, and still not yet."""
    if not waits:
        return
    await connection.execute(
        _POSTPONE,
        [row_id for row_id, _ in waits],
        [wait.step for _, wait in waits],
        [wait.reason for _, wait in waits],
        [wait.waits_for for _, wait in waits],
        [wait.delay_s for _, wait in waits],
    )


async def wake(writer: Writer, waits_for: Collection[str]) -> None:
    """What these names stand for is there now: records that wait for it are due with this commit.

    A record parked at the same moment may be missed; it is due at its own time all the same.
    """
    if waits_for:
        await writer.execute(_WAKE, list(waits_for))


async def any_parked(connection: Connection, group: str) -> bool:
    """Whether the group holds any parked record."""
    return bool(await connection.fetchval(_ANY, group))


def _judged(record: Received, wait: Wait) -> int:
    """How often a step has judged it: one that only queues was not."""
    return record.attempt - (wait.reason == BEHIND)


_PARK = """
    insert into parked (group_name, topic, partition, "offset", key, value, headers, recorded_at,
                        attempts, step, reason, waits_for, due_at)
    select $1, topic, partition, "offset", key, value, headers, recorded_at, attempts, step, reason,
           waits_for, now() + make_interval(secs => delay_s)
    from unnest($2::text[], $3::int[], $4::bigint[], $5::bytea[], $6::bytea[], $7::text[],
                $8::timestamptz[], $9::int[], $10::int[], $11::text[], $12::text[], $13::float8[])
         with ordinality as given (topic, partition, "offset", key, value, headers, recorded_at,
                                   attempts, step, reason, waits_for, delay_s, place)
    order by place
"""
_KEYS = """
    select distinct p.topic, p.key from parked p
    join unnest($2::text[], $3::bytea[]) as k(topic, key) using (topic, key)
    where p.group_name = $1
"""
# The head of a key decides whether the key is due; the locked heads keep other replicas off the key.
_DUE = """
    with head as (
        select p.topic, p.key, p.id from parked p
        where p.group_name = $1 and p.topic = any($2::text[]) and p.due_at <= now()
          and not exists (select from parked e where e.group_name = p.group_name
                          and e.topic = p.topic and e.key = p.key and e.id < p.id)
          and ($4::bigint is null or p.id = $4)
        order by p.due_at limit $3
        for update skip locked
    )
    select p.* from parked p join head h using (topic, key)
    where p.group_name = $1 order by p.id limit $3
"""
_DUE_HEADS = """
    select p.id from parked p
    where p.group_name = $1 and p.topic = any($2::text[]) and p.due_at <= now()
      and not exists (select from parked e where e.group_name = p.group_name
                      and e.topic = p.topic and e.key = p.key and e.id < p.id)
    order by p.due_at limit $3
"""
_POSTPONE = """
    update parked p set attempts = p.attempts + 1, step = w.step, reason = w.reason,
           waits_for = w.waits_for, due_at = now() + make_interval(secs => w.delay_s)
    from unnest($1::bigint[], $2::int[], $3::text[], $4::text[], $5::float8[])
         as w(id, step, reason, waits_for, delay_s)
    where p.id = w.id
"""
_WAKE = "update parked set due_at = now() where waits_for = any($1::text[]) and due_at > now()"
_ANY = "select exists (select from parked where group_name = $1)"
