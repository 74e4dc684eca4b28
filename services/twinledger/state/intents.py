"""State: planned writes as enrich sees them: what is open, what is planned anew, what is settled by value."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

import orjson

from twinledger.kernel.database import Connection
from twinledger.kernel.listening import SEPARATOR
from twinledger.kernel.writes import Writer
from twinledger.state.records import Intent, Target

__all__ = [
    "CHANNEL",
    "INTENT_COLUMNS",
    "OPEN_INTENTS",
    "PLANNED",
    "UNSETTLED",
    "by_target",
    "insert_planned",
    "intent_of",
    "rest",
    "save_intent_states",
    "unsettled_objects",
    "wake_waiting",
]

CHANNEL = "planned"
"""Tells loaders of each workspace and budget group that has a new plan, with the commit; the record on the
topic comes some milliseconds later, and comes for sure."""
INTENT_COLUMNS = (
    "id, workspace, budget_group, entity_id, object, role, op, patch, bases, state, entity_version, lane,"
    " reference, attempt, failures, name_attempt, expected, phase, waits_for, received_at, sent_at,"
    " first_sent_at, external_id, permit_id, released_by, carried"
)
"""In the order of Intent's fields, its target as three: `intent_of` counts on it."""
PLANNED, UNSETTLED = ["planned"], ["sending", "unknown"]
"""States as they are given to a statement that names ids. Written into it they would let a planner that heard
of a quiet hour read the whole index of open writes, and not find the few by their ids (decision 0032)."""
_WIDTH = len(INTENT_COLUMNS.split(","))


def intent_of(row: Any) -> Intent:
    """A row that begins with INTENT_COLUMNS as an Intent."""
    id_, workspace, group, entity_id, object_name, role, *others = row[:_WIDTH]
    return Intent(id_, workspace, group, Target(entity_id, object_name, role), *others)


OPEN_INTENTS = f"""
    select {INTENT_COLUMNS} from intent
     where entity_id = any($1::uuid[]) and state in ('planned', 'sending', 'unknown', 'rejected')
     order by planned_at"""  # noqa: S608 - fixed columns
"""Planned, unsettled and rejected ones, oldest first: rows for `by_target`; $1: entity ids."""


def by_target(rows: Iterable[Any]) -> dict[Target, list[Intent]]:
    """Rows that begin with INTENT_COLUMNS, by their target."""
    found: dict[Target, list[Intent]] = {}
    for intent in map(intent_of, rows):
        found.setdefault(intent.target, []).append(intent)
    return found


async def insert_planned(writer: Writer, intents: Iterable[Intent]) -> None:
    """Add planned intents; the same plan made twice has the same id and stays one row.

    One that was dropped while a person was asked, and is wanted after all, is planned again: none is dropped
    while its outcome is open. Whether its parent has come meanwhile the loader finds out.
    """
    rows = list(intents)
    if not rows:
        return
    await writer.execute(
        """
        insert into intent (id, workspace, budget_group, entity_id, object, role, op, patch, bases, reference,
                            state, lane, entity_version, received_at)
        select id, w, g, e, o, r, op, p::json, b::json, ref, 'planned', lane, v, at
          from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[],
                      $8::text[], $9::text[], $10::text[], $11::text[], $12::bigint[], $13::timestamptz[])
               as t(id, w, g, e, o, r, op, p, b, ref, lane, v, at)
        on conflict (id) do update set state = 'planned', planned_at = now(), not_before = now(),
                settled_at = null, failures = 0, waits_for = null
            where intent.state = 'superseded'
        returning pg_notify($14, workspace || $15 || budget_group)
        """,
        [i.id for i in rows],
        [i.workspace for i in rows],
        [i.budget_group for i in rows],
        [i.target.entity_id for i in rows],
        [i.target.object for i in rows],
        [i.target.role for i in rows],
        [i.op for i in rows],
        [orjson.dumps(i.patch).decode() for i in rows],
        [orjson.dumps(i.bases).decode() for i in rows],
        [i.reference for i in rows],
        [i.lane for i in rows],
        [i.entity_version for i in rows],
        [i.received_at for i in rows],
        CHANNEL,
        SEPARATOR,
    )


async def rest(connection: Connection, ids: Collection[UUID], seconds: float) -> None:
    """Planned, but not to be sent yet: something may still be heard that changes the plan."""
    if ids:
        await connection.execute(
            "update intent set not_before = now() + make_interval(secs => $2) where id = any($1)",
            list(ids),
            seconds,
        )


async def save_intent_states(connection: Connection, intents: Iterable[Intent]) -> None:
    """Store the states enrich decided: superseded by a newer plan, confirmed by an observation.

    A planned intent that the loader took meanwhile is left to the loader (compare-and-set).
    """
    rows = list(intents)
    if not rows:
        return
    await connection.execute(
        """
        update intent i set state = t.state, external_id = coalesce(t.external_id, i.external_id),
               settled_at = now()
          from unnest($1::uuid[], $2::text[], $3::text[]) as t(id, state, external_id)
         where i.id = t.id
           and ((t.state = 'superseded' and i.state = any($4::text[]))
                or (t.state = 'confirmed' and i.state = any($5::text[])))
        """,
        [i.id for i in rows],
        [i.state for i in rows],
        [i.external_id for i in rows],
        [*PLANNED, "rejected"],
        UNSETTLED,
    )


async def wake_waiting(connection: Connection, keys: Collection[str]) -> None:
    """A parent arrived: its children stop waiting, in the transaction that brought it."""
    if keys:
        await connection.execute(
            """update intent set waits_for = null, not_before = now()
                where waits_for = any($1) and state = 'planned'""",
            list(keys),
        )


async def unsettled_objects(connection: Connection, workspace: str, objects: Collection[str]) -> set[str]:
    """Objects for which a create is on its way: an unknown record there may be our own."""
    if not objects:
        return set()
    rows = await connection.fetch(
        """select distinct object from intent where workspace = $1 and object = any($2) and op = 'create'
              and state in ('sending', 'unknown')""",
        workspace,
        list(objects),
    )
    return {row["object"] for row in rows}
