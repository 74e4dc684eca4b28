"""State: the plan: what the loader would write next, with what it would replace, and a hash over both.

The plan is made of the planned intents themselves, so accepting one means letting exactly these pass.
Times and ids made by chance are no part of the hash; what cannot be foreseen is no part of the plan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Literal
from uuid import UUID

import orjson

from twinledger.kernel.database import Connection
from twinledger.state.intents import PLANNED
from twinledger.state.records import Fields

__all__ = [
    "PlanKind",
    "PlannedWrite",
    "StoredPlan",
    "accept_plan",
    "canonical",
    "creates_under_way",
    "find_plan",
    "hash_of",
    "load_accepted",
    "planned_writes",
    "release",
    "sides_held",
    "store_plan",
    "stored_form",
    "unforeseen",
]

PlanKind = Literal["sync", "undo"]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PlannedWrite:
    """One write as it would leave now. `behind`: an unsettled or accepted write of its target goes first."""

    intent_id: UUID
    entity_id: UUID
    entity_type: str
    origin: str
    object: str
    role: str
    op: str
    external_id: str | None
    patch: Fields
    before: Fields
    budget_group: str
    behind: bool = False

    @property
    def record(self) -> str:
        """The record at the vendor, or where the new one comes from."""
        return (
            f"{self.object}/{self.external_id}" if self.external_id else f"{self.object} from {self.origin}"
        )


def canonical(write: PlannedWrite) -> Row:
    """What two equal plans have in common."""
    return {
        "object": write.object,
        "role": write.role,
        "entity": str(write.entity_id),
        "op": write.op,
        "external_id": write.external_id,
        "patch": write.patch,
    }


def stored_form(write: PlannedWrite) -> Row:
    """As it is kept with the plan that was shown."""
    return {
        "record": write.record,
        "entity_type": write.entity_type,
        "content": canonical(write),
        "before": write.before,
    }


def hash_of(contents: Sequence[Mapping[str, Any]]) -> str:
    """Over the sorted canonical content."""
    texts = sorted(orjson.dumps(one, option=orjson.OPT_SORT_KEYS) for one in contents)
    return blake2b(b"\n".join(texts), digest_size=16).hexdigest()


async def planned_writes(connection: Connection, workspace: str) -> list[PlannedWrite]:
    """Every planned intent that no accepted plan holds, cut down to what its side does not hold yet."""
    rows = await connection.fetch(_PLANNED, workspace)
    writes = [_write(dict(row)) for row in rows]
    return [write for write in writes if write.patch]


def _write(row: Row) -> PlannedWrite:
    held = row.pop("held") or {}
    creating, linked = row["op"] == "create", row["external_id"] is not None
    patch: Fields = row["patch"]
    if creating:
        row["patch"] = {} if linked else patch
    else:
        row["patch"] = {path: v for path, v in patch.items() if linked and held.get(path) != v}
    before = {} if creating else {path: held[path] for path in row["patch"] if path in held}
    return PlannedWrite(**row, before=before)


async def creates_under_way(connection: Connection, workspace: str) -> set[tuple[UUID, str]]:
    """(entity, object) of records that an accepted plan or a running call makes."""
    rows = await connection.fetch(
        """select entity_id, object from intent where workspace = $1 and op = 'create'
              and (state in ('sending', 'unknown') or (state = 'planned' and released_by is not null))""",
        workspace,
    )
    return {(row["entity_id"], row["object"]) for row in rows}


async def release(connection: Connection, ids: Sequence[UUID], plan_hash: str) -> None:
    """These pass a held gate."""
    await connection.execute(
        """update intent set released_by = $2, not_before = least(not_before, clock_timestamp())
            where id = any($1) and state = any($3::text[])""",
        list(ids),
        plan_hash,
        PLANNED,
    )


async def sides_held(connection: Connection, workspace: str) -> dict[str, int]:
    """Linked records by object."""
    rows = await connection.fetch(
        """select object, count(*) as n from crosswalk where workspace = $1 and status = 'active'
            group by object order by object""",
        workspace,
    )
    return {row["object"]: row["n"] for row in rows}


async def unforeseen(connection: Connection, workspace: str) -> list[Row]:
    """Records of which nobody can say yet what they lead to: `record`, `entity_type`, `reason`."""
    return [dict(row) for row in await connection.fetch(_UNFORESEEN, workspace)]


# --- plans that were shown -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """As it was shown. `origin` of an undo names what it takes back."""

    hash: str
    kind: PlanKind
    origin: Row
    writes: list[Row]


async def store_plan(connection: Connection, workspace: str, plan: StoredPlan) -> None:
    """Shown and not yet accepted; the same plan shown again is the same row."""
    await connection.execute(
        """insert into sync_plan (workspace, hash, kind, origin, writes) values ($1, $2, $3, $4, $5)
           on conflict (workspace, hash) where accepted_at is null
           do update set made_at = now(), origin = excluded.origin""",
        workspace,
        plan.hash,
        plan.kind,
        plan.origin,
        plan.writes,
    )


async def find_plan(connection: Connection, workspace: str, plan_hash: str) -> StoredPlan | None:
    """The plan that was shown under this hash and waits for a word."""
    return _stored(
        await connection.fetchrow(
            """select hash, kind, origin, writes from sync_plan
                where workspace = $1 and hash = $2 and accepted_at is null""",
            workspace,
            plan_hash,
        )
    )


async def load_accepted(connection: Connection, workspace: str, plan_hash: str) -> StoredPlan | None:
    """The newest accepted plan of this hash."""
    return _stored(
        await connection.fetchrow(
            """select hash, kind, origin, writes from sync_plan
                where workspace = $1 and hash = $2 and accepted_at is not null order by id desc limit 1""",
            workspace,
            plan_hash,
        )
    )


async def accept_plan(connection: Connection, workspace: str, plan_hash: str, reason: str) -> None:
    """A person said yes."""
    await connection.execute(
        """update sync_plan set accepted_at = clock_timestamp(), reason = $3
            where workspace = $1 and hash = $2 and accepted_at is null""",
        workspace,
        plan_hash,
        reason,
    )


def _stored(row: Any) -> StoredPlan | None:
    return StoredPlan(**dict(row)) if row is not None else None


_PLANNED = """
    select i.id as intent_id, i.entity_id, e.type as entity_type, e.origin, i.object, i.role, i.op,
           c.external_id, i.patch, s.fields as held, i.budget_group,
           exists (select from intent u where u.entity_id = i.entity_id and u.object = i.object
                      and u.role = i.role and u.id <> i.id
                      and (u.state in ('sending', 'unknown')
                           or (u.state = 'planned' and u.released_by is not null))) as behind
      from intent i
      join entity e on e.id = i.entity_id
      left join crosswalk c on c.entity_id = i.entity_id and c.object = i.object and c.role = i.role
                           and c.status = 'active'
      left join shadow s on s.entity_id = i.entity_id and s.object = i.object and s.role = i.role
     where i.workspace = $1 and i.state = 'planned' and i.released_by is null
     order by i.object, i.entity_id
"""
_UNFORESEEN = """
    select object || '/' || external_id as record, '' as entity_type, 'not taken in yet' as reason
      from first_sight where workspace = $1
    union all
    select object || '/' || external_id, '', 'changed at the vendor, not read yet'
      from due_read where workspace = $1 and hints > read_hints
    union all
    select split_part(k.name, chr(31), 2) || '/' || split_part(k.name, chr(31), 3), '',
           'waits: ' || p.reason || coalesce(' (' || p.waits_for || ')', '')
      from parked p cross join lateral (select convert_from(p.key, 'UTF8') as name) k
     where split_part(k.name, chr(31), 1) = $1
    union all
    select split_part(record_key, chr(31), 2) || '/' || split_part(record_key, chr(31), 3), '',
           'dead letter ' || id || ': ' || message
      from dead_letter where workspace = $1 and status = 'open'
       and record_key like concat_ws(chr(31), '%', '%', '%')
    union all
    select subject, '', 'question ' || id || ' waits for a person: ' || kind
      from review_item where workspace = $1 and state = 'open' and kind not in ('totals_differ')
    union all
    select i.object || coalesce('/' || i.external_id, ' of entity ' || i.entity_id), e.type,
           case i.state when 'rejected' then 'refused: ' || coalesce(i.error, '')
                        else 'its write is on its way, the outcome is not known' end
      from intent i join entity e on e.id = i.entity_id
     where i.workspace = $1 and i.state in ('sending', 'unknown', 'rejected')
    order by 1, 3
"""
