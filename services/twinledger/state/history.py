"""State: what is kept for people: conflicts with both values, the audit trail, review items."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from twinledger.kernel.database import Connection
from twinledger.kernel.writes import Writer
from twinledger.state.records import Conflict, Review

__all__ = [
    "AuditRow",
    "close_review",
    "note_answer",
    "save_audit",
    "save_conflicts",
    "save_reviews",
    "withdraw_moved",
    "withdraw_reviews",
]


class AuditRow(NamedTuple):
    """One field that took a new value, and why."""

    workspace: str
    entity_id: UUID
    field: str
    old: Any
    new: Any
    cause: str
    definition: str


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


async def save_audit(writer: Writer, rows: Iterable[AuditRow]) -> None:
    """Append; nothing updates or deletes these rows."""
    kept = list(rows)
    if not kept:
        return
    await writer.execute(
        """insert into audit (workspace, entity_id, field, old, new, cause, definition)
           select w, e, f, o::jsonb, n::jsonb, c, d
             from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
               as t(w, e, f, o, n, c, d)""",
        [r.workspace for r in kept],
        [r.entity_id for r in kept],
        [r.field for r in kept],
        [_json(r.old) for r in kept],
        [_json(r.new) for r in kept],
        [r.cause for r in kept],
        [r.definition for r in kept],
    )


async def save_conflicts(writer: Writer, conflicts: Iterable[Conflict]) -> None:
    """Append: a conflict is never silent."""
    kept = list(conflicts)
    if not kept:
        return
    await writer.execute(
        """insert into conflict (workspace, entity_id, entity_type, field, policy, winner, loser)
           select w, e, t, f, p, a::jsonb, b::jsonb
             from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
               as x(w, e, t, f, p, a, b)""",
        [c.workspace for c in kept],
        [c.entity_id for c in kept],
        [c.entity_type for c in kept],
        [c.field for c in kept],
        [c.policy for c in kept],
        [_json(c.winner) for c in kept],
        [_json(c.loser) for c in kept],
    )


async def save_reviews(connection: Connection, reviews: Iterable[Review]) -> None:
    """Raise questions; one that is open already is not asked again."""
    for review in reviews:
        await connection.execute(
            """insert into review_item (workspace, kind, subject, evidence)
               values ($1, $2, $3, $4::text::jsonb)
               on conflict (workspace, kind, subject) where state = 'open'
               do update set evidence = excluded.evidence""",
            review.workspace,
            review.kind,
            review.subject,
            _json(review.evidence),
        )


async def withdraw_reviews(
    connection: Connection, workspace: str, asked: Collection[tuple[str, str]]
) -> None:
    """Questions (kind, subject) that answered themselves are asked no more."""
    if asked:
        await connection.execute(
            """update review_item r set state = 'withdrawn'
                 from unnest($2::text[], $3::text[]) as t(kind, subject)
                where r.workspace = $1 and r.kind = t.kind and r.subject = t.subject and r.state = 'open'""",
            workspace,
            [kind for kind, _ in asked],
            [subject for _, subject in asked],
        )


async def withdraw_moved(
    connection: Connection, workspace: str, merged: Collection[tuple[UUID, UUID]]
) -> None:
    """A trigger that only names the survivor of its merged customer has not changed."""
    if not merged:
        return
    await connection.execute(
        """update review_item r set state = 'withdrawn'
             from unnest($2::text[], $3::text[]) as m(merged, survivor)
            where r.workspace = $1 and r.state = 'open'
              and r.evidence -> 'differs' = jsonb_build_object('customer',
                      jsonb_build_object('made_from', m.merged, 'now', m.survivor))""",
        workspace,
        [f"entity:{merged_id}" for merged_id, _ in merged],
        [f"entity:{survivor_id}" for _, survivor_id in merged],
    )


async def note_answer(connection: Connection, number: int, said: Mapping[str, Any]) -> bool:
    """A person has answered, and this is kept of it. False: it was closed already."""
    status = await connection.execute(
        """update review_item set state = 'answered',
                  evidence = evidence || jsonb_build_object('answer', $2::text::jsonb)
            where id = $1 and state = 'open'""",
        number,
        orjson.dumps(said).decode(),
    )
    return bool(status != "UPDATE 0")


async def close_review(connection: Connection, number: int) -> None:
    """A person has answered."""
    await connection.execute("update review_item set state = 'answered' where id = $1", number)
