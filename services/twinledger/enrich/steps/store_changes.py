"""Enrich, last: stores what the steps changed in memory, set by set, in the batch's transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from twinledger.enrich.observed import BatchState
from twinledger.kernel.database import Connection
from twinledger.kernel.writes import Writer, Writes
from twinledger.road import inbox, outbox
from twinledger.road.broker import OutRecord
from twinledger.road.inbox import InboxKey
from twinledger.road.parking import wake
from twinledger.state.crosswalk import bind
from twinledger.state.derivations import save_derivations
from twinledger.state.entities import save_entities
from twinledger.state.history import save_audit, save_conflicts, save_reviews, withdraw_reviews
from twinledger.state.identity import forget_match_keys, save_match_keys, save_references
from twinledger.state.intents import insert_planned, save_intent_states, wake_waiting
from twinledger.state.lost_creates import settle_lost_creates
from twinledger.state.shadows import save_shadows

__all__ = ["store_changes", "waiting_key"]


def waiting_key(entity_id: UUID, object_name: str) -> str:
    """What a child intent waits for: its parent on one side."""
    return f"entity:{entity_id}@{object_name}"


async def store_changes(
    connection: Connection,
    state: BatchState,
    outgoing: Sequence[OutRecord],
    taken_in: Collection[InboxKey] = (),
) -> None:
    """Children that waited for a record bound here are woken with it. `taken_in`: what had its effect."""
    await bind(connection, state.bound)
    await forget_match_keys(connection, [id_ for id_, keys in state.rekeyed.items() if keys.before is None])
    settled = [i for intents in state.intents.values() for i in intents if i.changed]
    await save_intent_states(connection, settled)
    await withdraw_reviews(connection, state.workspace, state.withdrawn)
    await save_reviews(connection, state.reviews)
    await wake_waiting(connection, [waiting_key(row.entity_id, row.key.object) for row in state.bound])
    writes = Writes()
    await _gather(writes, state, outgoing)
    await inbox.claim(writes, state.workspace, taken_in)
    await writes.send(connection)
    await settle_lost_creates(connection, [row.target for row in state.bound if row.status == "active"])


async def _gather(writes: Writer, state: BatchState, outgoing: Sequence[OutRecord]) -> None:
    """Of none of these does another look at what it changes."""
    await save_entities(writes, (e for e in state.entities.values() if e.changed or e.is_new))
    await save_shadows(writes, (s for s in state.shadows.values() if s.changed))
    rekeyed = state.rekeyed.items()
    await save_match_keys(
        writes,
        state.workspace,
        removed=[(key, id_) for id_, keys in rekeyed for key in keys.removed],
        added=[(key, id_) for id_, keys in rekeyed for key in keys.added],
    )
    await save_references(writes, state.workspace, state.new_references)
    await insert_planned(writes, (i for i in state.planned if i.state == "planned"))
    await save_conflicts(writes, state.conflicts)
    await save_audit(writes, state.audit)
    await save_derivations(writes, (d for d in state.derivations.values() if d.changed))
    await wake(
        writes, [*(row.key.text() for row in state.bound), *(k for _, keys in rekeyed for k in keys.added)]
    )
    await outbox.append(writes, outgoing)
