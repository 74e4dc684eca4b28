"""Enrich, step 1b: what the database knows of the ends of records in this batch.

In: observations, loaded BatchState    Out: `state.graves`

Who merges two records shows it by what is left behind: children that name the other one now, a
duplicate that waited for a person, an equal match key.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from twinledger.enrich.definitions import SyncDefinitions
from twinledger.enrich.graves import Survivor
from twinledger.enrich.observed import BatchState, Observed
from twinledger.enrich.steps.resolve_references import named_keys
from twinledger.kernel.database import Connection
from twinledger.mapping.matching.match_keys import exact_keys
from twinledger.mapping.sync_rule import SyncRule
from twinledger.state.crosswalk import (
    doubles_of_entities,
    merged_into_keys,
    rows_of_entities,
    sides_of_entities,
)
from twinledger.state.identity import entities_by_match_key
from twinledger.state.moved_children import children_unread, parents_children_moved_to
from twinledger.state.records import CrosswalkRow, ExternalKey
from twinledger.state.tombstones import count_records, lock_ends, recent_ends, words_on

__all__ = ["PASSED_ON", "load_graves", "says_end", "who_ends"]

PASSED_ON = {"archive": "archived", "propagate": "deleted", "void": "void"}
"""Policy of the rule -> state of the entity."""
ALLOWED = 20
ALLOWED_SHARE = 50
"""One in so many: 2 %."""
UNHEARD = timedelta(seconds=30)
"""So long an end waits at most for the documents that name the record."""


def says_end(observed: Observed, rule: SyncRule) -> bool:
    """The record is no longer there, or only as a deleted one. Void is an end where deleting means it:
    posted money has no other, and only its owner can say so."""
    if observed.gone:
        return True
    state = observed.fields.get("state")
    if state != "void" or rule.delete != "void":
        return state == "deleted"
    return who_ends(rule) == observed.system


def who_ends(rule: SyncRule) -> str | None:
    """The only system that may end a record of this kind; None: any may."""
    policy = rule.policy["state"]
    return policy.reserved.get(PASSED_ON[rule.delete]) if policy.kind == "lattice" else policy.owner


async def load_graves(
    connection: Connection,
    state: BatchState,
    batch: Sequence[Observed],
    definitions: SyncDefinitions,
    now: datetime,
) -> None:
    """Nothing for a batch in which nothing ends but one look for children of merged records."""
    await _load_redirects(connection, state, batch, definitions)
    ended = [o for o in batch if o.key in state.crosswalk and says_end(o, definitions.rules[o.entity_type])]
    if not ended:
        return
    await lock_ends(connection, state.workspace)
    keys = {observed.key for observed in ended}
    state.graves.words = await words_on(connection, state.workspace, keys)
    await _count(connection, state, ended)
    await _find_survivors(connection, state, ended, definitions)
    await _find_unheard(connection, state, [o for o in ended if now - o.read_started_at < UNHEARD])


async def _load_redirects(
    connection: Connection, state: BatchState, batch: Sequence[Observed], definitions: SyncDefinitions
) -> None:
    parents = {key for o in batch for key in named_keys(o, definitions.refs(o.entity_type))}
    if not parents:
        return
    for row in await merged_into_keys(connection, state.workspace, parents):
        if row.survivor is not None:
            state.graves.same_here.add((row.system, row.survivor, row.entity_id))


async def _count(connection: Connection, state: BatchState, ended: Sequence[Observed]) -> None:
    """More than max(20, 2 %) of a type at once are held, those that a person has spoken about left out."""
    fresh = {o.key: o.entity_type for o in ended if _is_fresh(o, state)}
    if not fresh:
        return
    recent = await recent_ends(connection, state.workspace, fresh)
    for entity_type, count in Counter(fresh.values()).items():
        ends = count + recent.get(entity_type, 0)
        if ends <= ALLOWED:
            continue
        records = await count_records(connection, state.workspace, entity_type)
        allowed = max(ALLOWED, records // ALLOWED_SHARE)
        if ends > allowed:
            state.graves.stopped[entity_type] = allowed


def _is_fresh(observed: Observed, state: BatchState) -> bool:
    """Not one that ended before, nor one a person has spoken about."""
    row = state.crosswalk[observed.key]
    entity = state.entities.get(row.entity_id)
    known = (
        entity is not None and not observed.gone and entity.fields.get("state") == observed.fields["state"]
    )
    return row.status == "active" and not known and observed.key not in state.graves.words


async def _find_unheard(connection: Connection, state: BatchState, ended: Sequence[Observed]) -> None:
    """Word of moved documents may be lost: they are looked at before anything follows from the end."""
    ends = {(o.system, state.crosswalk[o.key].entity_id, o.read_started_at): o.key for o in ended}
    children = await children_unread(connection, list(ends)) if ends else {}
    for (_, entity_id, _), key in ends.items():
        if entity_id in children:
            state.graves.unheard[key] = children[entity_id]


async def _find_survivors(
    connection: Connection, state: BatchState, ended: Sequence[Observed], definitions: SyncDefinitions
) -> None:
    dying = {observed.key for observed in ended}
    rows = [state.crosswalk[key] for key in dying if state.crosswalk[key].status != "merged_into"]
    if not rows:
        return
    doubles = await doubles_of_entities(connection, {row.entity_id for row in rows})
    took = await _took_children(connection, state, rows)
    namesakes = await _namesakes(connection, state, rows, definitions)
    merged = {row.entity_id: _merged_elsewhere(row, state) for row in rows}
    others = {row.entity_id for row in rows}.union(*took.values(), *namesakes.values(), *merged.values())
    sides = await rows_of_entities(connection, others)
    by_children = _shown_by_children(rows, sides, took, dying)
    for row in rows:
        survivor = (
            by_children.get(row.key)
            or _one(row, sides, merged[row.entity_id], dying, "it was merged in another system before")
            or _double(row, doubles, dying)
            or _one(row, sides, namesakes[row.entity_id], dying, "the other has the same match key")
        )
        if survivor is not None:
            state.graves.survivors[row.key] = survivor


async def _took_children(
    connection: Connection, state: BatchState, rows: Sequence[CrosswalkRow]
) -> dict[ExternalKey, dict[UUID, str]]:
    """Who took the children of each in its system, with one child as evidence. The children of whoever was
    merged into it before were its own, and who took them may have been merged since."""
    own = {row.key: {row.entity_id} for row in rows}
    for loser in await merged_into_keys(connection, state.workspace, own.keys()):
        own[ExternalKey(loser.key.object, loser.merged_into or "")].add(loser.entity_id)
    moved = await parents_children_moved_to(connection, state.workspace, set().union(*own.values()))
    takers = {taker for found in moved.values() for taker in found}
    since = {(name, one): last for name, one, last in await _survivors_of(connection, takers)}
    took: dict[ExternalKey, dict[UUID, str]] = {}
    for row in rows:
        found = (moved.get((row.system, one), {}) for one in own[row.key])
        by_taker = {taker: child for some in found for taker, child in some.items()}
        last = {since.get((row.key.object, taker), taker): child for taker, child in by_taker.items()}
        took[row.key] = {taker: child for taker, child in last.items() if taker != row.entity_id}
    return took


async def _survivors_of(connection: Connection, entities: Collection[UUID]) -> list[tuple[str, UUID, UUID]]:
    """(object, entity, entity of the record that it was merged into there)"""
    sides = await sides_of_entities(connection, entities) if entities else []
    return [(side.key.object, side.entity_id, side.survivor) for side in sides if side.survivor is not None]


def _shown_by_children(
    rows: Sequence[CrosswalkRow],
    sides: Sequence[CrosswalkRow],
    took: Mapping[ExternalKey, Mapping[UUID, str]],
    dying: Collection[ExternalKey],
) -> dict[ExternalKey, Survivor]:
    """Who took the children is the survivor; one that ends in this batch too leads on to its own."""
    found: dict[ExternalKey, Survivor] = {}
    for row in rows:
        child = next(iter(took[row.key].values()), None)
        survivor = _one(row, sides, took[row.key], set(), f"its records name the other now: {child}")
        if survivor is not None:
            found[row.key] = survivor
    for key in found:
        passed = {key}
        while (last := found[key].row.key) in found and last not in passed:
            passed.add(last)
            found[key] = found[last]
    return {key: one for key, one in found.items() if one.row.key not in dying}


def _merged_elsewhere(row: CrosswalkRow, state: BatchState) -> set[UUID]:
    """Whoever follows a proposal of ours merges here what was merged there."""
    return {
        side.survivor
        for target, side in state.sides.items()
        if target.entity_id == row.entity_id and side.survivor is not None
    }


def _one(
    row: CrosswalkRow,
    sides: Sequence[CrosswalkRow],
    entities: Collection[UUID],
    dying: set[ExternalKey],
    why: str,
) -> Survivor | None:
    """The only other record of this object that one of `entities` has."""
    found = [
        side
        for side in sides
        if side.entity_id in entities
        and side.key.object == row.key.object
        and side.key not in dying | {row.key}
    ]
    if len(found) != 1:
        return None
    entity = found[0].entity_id
    return Survivor(found[0], why, [side for side in sides if side.entity_id == entity])


def _double(
    row: CrosswalkRow, doubles: Iterable[CrosswalkRow], dying: Collection[ExternalKey]
) -> Survivor | None:
    """A duplicate that waited in review; for the duplicate itself the record in whose place it stood."""
    found = [
        one
        for one in doubles
        if one.entity_id == row.entity_id and one.key.object == row.key.object and one.key not in dying
    ]
    return (
        Survivor(min(found, key=lambda one: one.key), "it stood in review as its duplicate")
        if found
        else None
    )


async def _namesakes(
    connection: Connection, state: BatchState, rows: Sequence[CrosswalkRow], definitions: SyncDefinitions
) -> dict[UUID, set[UUID]]:
    """Other entities with a match key of these."""
    keys = {
        row.entity_id: exact_keys(entity.fields, definitions.rules[entity.type])
        for row in rows
        if (entity := state.entities.get(row.entity_id)) is not None
    }
    wanted = {key for some in keys.values() for key in some}
    found = await entities_by_match_key(connection, state.workspace, wanted) if wanted else {}
    return {
        row.entity_id: {other for key in keys.get(row.entity_id, ()) for other in found.get(key, ())}
        - {row.entity_id}
        for row in rows
    }
