"""Enrich, last: stores who waits for a person's word, and wakes those whose question has changed."""

from __future__ import annotations

from twinledger.enrich.observed import BatchState
from twinledger.kernel.database import Connection
from twinledger.state.answers import ask_replan
from twinledger.state.records import ExternalKey
from twinledger.state.unresolved import (
    forget_unresolved,
    save_unresolved,
    unresolved_with_keys,
    waiting_for,
)

__all__ = ["look_for_questions", "store_questions"]


async def look_for_questions(connection: Connection, state: BatchState) -> None:
    """A record in review is read and judged again when an entity comes under one of its keys, when one it may
    be says something else of itself, or when the record its own question rests on is known by now."""
    for entity_id in state.known_anew:
        state.wanted.update(state.questions.naming(entity_id))
    settled = state.questions.settled
    if settled:
        asked_now = (r for r in state.reviews if r.evidence.get("waits_for") in {k.text() for k in settled})
        state.wanted.update(ExternalKey.parse(review.subject) for review in asked_now)
        state.wanted.update(await waiting_for(connection, state.workspace, settled))
    new = {key for keys in state.rekeyed.values() for key in keys.added}
    if not new:
        return
    stored = await unresolved_with_keys(connection, state.workspace, new)
    asked = [key for key, one in state.questions.asked.items() if not new.isdisjoint(one.keys)]
    state.wanted.update({*stored, *asked} - state.questions.settled)


async def store_questions(connection: Connection, state: BatchState) -> None:
    """Whom a settled record was held against is planned for again."""
    released = await forget_unresolved(connection, state.workspace, state.questions.settled)
    released |= state.questions.freed
    if released:
        await ask_replan(connection, state.workspace, released)
    await save_unresolved(connection, state.workspace, state.questions.asked.values())
