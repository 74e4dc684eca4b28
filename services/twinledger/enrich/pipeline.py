"""Enrich: its pipeline. One database transaction a batch; the runner commits it with the offsets.

decode -> load and lock -> resolve references -> resolve identity -> settle echo -> merge
       -> derive -> plan -> store
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from twinledger.enrich.definitions import SyncDefinitions
from twinledger.enrich.observed import BatchState, Observed
from twinledger.enrich.steps.decode_observation import decode_observation
from twinledger.enrich.steps.derive_entities import derive
from twinledger.enrich.steps.doubt_totals import doubt_totals
from twinledger.enrich.steps.load_state import inbox_key, load_state
from twinledger.enrich.steps.observe import Observer
from twinledger.enrich.steps.outgoing import Outgoing
from twinledger.enrich.steps.plan_writes import Planner
from twinledger.enrich.steps.store_changes import store_changes
from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Connection
from twinledger.kernel.errors import PermanentError
from twinledger.road import inbox
from twinledger.road.broker import Received
from twinledger.road.codec import Codec
from twinledger.road.outcome import DeadLetter, Ok, Outcome
from twinledger.state.first_sight import taken_in
from twinledger.state.gate import share_gate
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

    async def handle(self, connection: Connection, batch: Sequence[Received]) -> Sequence[Outcome[None]]:
        """A verdict for each record, in order."""
        verdicts: list[Outcome[None]] = [Ok(None)] * len(batch)
        by_workspace: dict[str, list[tuple[int, Observed]]] = {}
        for position, received in enumerate(batch):
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
        observations = [observed for _, observed in part]
        await share_gate(connection, workspace)
        state = await load_state(connection, workspace, observations, self.definitions)
        observer = Observer(self.definitions)
        verdicts = [(position, observer.observe(observed, state)) for position, observed in part]
        await self._plan(connection, state)
        outgoing = Outgoing(self.codec, self.clock, workspace)
        records = [*outgoing.intents(state.planned), *outgoing.hints(state.wanted)]
        await store_changes(connection, state, records)
        settled = [o for (_, o), (_, v) in zip(part, verdicts, strict=True) if _is_done(v)]
        await inbox.claim_new(connection, workspace, {inbox_key(observed) for observed in settled})
        await taken_in(connection, workspace, [observed.key for observed in settled])
        return verdicts

    async def _plan(self, connection: Connection, state: BatchState) -> None:
        key = await self._key(connection, state)
        planner = Planner(self.definitions.mappings, self.budget_groups, key, self.definitions.flows)
        now = self.clock.now()
        for entity_id, observed in list(state.touched.items()):
            entity = state.entities[entity_id]
            touched = [entity]
            for flow in self.definitions.flows:
                if flow.on_entity != entity.type:
                    continue
                made = derive(flow, entity, self.definitions.rules[flow.derives], state, now)
                touched += [made] if made is not None else []
            for each in touched:
                rule = self.definitions.rules[each.type]
                planner.plan(each, rule, state, observed.lane, observed.received_at)
                doubt_totals(each, rule, state)

    async def _key(self, connection: Connection, state: BatchState) -> bytes:
        known = self.workspaces.get(state.workspace) or await find_workspace(connection, state.workspace)
        if known is None:  # not kept in memory: the batch may be rolled back, and its key with it
            return (await ensure_workspace(connection, state.workspace)).reference_key
        self.workspaces[state.workspace] = known
        return known.reference_key


def _is_done(verdict: Outcome[None]) -> bool:
    """Taken in for good: applied, or nothing to apply; a parked record comes again."""
    return not hasattr(verdict, "waits_for")
