"""State: records that ended, counted so that many at once are held until a person has spoken."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from twinledger.kernel.database import Connection
from twinledger.state.records import ExternalKey

__all__ = [
    "QUESTION",
    "Standing",
    "Tombstone",
    "Word",
    "answer_held",
    "ask_about_held",
    "count_held",
    "count_records",
    "lock_ends",
    "note_suspects",
    "recent_ends",
    "save_tombstones",
    "words_on",
]

Word = Literal["released", "discarded"]
Standing = Literal["held", "released", "discarded"]
"""A person is still asked, or has spoken."""
State = Literal["suspected", "buried", "held", "released", "discarded"]

QUESTION = "mass_delete"
"""Kind of the review item; one open question an entity type."""
_NAMED = 20


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A record that ended. `buried`: passed on by its policy; `held`: a person is asked first."""

    key: ExternalKey
    entity_type: str
    state: State


async def lock_ends(connection: Connection, workspace: str) -> None:
    """One counter at a time; the lock ends with the transaction."""
    await connection.execute(
        "select pg_advisory_xact_lock(hashtextextended($1, 0))", f"tombstone:{workspace}"
    )


async def recent_ends(
    connection: Connection, workspace: str, leaving_out: Collection[ExternalKey]
) -> dict[str, int]:
    """Records by entity type that ended within ten minutes, or are missing since the last sweep."""
    rows = await connection.fetch(
        """
        select entity_type, count(*) as n from tombstone t
         where workspace = $1 and (state = 'held' or found_at > now() - interval '10 minutes'
                                   and state = 'buried'
                                   or found_at > now() - interval '1 day' and state = 'suspected')
           and not exists (select from unnest($2::text[], $3::text[]) as k(object, id)
                            where k.object = t.object and k.id = t.external_id)
         group by entity_type
        """,
        workspace,
        [key.object for key in leaving_out],
        [key.external_id for key in leaving_out],
    )
    return {row["entity_type"]: row["n"] for row in rows}


async def count_records(connection: Connection, workspace: str, entity_type: str) -> int:
    """How many there are of a type."""
    query = "select count(*) from entity where workspace = $1 and type = $2"
    return int(await connection.fetchval(query, workspace, entity_type))


async def words_on(
    connection: Connection, workspace: str, keys: Collection[ExternalKey]
) -> dict[ExternalKey, Standing]:
    """What a person said about these records, or that one is still asked. It holds for a day, and until a
    record was seen alive: its next end is another one."""
    rows = await connection.fetch(
        """select t.object, t.external_id, t.state from tombstone t
             join unnest($2::text[], $3::text[]) as k(object, id)
               on k.object = t.object and k.id = t.external_id
            where t.workspace = $1
              and (t.state = 'held'
                   or t.state in ('released', 'discarded') and t.found_at > now() - interval '1 day'
                      and not exists (select from crosswalk c
                                        join shadow s on s.entity_id = c.entity_id and s.object = c.object
                                         and s.role = c.role and s.external_id = c.external_id
                                       where c.workspace = t.workspace and c.object = t.object
                                         and c.external_id = t.external_id
                                         and s.read_started_at > t.found_at))""",
        workspace,
        [key.object for key in keys],
        [key.external_id for key in keys],
    )
    return {ExternalKey(row["object"], row["external_id"]): row["state"] for row in rows}


async def save_tombstones(connection: Connection, workspace: str, found: Iterable[Tombstone]) -> None:
    """Note them, and forget those that count no more."""
    rows = list({one.key: one for one in found}.values())
    if not rows:
        return
    await connection.execute(
        """delete from tombstone
            where workspace = $1 and state <> 'held' and found_at < now() - interval '2 days'""",
        workspace,
    )
    await connection.execute(
        """
        insert into tombstone (workspace, object, external_id, entity_type, state)
        select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::text[])
        on conflict (workspace, object, external_id) do update
            set state = excluded.state, found_at = now(), entity_type = excluded.entity_type
        """,
        workspace,
        [one.key.object for one in rows],
        [one.key.external_id for one in rows],
        [one.entity_type for one in rows],
        [one.state for one in rows],
    )


async def note_suspects(
    connection: Connection, workspace: str, object_name: str, entity_type: str, ids: Collection[str]
) -> None:
    """What a sweep missed, before it is looked at singly; the doubts of the sweep before are over."""
    await connection.execute(
        "delete from tombstone where workspace = $1 and object = $2 and state = 'suspected'",
        workspace,
        object_name,
    )
    await connection.execute(
        """
        insert into tombstone as t (workspace, object, external_id, entity_type, state)
        select $1, $2, id, $3, 'suspected' from unnest($4::text[]) as x(id)
        on conflict (workspace, object, external_id) do update set state = 'suspected', found_at = now()
            where t.state in ('buried', 'discarded')
        """,
        workspace,
        object_name,
        entity_type,
        list(ids),
    )


async def ask_about_held(connection: Connection, workspace: str, entity_type: str, allowed: int) -> None:
    """One question for all that is held of a type, with how many and the first of them."""
    await connection.execute(
        """
        insert into review_item (workspace, kind, subject, evidence)
        select $1, $4, $2, jsonb_build_object('held', count(*), 'allowed', $3::int, 'records',
                   jsonb_path_query_array(jsonb_agg(object || '/' || external_id order by found_at, 1),
                                          ('$[0 to ' || $5::int - 1 || ']')::jsonpath))
          from tombstone where workspace = $1 and entity_type = $2 and state = 'held' having count(*) > 0
        on conflict (workspace, kind, subject) where state = 'open' do update set evidence = excluded.evidence
        """,
        workspace,
        entity_type,
        allowed,
        QUESTION,
        _NAMED,
    )


async def count_held(connection: Connection) -> int:
    """Records of all workspaces whose end waits for a person."""
    return int(await connection.fetchval("select count(*) from tombstone where state = 'held'"))


async def answer_held(
    connection: Connection, workspace: str, entity_type: str, word: Word
) -> list[ExternalKey]:
    """Everything held of a type is released or discarded; returns what is to be looked at again. What is
    being held at this moment waits, or is heard of first."""
    await lock_ends(connection, workspace)
    rows = await connection.fetch(
        """update tombstone set state = $3, found_at = now()
            where workspace = $1 and entity_type = $2 and state = 'held' returning object, external_id""",
        workspace,
        entity_type,
        word,
    )
    return [ExternalKey(*row) for row in rows]
