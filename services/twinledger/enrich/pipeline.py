"""Enrich: its pipeline. One database transaction a batch; the runner commits it with the offsets.

decode -> load and lock -> judge ends -> resolve references -> resolve identity -> settle echo -> merge
       -> derive -> give back -> plan -> store
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from twinledger.connectors import registry
from twinledger.enrich.counts import count
from twinledger.enrich.definitions import SyncDefinitions
from twinledger.enrich.observed import BatchState, Observed
from twinledger.enrich.steps.bury_record import HELD
from twinledger.enrich.steps.decode_observation import decode_observation
from twinledger.enrich.steps.derive_entities import Deriver
from twinledger.enrich.steps.doubt_totals import doubt_totals, settled_sides, sides_agree, taxes_named
from twinledger.enrich.steps.doubt_void import doubt_void
from twinledger.enrich.steps.give_back import give_back
from twinledger.enrich.steps.load_graves import load_graves
from twinledger.enrich.steps.load_state import inbox_key, load_entities_of, load_state
from twinledger.enrich.steps.observe import STALE, Observer
from twinledger.enrich.steps.outgoing import Outgoing
from twinledger.enrich.steps.plan_writes import Planner
from twinledger.enrich.steps.retype import retype
from twinledger.enrich.steps.store_changes import store_changes
from twinledger.enrich.steps.store_graves import look_for_losers, store_graves
from twinledger.enrich.steps.store_questions import look_for_questions, store_questions
from twinledger.enrich.steps.tell_accounts import tell_accounts
from twinledger.enrich.steps.yield_to_owner import yield_to_owner
from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Connection
from twinledger.kernel.errors import PermanentError
from twinledger.kernel.together import in_turns
from twinledger.mapping.matching.match_keys import match_keys
from twinledger.mapping.sync_rule import SyncRule
from twinledger.road.broker import Received
from twinledger.road.codec import Codec
from twinledger.road.outcome import DeadLetter, Ok, Outcome
from twinledger.state.entities import load_entities
from twinledger.state.first_sight import taken_in
from twinledger.state.gate import share_gate
from twinledger.state.records import Entity
from twinledger.state.workspaces import Workspace, ensure_workspace, find_workspace

__all__ = ["EnrichPipeline"]


@dataclass(slots=True)
class EnrichPipeline:
    """Handler of the transactional runner for the observations topic."""

    definitions: SyncDefinitions
    budget_groups: Mapping[str, str]
    codec: Codec
    clock: Clock
    workspaces: dict[str, Workspace]
    burial_rest_s: float = 5.0

    async def handle(self, connection: Connection, batch: Sequence[Received]) -> Sequence[Outcome[None]]:
        """A verdict for each record, in order."""
        verdicts: list[Outcome[None]] = [Ok(None)] * len(batch)
        by_workspace: dict[str, list[tuple[int, Observed]]] = {}
        async for position, received in in_turns(enumerate(batch)):
            try:
                observed = decode_observation(received, self.codec, self.definitions.models)
            except PermanentError as refused:
                verdicts[position] = DeadLetter.of(refused)
                continue
            by_workspace.setdefault(observed.workspace, []).append((position, observed))
        for workspace, part in by_workspace.items():
            for position, verdict in await self._workspace(connection, workspace, part):
                verdicts[position] = verdict
        return verdicts

    async def _workspace(
        self, connection: Connection, workspace: str, part: Sequence[tuple[int, Observed]]
    ) -> list[tuple[int, Outcome[None]]]:
        share = await share_gate(connection, workspace)
        verdicts = await self._for(share.systems)._take_in(connection, workspace, part)
        if share.has_first_sights:
            done = [o.key for (_, o), (_, verdict) in zip(part, verdicts, strict=True) if _is_done(verdict)]
            await taken_in(connection, workspace, done)
        return verdicts

    def _for(self, connected: Sequence[str]) -> EnrichPipeline:
        """With the lines of the systems that a workspace has: those of every workspace and these."""
        definitions = self.definitions.without(registry.absent(connected))
        return self if definitions is self.definitions else replace(self, definitions=definitions)

    async def _take_in(
        self, connection: Connection, workspace: str, part: Sequence[tuple[int, Observed]]
    ) -> list[tuple[int, Outcome[None]]]:
        observations = [observed for _, observed in part]
        state = await load_state(connection, workspace, observations, self.definitions)
        await load_graves(connection, state, observations, self.definitions, self.clock.now())
        observer = Observer(self.definitions)
        verdicts = [(place, observer.observe(observed, state)) async for place, observed in in_turns(part)]
        await self._plan(connection, state, dict(state.touched))
        await look_for_losers(connection, state)
        await look_for_questions(connection, state)
        outgoing = Outgoing(self.codec, self.clock, workspace)
        records = [*outgoing.intents(state.planned), *outgoing.hints(state.wanted)]
        claimed = {inbox_key(o) for (_, o), (_, v) in zip(part, verdicts, strict=True) if _has_effect(v)}
        await store_changes(connection, state, records, claimed)
        await store_questions(connection, state)
        await store_graves(connection, state, self.burial_rest_s)
        count(state)
        return verdicts

    async def replan(self, connection: Connection, workspace: str, ids: Collection[UUID]) -> None:
        """Plan the writes of entities that a person's answer has changed."""
        share = await share_gate(connection, workspace)
        await self._for(share.systems)._replan(connection, workspace, ids)

    async def _replan(self, connection: Connection, workspace: str, ids: Collection[UUID]) -> None:
        state = await load_entities_of(connection, workspace, ids, self.definitions)
        for entity in state.entities.values():
            state.rename(entity.id, None, match_keys(entity.fields, self.definitions.rules[entity.type]))
        await self._plan(connection, state, dict.fromkeys(state.entities))
        await store_changes(
            connection, state, Outgoing(self.codec, self.clock, workspace).intents(state.planned)
        )
        count(state)

    async def _plan(
        self, connection: Connection, state: BatchState, touched_by: Mapping[UUID, Observed | None]
    ) -> None:
        key = await self._key(connection, state)
        planner = Planner(self.definitions.mappings, self.budget_groups, key, self.definitions.flows)
        now = self.clock.now()
        async for entity_id, observed in in_turns(self._run_flows(state, touched_by).items()):
            entity = state.entities[entity_id]
            rule = self.definitions.rules[entity.type]
            lane, received_at = (observed.lane, observed.received_at) if observed else ("live", now)
            retype(entity, rule, self.definitions.mappings, state)
            if tell_accounts(entity, rule, state, now):
                planner.plan(entity, rule, state, lane, received_at)
            doubt_void(entity, rule, self.definitions.mappings, state)
            await self._doubt(connection, entity, rule, state)

    async def _doubt(self, connection: Connection, entity: Entity, rule: SyncRule, state: BatchState) -> None:
        sides = settled_sides(entity, rule, state)
        if sides is None or sides_agree(entity, sides, state):
            return
        taxes = await load_entities(connection, taxes_named(sides))  # rare: not loaded with every batch
        doubt_totals(entity, sides, self.definitions.mappings, taxes, state)

    def _run_flows(
        self, state: BatchState, touched_by: Mapping[UUID, Observed | None]
    ) -> dict[UUID, Observed | None]:
        """Every entity to plan for, with the observation behind it: touched, derived, given back to."""
        flows, now = self.definitions.flows, self.clock.now()
        deriver, causes = Deriver(flows, self.definitions.rules, now), dict(touched_by)
        yield_to_owner(flows, touched_by, state, now)
        for entity_id, observed in touched_by.items():
            for made in deriver.derive(state.entities[entity_id], state):
                causes.setdefault(made.id, observed)
        for row in state.bound:
            if row.status == "deleted" and row.entity_id in state.derived_from:
                deriver.derive(state.entities[row.entity_id], state)
        for trigger, documents in give_back(flows, list(causes), state, now):
            causes.setdefault(trigger.id, next(causes[one] for one in documents if one in causes))
        return causes

    async def _key(self, connection: Connection, state: BatchState) -> bytes:
        known = self.workspaces.get(state.workspace) or await find_workspace(connection, state.workspace)
        if known is None:  # not kept in memory: the batch may be rolled back, and its key with it
            return (await ensure_workspace(connection, state.workspace)).reference_key
        self.workspaces[state.workspace] = known
        return known.reference_key


def _is_done(verdict: Outcome[None]) -> bool:
    """Taken in for good: applied, or nothing to apply; a parked record comes again."""
    return not hasattr(verdict, "waits_for")


def _has_effect(verdict: Outcome[None]) -> bool:
    """A stale or held one had none: seen again it may tell something new."""
    return _is_done(verdict) and verdict not in (STALE, HELD)
