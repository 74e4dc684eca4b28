"""Enrich, step 1 of 6: loads and locks everything one batch may touch, in a few set-based queries.

In: decoded observations of one workspace    Out: BatchState

Locks are taken in one order everywhere: advisory locks of the types with unknown ids, then entity
rows by id. What is read after a lock is the latest committed state.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from twinledger.enrich.definitions import SyncDefinitions
from twinledger.enrich.observed import BatchState, Observed
from twinledger.enrich.steps.resolve_identity import link_keys, related_keys
from twinledger.enrich.steps.resolve_references import named_keys, named_natural_keys
from twinledger.kernel.database import Connection
from twinledger.kernel.ids import derived_id
from twinledger.mapping.matching.match_keys import match_keys
from twinledger.road.inbox import already_seen
from twinledger.state.crosswalk import rows_of_keys
from twinledger.state.derivations import Derivation, load_derivations
from twinledger.state.entities import lock_entities
from twinledger.state.identity import entities_by_match_key, lock_types, targets_by_reference
from twinledger.state.intents import unsettled_objects
from twinledger.state.known import load_known
from twinledger.state.records import ExternalKey
from twinledger.state.workspaces import load_settings

__all__ = ["inbox_key", "load_entities_of", "load_state"]


COMMON = 100
"""A match key that more entities hold tells nobody from anybody."""


def inbox_key(observed: Observed) -> tuple[str, str, str, str]:
    """What makes an observation the same one again: the read. A second read that shows the same stamp and
    content says something new where we wrote in between: stamps have whole seconds."""
    read = observed.read_started_at.isoformat()
    return (observed.key.object, observed.key.external_id, read, observed.content_hash)


async def load_state(
    connection: Connection, workspace: str, batch: Sequence[Observed], definitions: SyncDefinitions
) -> BatchState:
    """The state the steps work on, with every entity of the batch locked."""
    state = BatchState(workspace)
    kin = _kin(batch)
    await _load_crosswalk(connection, state, kin | _parents(batch, definitions))
    unknown = [observed for observed in batch if not _is_known(observed, state)]
    wanted = {key for o in unknown for key in match_keys(o.fields, definitions.rules[o.entity_type])}
    await _recognise_unknown(connection, state, unknown, kin, wanted, definitions)
    if definitions.asks_settings(batch):
        state.settings = await load_settings(connection, workspace)
    await _lock(connection, state, _entity_ids(state, kin, batch), definitions.in_flows(batch))
    await _load_sides(connection, state, {key for key in wanted if _is_telling(key, state)})
    natural = {key for o in batch for key in named_natural_keys(o, definitions.refs(o.entity_type))}
    await _load_matches(connection, state, natural)
    state.seen = await already_seen(connection, workspace, {inbox_key(o) for o in batch})
    return state


async def load_entities_of(
    connection: Connection, workspace: str, ids: Collection[UUID], definitions: SyncDefinitions
) -> BatchState:
    """State for planning alone: these entities, what flows made of them or from what, all locked."""
    state = BatchState(workspace, settings=await load_settings(connection, workspace))
    await _lock(connection, state, set(ids), in_flows=bool(definitions.flows))
    await _load_sides(connection, state, ())
    return state


def _is_known(observed: Observed, state: BatchState) -> bool:
    row = state.crosswalk.get(observed.key)
    return row is not None and row.status != "orphan"


def _is_telling(key: str, state: BatchState) -> bool:
    return len(state.matches.get(key, ())) <= COMMON


def _kin(batch: Sequence[Observed]) -> set[ExternalKey]:
    """The records themselves and those that share their identity."""
    kin = {observed.key for observed in batch}
    for o in batch:
        kin.update(related_keys(o), link_keys(o))
    return kin


def _parents(batch: Sequence[Observed], definitions: SyncDefinitions) -> set[ExternalKey]:
    return set().union(*(named_keys(o, definitions.refs(o.entity_type)) for o in batch))


async def _load_crosswalk(connection: Connection, state: BatchState, keys: Collection[ExternalKey]) -> None:
    for row in await rows_of_keys(connection, state.workspace, keys):
        state.add_row(row)


async def _recognise_unknown(
    connection: Connection,
    state: BatchState,
    unknown: Sequence[Observed],
    kin: Collection[ExternalKey],
    wanted: Collection[str],
    definitions: SyncDefinitions,
) -> None:
    """Match keys and references are read under the advisory lock, so two batches never both say "new"."""
    if not unknown:
        return
    await lock_types(connection, state.workspace, {observed.entity_type for observed in unknown})
    # Before the crosswalk: a create that is settled by now has its row there.
    without_carrier = {o.key.object for o in unknown} - definitions.with_reference
    state.unsettled_objects = await unsettled_objects(connection, state.workspace, without_carrier)
    await _load_crosswalk(connection, state, kin)
    references = {o.reference for o in unknown if o.reference}
    state.references = await targets_by_reference(connection, state.workspace, references)
    await _load_matches(connection, state, wanted)


async def _load_matches(connection: Connection, state: BatchState, keys: Collection[str]) -> None:
    if keys:
        state.matches.update(await entities_by_match_key(connection, state.workspace, keys, at_most=COMMON))


def _entity_ids(state: BatchState, kin: Collection[ExternalKey], batch: Sequence[Observed]) -> set[UUID]:
    """Known entities, and those that unknown records may turn out to be."""
    rows = [state.crosswalk[key] for key in kin if key in state.crosswalk]
    ids = {row.entity_id for row in rows} | {row.survivor for row in rows if row.survivor is not None}
    ids |= {target.entity_id for target in state.references.values()}
    ids |= {id_ for key, found in state.matches.items() if _is_telling(key, state) for id_ in found}
    return ids | {derived_id(state.workspace, o.key.object, o.key.external_id) for o in batch}


async def _lock(connection: Connection, state: BatchState, ids: set[UUID], in_flows: bool) -> None:
    """The entities, with those they gave rise to or come from, in id order. What a flow made between the
    look and the lock is locked late: a deadlock that comes of it repeats the batch."""
    if not in_flows:
        state.entities = await lock_entities(connection, ids)
        return
    wanted = ids | _both_ends(await load_derivations(connection, ids))
    state.entities = await lock_entities(connection, wanted)
    derivations = await load_derivations(connection, wanted)
    late = _both_ends(derivations) - wanted
    state.entities |= await lock_entities(connection, late) if late else {}
    for derivation in derivations.values():
        state.add_derivation(derivation)


def _both_ends(derivations: Mapping[UUID, Derivation]) -> set[UUID]:
    return {end for one in derivations.values() for end in (one.entity_id, one.source_id)}


async def _load_sides(connection: Connection, state: BatchState, wanted: Collection[str]) -> None:
    """`wanted`: match keys of unknown records, for the questions that are open about them."""
    known = await load_known(connection, state.workspace, state.entities.keys(), wanted)
    for row in known.sides:
        state.add_row(row)
    state.shadows, state.intents = known.shadows, known.intents
    state.questions.load(known.questions)
