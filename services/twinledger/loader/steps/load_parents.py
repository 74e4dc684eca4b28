"""Loader, before step 1: what the references of a round resolve to, in two look-ups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from twinledger.kernel.database import Connection
from twinledger.loader.steps.build_calls import Parents, mentioned_entities
from twinledger.state.crosswalk import redirects_of_entities, rows_of_entities
from twinledger.state.entities import load_entities
from twinledger.state.intent_queue import Candidate

__all__ = ["ParentLoader"]


@dataclass(frozen=True, slots=True)
class ParentLoader:
    """`homes`: (entity type, system) -> the object a reference to that type means there."""

    homes: Mapping[tuple[str, str], str]

    async def load(self, connection: Connection, candidates: Sequence[Candidate]) -> Parents:
        """Crosswalk rows and fields of every entity the candidates mention."""
        ids = mentioned_entities(candidates)
        redirects = await redirects_of_entities(connection, ids)
        rows = await rows_of_entities(connection, ids)
        entities = await load_entities(connection, ids)
        by_target = {(row.entity_id, row.key.object): str(row.merged_into) for row in redirects}
        by_target |= {(row.entity_id, row.key.object): row.key.external_id for row in rows}
        return Parents(
            by_target,
            {entity_id: entity.type for entity_id, entity in entities.items()},
            {entity_id: entity.fields for entity_id, entity in entities.items()},
            self.homes,
        )
