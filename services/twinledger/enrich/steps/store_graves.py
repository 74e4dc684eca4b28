"""Enrich, last: stores what the batch says of ends: counts, questions, traces of merges, rests of writes."""

from __future__ import annotations

from twinledger.enrich.observed import BatchState
from twinledger.kernel.database import Connection
from twinledger.state.crosswalk import sides_of_entities
from twinledger.state.history import withdraw_moved
from twinledger.state.intents import rest
from twinledger.state.moved_children import save_moved
from twinledger.state.tombstones import ask_about_held, save_tombstones

__all__ = ["look_for_losers", "store_graves"]


async def look_for_losers(connection: Connection, state: BatchState) -> None:
    """A child that changed its parent: perhaps the old one was merged, before or without a word to us."""
    moved = {one.from_entity: one.system for one in state.graves.moved}
    for row in await sides_of_entities(connection, moved.keys()) if moved else ():
        if row.system == moved[row.entity_id] and row.status != "merged_into":
            state.wanted.add(row.key)


async def store_graves(connection: Connection, state: BatchState, rest_s: float) -> None:
    """After the plans are stored; in the batch's transaction."""
    graves = state.graves
    await save_tombstones(connection, state.workspace, graves.found)
    for entity_type, allowed in graves.stopped.items():
        await ask_about_held(connection, state.workspace, entity_type, allowed)
    await save_moved(connection, state.workspace, graves.moved)
    await withdraw_moved(connection, state.workspace, graves.merged)
    resting = [intent.id for intent in state.planned if intent.target.entity_id in graves.resting]
    await rest(connection, resting, rest_s)
