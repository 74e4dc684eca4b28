"""State: what became of writes that were sent: settled, put back, or unknown until somebody has looked.

Every change is a compare-and-set on (state, attempt), so a late word on an earlier attempt changes nothing;
only `confirm` takes a late answer too: what was applied is there.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from twinledger.kernel.database import Connection
from twinledger.kernel.errors import TwinledgerError
from twinledger.state.intent_queue import CANDIDATE_COLUMNS, Candidate, candidate_of
from twinledger.state.intents import PLANNED, UNSETTLED
from twinledger.state.records import Intent

__all__ = [
    "Lost",
    "carry_on",
    "confirm",
    "give_up_dead_owner",
    "look_again",
    "mark_unknown",
    "next_name",
    "postpone",
    "reject",
    "unknown_intents",
    "unsettled",
]

_OPEN = [*UNSETTLED, *PLANNED]
# Back in the queue, unless a newer plan was made meanwhile: then that one is sent. The caller holds the
# entity's lock, under which plans are made.
_BACK = """case when i.state in ('sending', 'unknown') and exists (
                        select from intent n where n.entity_id = i.entity_id and n.object = i.object
                           and n.role = i.role and n.state = 'planned' and n.id <> i.id
                           and (i.released_by is null or n.released_by is not null))
                   then 'superseded' else 'planned' end"""


async def postpone(
    connection: Connection, intent: Intent, wait_s: float, error: TwinledgerError, *, step: bool
) -> None:
    """Certainly not applied: back to planned, due again after `wait_s`; `step` climbs the wait ladder.

    Once for what is known of the intent: rounds that come before this commit are refused for the same reason.
    """
    await connection.execute(
        f"""update intent i set state = {_BACK}, expected = null, phase = null, owner = null,
                  permit_id = null, not_before = clock_timestamp() + make_interval(secs => $2),
                  failures = failures + $3, error_class = $4, error = $5
            where id = $1 and attempt = $6 and failures = $7
              and state = any($8::text[])""",  # noqa: S608 - fixed text
        intent.id,
        wait_s,
        int(step),
        getattr(error, "error_class", "bug"),
        str(error),
        intent.attempt,
        intent.failures,
        _OPEN,
    )


async def next_name(connection: Connection, intent: Intent) -> None:
    """The vendor has that name already: due again at once, with the next form of it."""
    await connection.execute(
        f"""update intent i set state = {_BACK}, expected = null, owner = null, permit_id = null,
                  name_attempt = name_attempt + 1, not_before = clock_timestamp()
            where id = $1 and attempt = $2 and state = any($3::text[])""",  # noqa: S608 - fixed text
        intent.id,
        intent.attempt,
        ["sending"],
    )


async def mark_unknown(connection: Connection, intent: Intent, error_class: str, error: str) -> None:
    """The request left and no clean answer came: the resolver looks before anybody sends again."""
    await connection.execute(
        """update intent set state = 'unknown', error_class = $2, error = $3
            where id = $1 and attempt = $4 and state = any($5::text[])""",
        intent.id,
        error_class,
        error,
        intent.attempt,
        ["sending"],
    )


async def look_again(connection: Connection, intent: Intent, wait_s: float) -> None:
    """Still unknown: not found yet, and too early to send again."""
    await connection.execute(
        """update intent set not_before = clock_timestamp() + make_interval(secs => $2)
            where id = $1 and attempt = $3 and state = any($4::text[])""",
        intent.id,
        wait_s,
        intent.attempt,
        ["unknown"],
    )


async def unsettled(connection: Connection, ids: Collection[UUID]) -> set[UUID]:
    """Those whose outcome nobody has settled yet: an observation may have. The caller holds the entities."""
    rows = await connection.fetch(
        "select id from intent where id = any($1) and state = any($2::text[])", list(ids), UNSETTLED
    )
    return {row["id"] for row in rows}


async def confirm(connection: Connection, ids: Sequence[tuple[UUID, str]]) -> datetime:
    """The side holds what was sent. Returns the database's time; the caller holds the entities' locks, so no
    read of theirs is taken in from then on until it commits."""
    since: datetime = await connection.fetchval(
        """with done as (
               update intent i set state = 'confirmed', external_id = t.external_id, settled_at = now()
                 from unnest($1::uuid[], $2::text[]) as t(id, external_id)
                where i.id = t.id and i.state = any($3::text[]))
           select clock_timestamp()""",
        [intent_id for intent_id, _ in ids],
        [external_id for _, external_id in ids],
        UNSETTLED,
    )
    return since


async def carry_on(connection: Connection, ids: Collection[UUID]) -> None:
    """A part was applied; the fields that need a call of their own follow."""
    if ids:
        await connection.execute(
            f"""update intent i set state = {_BACK}, expected = null, phase = null, owner = null,
                      permit_id = null, not_before = clock_timestamp()
                where id = any($1) and state = any($2::text[])""",  # noqa: S608 - fixed text
            list(ids),
            UNSETTLED,
        )


async def reject(connection: Connection, intent: Intent, error_class: str, error: str) -> bool:
    """Refused for good. False when it was settled meanwhile."""
    status = await connection.execute(
        """update intent set state = 'rejected', error_class = $2, error = $3, settled_at = now()
            where id = $1 and attempt = $4 and state = any($5::text[])""",
        intent.id,
        error_class,
        error,
        intent.attempt,
        _OPEN,
    )
    return status != "UPDATE 0"


async def give_up_dead_owner(connection: Connection, owner: str, older_than: timedelta) -> int:
    """SENDING marks of this owner's former life, or past any call's time, become UNKNOWN."""
    status: str = await connection.execute(
        """update intent set state = 'unknown' where state = 'sending'
              and (owner = $1 or sent_at < clock_timestamp() - $2::interval)""",
        owner,
        older_than,
    )
    return int(status.rpartition(" ")[2])


@dataclass(frozen=True, slots=True)
class Lost:
    """A write with unknown outcome, and how long ago it was sent (database time). `must_look`: a create that
    was sent again blindly for long enough."""

    candidate: Candidate
    age: timedelta
    must_look: bool = False


async def unknown_intents(
    connection: Connection, workspace: str, group: str, settle_after: timedelta, limit: int
) -> list[Lost]:
    """Unknown outcomes old enough to be looked for, oldest first, with their target's state."""
    rows = await connection.fetch(
        f"""select {CANDIDATE_COLUMNS}, c.external_id as linked_id, e.fields as entity_fields,
                  s.fields as shadow_fields, clock_timestamp() - i.sent_at as age,
                  coalesce(l.look_after < clock_timestamp(), false) as must_look
             from intent i join entity e on e.id = i.entity_id
             left join crosswalk c on c.entity_id = i.entity_id and c.object = i.object and c.role = i.role
                                  and c.status = 'active'
             left join shadow s on s.entity_id = i.entity_id and s.object = i.object and s.role = i.role
             left join lost_create l on l.intent_id = i.id
            where i.workspace = $1 and i.budget_group = $2 and i.state = 'unknown'
              and i.sent_at < clock_timestamp() - $3::interval and i.not_before <= clock_timestamp()
            order by i.sent_at limit $4""",  # noqa: S608 - fixed columns
        workspace,
        group,
        settle_after,
        limit,
    )
    return [Lost(candidate_of(row), row["age"], row["must_look"]) for row in rows]
