"""State: creates whose answer was lost, by the side they were to make, until one of them is answered.

An upsert by our reference may be repeated, but not blindly for ever: what the lost call made is a record that
people edit. And a vendor may run the lost call late, over whatever was written since.
"""

from __future__ import annotations

from collections.abc import Collection

from twinledger.kernel.database import Connection
from twinledger.state.records import Intent, LateWrite, Target

__all__ = ["doubt_creates", "note_lost_create", "settle_lost_creates"]


async def note_lost_create(
    connection: Connection, intent: Intent, late: LateWrite, look_in_s: float, *, seen_absent: bool
) -> None:
    """It is about to be sent again. Seen absent: the time until the next look begins anew."""
    await connection.execute(
        """insert into lost_create as l (entity_id, object, role, intent_id, look_after, late_until, late)
           values ($1, $2, $3, $4, clock_timestamp() + make_interval(secs => $5), $6, $7)
           on conflict (entity_id, object, role) do update
              set intent_id = excluded.intent_id, late_until = excluded.late_until, late = excluded.late,
                  look_after = case when $8 then excluded.look_after
                                    else least(l.look_after, excluded.look_after) end""",
        *intent.target,
        intent.id,
        look_in_s,
        late.until,
        {"fields": late.fields, "bases": late.bases},
        seen_absent,
    )


async def doubt_creates(connection: Connection, workspace: str) -> None:
    """Lost creates that were to be sent again by now, they or a newer plan: unknown once more. Also one that
    was refused when it was sent again: its first call may have done its work."""
    await connection.execute(
        """update intent i set state = 'unknown', expected = l.late -> 'fields', settled_at = null,
                  not_before = clock_timestamp()
             from lost_create l
            where i.id = l.intent_id and i.workspace = $1
              and i.state in ('planned', 'superseded', 'rejected') and l.look_after < clock_timestamp()
              and exists (select from intent p where p.entity_id = l.entity_id and p.object = l.object
                             and p.role = l.role and p.state = 'planned' and p.waits_for is null
                             and p.not_before <= clock_timestamp())
              and not exists (select from intent u where u.entity_id = l.entity_id and u.object = l.object
                                 and u.role = l.role and u.state in ('sending', 'unknown'))""",
        workspace,
    )


async def settle_lost_creates(connection: Connection, targets: Collection[Target]) -> None:
    """These sides have their record. A lost call that may still run is held against, and known when it does.
    The caller holds the entity locks and has saved the shadows."""
    if not targets:
        return
    await connection.execute(
        """with settled as (
               delete from lost_create l using unnest($1::uuid[], $2::text[], $3::text[]) as t(e, o, r)
                where l.entity_id = t.e and l.object = t.o and l.role = t.r
            returning l.*)
           update shadow s set late = l.late, hold_until = greatest(s.hold_until, l.late_until),
                  look_at = greatest(s.hold_until, l.late_until)
             from settled l
            where s.entity_id = l.entity_id and s.object = l.object and s.role = l.role
              and l.late_until > clock_timestamp()""",
        *map(list, zip(*targets, strict=True)),
    )
