"""Loader, before step 1: what the references of a round resolve to, in two look-ups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from twinledger.kernel.database import Connection
from twinledger.loader.steps.build_calls import Parents, mentioned_entities
from twinledger.state.crosswalk import places_of_entities
from twinledger.state.entities import load_entities
from twinledger.state.intent_queue import Candidate

__all__ = ["ParentLoader"]


@dataclass(frozen=True, slots=True)
class ParentLoader:
    """`homes`: (entity type, system) -> the object a reference to that type means there."""

    homes: Mapping[tuple[str, str], str]

    async def load(self, connection: Connection, candidates: Sequence[Candidate]) -> Parents:
        """Where the candidates' entities and those they mention are, and the fields of the latter."""
        mentioned = mentioned_entities(candidates)
        own = {candidate.intent.target.entity_id for candidate in candidates}
        places = await places_of_entities(connection, own | mentioned)
        entities = await load_entities(connection, mentioned) if mentioned else {}
        by_target: dict[tuple[UUID, str], str] = {}
        for row in sorted(places, key=lambda row: row.merged_into is None):  # an active row wins
            by_target[row.entity_id, row.key.object] = row.merged_into or row.key.external_id
        return Parents(
            by_target,
            {entity_id: entity.type for entity_id, entity in entities.items()},
            {entity_id: entity.fields for entity_id, entity in entities.items()},
            self.homes,
        )
