"""State: the queue of planned writes as the loader works it, up to the sending mark. The table is the queue;
Kafka only wakes. What becomes of a sent one is `intent_outcomes.py`.

Every change of state is a compare-and-set on (state, attempt), so two loaders never send one intent.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from twinledger.kernel.database import Connection
from twinledger.state.budgets import Budget, Grant
from twinledger.state.intents import INTENT_COLUMNS, PLANNED, intent_of
from twinledger.state.records import Fields, Intent

__all__ = [
    "CANDIDATE_COLUMNS",
    "Candidate",
    "Paid",
    "Sending",
    "candidate_of",
    "candidates",
    "next_due",
    "pay",
    "set_waiting",
    "supersede",
]

CANDIDATE_COLUMNS = ", ".join(f"i.{column.strip()}" for column in INTENT_COLUMNS.split(","))
"""Of the table `intent` as `i`."""

_TURN = "case i.lane when 'live' then 0 when 'retry' then 1 when 'verify' then 2 else 3 end"
"""As in the index `intent_in_turn`: the first of a long queue are found without the others."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A planned intent with what building its call needs."""

    intent: Intent
    external_id: str | None
    shadow: Fields
    entity_fields: Fields
    known_at: datetime | None = None
    """The vendor's stamp of the version we know; None when the answer to our own last write named none."""


# Whether a rival was released is asked so that the index of all released writes does not seem to answer it.
_CANDIDATES = f"""
        with gate as materialized (
            select opened_at is not null as is_open, held_at is not null as is_held, catching_up
              from workspace where id = $1),
        turn as materialized (
            select i.id, {_TURN} as lane_rank
              from intent i
             where i.workspace = $1 and i.budget_group = $2 and i.state = 'planned' and i.waits_for is null
               and i.not_before <= clock_timestamp()
               and (select is_open from gate)
               and (i.released_by is not null or not (select is_held from gate))
               and (i.op = 'update' or not (select catching_up from gate))
               and (i.op = 'update' or not exists (
                       select from unresolved q where q.workspace = i.workspace and q.object = i.object
                          and q.candidates @> array[i.entity_id] offset 0))
               and (i.op = 'update' or not exists (
                       select from lost_create l where l.entity_id = i.entity_id and l.object = i.object
                          and l.role = i.role and l.look_after < clock_timestamp() offset 0))
               and (i.first_sent_at is not null or not exists (
                       select from shadow h where h.entity_id = i.entity_id and h.object = i.object
                          and h.role = i.role and h.hold_until > clock_timestamp() offset 0))
               and not exists (select from intent u where u.entity_id = i.entity_id and u.object = i.object
                                  and u.role = i.role and u.state in ('sending', 'unknown') offset 0)
               and (i.released_by is not null or not exists (
                       select from intent a where a.entity_id = i.entity_id and a.object = i.object
                          and a.role = i.role and a.state = 'planned'
                          and coalesce(a.released_by, '') <> '' offset 0))
             order by {_TURN}, i.planned_at
             limit $3)
        select {CANDIDATE_COLUMNS}, c.external_id as linked_id, s.fields as shadow_fields,
               e.fields as entity_fields,
               s.vendor_updated_at as known_at
          from turn
          join intent i on i.id = turn.id
          join entity e on e.id = i.entity_id
          left join crosswalk c on c.entity_id = i.entity_id and c.object = i.object and c.role = i.role
                               and c.status = 'active'
          left join shadow s on s.entity_id = i.entity_id and s.object = i.object and s.role = i.role
         order by turn.lane_rank, i.planned_at
"""  # noqa: S608 - fixed columns


async def candidates(connection: Connection, workspace: str, group: str, limit: int) -> list[Candidate]:
    """Due intents of a budget group, live before backfill, oldest first.

    Left out: those behind an unsettled write of the same target, those of a held target, and creates that
    could double what is there or write over it: while a read of the workspace is not taken in, a record may
    be the very one, or one that was lost is to be looked for. While a person holds the gate only the writes
    of an accepted plan pass; those go before a later plan of their target.
    """
    rows = await connection.fetch(_CANDIDATES, workspace, group, limit)
    return [candidate_of(row, row["known_at"]) for row in rows]


def candidate_of(row: Any, known_at: datetime | None = None) -> Candidate:
    """A row of CANDIDATE_COLUMNS, with `linked_id`, `shadow_fields` and `entity_fields` after them."""
    shadow = row["shadow_fields"] or {}
    return Candidate(intent_of(row), row["linked_id"], shadow, row["entity_fields"], known_at)


async def next_due(connection: Connection, workspace: str, group: str) -> float | None:
    """Seconds until the next planned intent of the group is due; None: none waits for a time."""
    seconds: float | None = await connection.fetchval(
        """select greatest(0, extract(epoch from min(not_before) - clock_timestamp()))::double precision
             from intent where workspace = $1 and budget_group = $2 and state = 'planned'
              and waits_for is null and not_before > planned_at and not_before > clock_timestamp()""",
        workspace,
        group,
    )
    return seconds


@dataclass(frozen=True, slots=True)
class Sending:
    """One intent about to leave: what the call carries of its patch and besides; `call` counts the calls
    that are paid for together from 1: intents of one call share its permit."""

    intent: Intent
    expected: Fields
    carried: Fields
    phase: str | None
    call: int


@dataclass(frozen=True, slots=True)
class Paid:
    """The granted calls, and the database time of each intent that really changed: others were taken."""

    grant: Grant
    sent_at: Mapping[UUID, datetime]


async def pay(
    connection: Connection, budget: Budget, sendings: Sequence[Sending], owner: str, send_by_s: float
) -> Paid:
    """planned -> sending for as many calls as the budget lets go now, the first first; one statement, so the
    grant and the marks stand or fall together. No grant, no mark."""
    rows = await connection.fetch(
        """
        with asked as materialized (select permit_id, wait_s from budget_take($1, $2, $3, $4, $5, $6)),
             paid as materialized (
                select coalesce(array_agg(permit_id) filter (where permit_id is not null), '{}') as permits,
                       min(wait_s) as wait_s from asked),
             marked as (
                update intent i set state = 'sending', attempt = i.attempt + 1, expected = t.expected::json,
                       carried = t.carried::json, phase = t.phase, permit_id = paid.permits[t.call],
                       owner = $13, sent_at = clock_timestamp(),
                       first_sent_at = coalesce(i.first_sent_at, clock_timestamp()),
                       send_by = clock_timestamp() + make_interval(secs => $14)
                  from paid, unnest($7::uuid[], $8::int[], $9::text[], $10::text[], $11::text[], $12::int[])
                       as t(id, attempt, expected, carried, phase, call)
                 where t.call <= cardinality(paid.permits)
                   and i.id = t.id and i.attempt = t.attempt and i.state = any($15::text[])
                   and not exists (
                       select from intent u where u.entity_id = i.entity_id and u.object = i.object
                          and u.role = i.role and u.state in ('sending', 'unknown') offset 0)
                returning i.id, i.sent_at)
        select paid.permits, paid.wait_s, marked.id, marked.sent_at from paid left join marked on true
        """,
        *budget.asked(max(one.call for one in sendings)),
        [s.intent.id for s in sendings],
        [s.intent.attempt for s in sendings],
        [orjson.dumps(s.expected).decode() for s in sendings],
        [orjson.dumps(s.carried).decode() for s in sendings],
        [s.phase for s in sendings],
        [s.call for s in sendings],
        owner,
        send_by_s,
        PLANNED,
    )
    grant = Grant(rows[0]["permits"], 0.0 if rows[0]["permits"] else rows[0]["wait_s"])
    return Paid(grant, {row["id"]: row["sent_at"] for row in rows if row["id"] is not None})


async def supersede(connection: Connection, ids: Collection[UUID]) -> None:
    """Nothing is left to write: the side holds it by now."""
    if ids:
        await connection.execute(
            """update intent set state = 'superseded', settled_at = now()
                where id = any($1) and state = any($2::text[])""",
            list(ids),
            PLANNED,
        )


async def set_waiting(connection: Connection, waits: Sequence[tuple[UUID, str]]) -> None:
    """These wait for a parent that the target does not have yet; its arrival wakes them.

    Who brings a parent holds its entity's lock until the commit that wakes: under that lock we look once
    more, or a parent that arrived since the round began would never wake us.
    """
    if not waits:
        return
    parents = [_parent_of(key) for _, key in waits]
    locked = sorted({entity_id for entity_id, _ in parents})
    await connection.execute("select from entity where id = any($1) order by id for share", locked)
    await connection.execute(
        """update intent i set waits_for = t.key
             from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[]) as t(id, key, parent, object)
            where i.id = t.id and i.state = any($5::text[])
              and not exists (select from crosswalk c where c.entity_id = t.parent and c.object = t.object
                                 and c.status = 'active')""",
        [intent_id for intent_id, _ in waits],
        [key for _, key in waits],
        [parent for parent, _ in parents],
        [object_name for _, object_name in parents],
        PLANNED,
    )


def _parent_of(key: str) -> tuple[UUID, str]:
    """ "entity:<id>@zoho_books.contact" -> its parts."""
    entity_id, _, object_name = key.removeprefix("entity:").partition("@")
    return UUID(entity_id), object_name
