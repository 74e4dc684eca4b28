"""State: the gate a person holds. Reading and planning go on; of the writes only an accepted plan's pass.

Held from the beginning where the workspace goes live by a plan, later by `sync pause`. Whoever accepts a
plan takes the gate's lock alone, enrich shares it for a batch: no plan changes while it is accepted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from twinledger.kernel.database import Connection

__all__ = [
    "BY_GO_LIVE",
    "Gate",
    "Share",
    "close_gate",
    "hold_for_go_live",
    "load_gate",
    "lock_gate",
    "open_gate",
    "share_gate",
]

BY_GO_LIVE = "go_live"


@dataclass(frozen=True, slots=True)
class Gate:
    """`opened_at` None: the first read is not taken in. `catching_up`: creates wait for ingest."""

    opened_at: datetime | None
    catching_up: bool
    held_at: datetime | None
    held_by: str
    accepted_plans: int

    def text(self) -> str:
        """One word for people and scripts."""
        if self.opened_at is None:
            return "reading"
        return "open" if self.held_at is None else "held"


async def load_gate(connection: Connection, workspace: str) -> Gate | None:
    """None: there is no such workspace."""
    row = await connection.fetchrow(
        """select opened_at, catching_up, held_at, held_by,
                  (select count(*) from sync_plan p where p.workspace = w.id and p.accepted_at is not null)
                      as accepted_plans
             from workspace w where id = $1""",
        workspace,
    )
    return Gate(**dict(row)) if row is not None else None


async def hold_for_go_live(connection: Connection, workspace: str) -> None:
    """Before the first opening only: what wrote by itself yesterday goes on."""
    await connection.execute(
        """update workspace set held_at = clock_timestamp(), held_by = $2
            where id = $1 and opened_at is null and held_at is null""",
        workspace,
        BY_GO_LIVE,
    )


async def close_gate(connection: Connection, workspace: str, reason: str) -> None:
    """From the next look of the loader on nothing leaves; who held it first stays named."""
    await connection.execute(
        """update workspace set held_at = clock_timestamp(), held_by = $2
            where id = $1 and held_at is null""",
        workspace,
        reason,
    )


async def open_gate(connection: Connection, workspace: str) -> None:
    """Everything planned flows."""
    await connection.execute("update workspace set held_at = null, held_by = '' where id = $1", workspace)


class Share(NamedTuple):
    """`systems`: those beyond every workspace's that this one has connected. `has_first_sights`: what a walk
    listed is still to be struck off when it is taken in."""

    systems: Sequence[str]
    has_first_sights: bool


async def share_gate(connection: Connection, workspace: str) -> Share:
    """For whoever plans writes, until its transaction ends."""
    row = await connection.fetchrow(
        """select array(select unnest(systems) from connection where workspace = $1 order by 1),
                  exists (select from first_sight where workspace = $1)
             from pg_advisory_xact_lock_shared(hashtextextended($1, 10))""",
        workspace,
    )
    assert row is not None
    return Share(*row)


async def lock_gate(connection: Connection, workspace: str) -> None:
    """Alone, until the transaction ends: plans made before are there, later ones come after."""
    await connection.execute("select pg_advisory_xact_lock(hashtextextended($1, 10))", workspace)
