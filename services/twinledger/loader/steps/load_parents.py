"""Loader, before step 1: what the references of a round resolve to, in two look-ups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from twinledger.kernel.database import Connection
from twinledger.loader.steps.build_calls import Parents, mentioned_entities
from twinledger.mapping.links import is_mark
from twinledger.state.crosswalk import places_of_entities
from twinledger.state.entities import load_entities
from twinledger.state.intent_queue import Candidate
from twinledger.state.records import Intent

__all__ = ["ParentLoader"]


@dataclass(frozen=True, slots=True)
class ParentLoader:
    """`homes`: (entity type, system) -> the object a reference to that type means there."""

    homes: Mapping[tuple[str, str], str]

    async def load(self, connection: Connection, candidates: Sequence[Candidate]) -> Parents:
        """Where the entities are that the candidates mention or may link to, and the fields of the former."""
        mentioned = mentioned_entities(candidates)
        wanted = mentioned | {one.intent.target.entity_id for one in candidates if _may_link(one.intent)}
        places = await places_of_entities(connection, wanted) if wanted else ()
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


def _may_link(intent: Intent) -> bool:
    """Its call may name another record of its own entity."""
    return intent.op == "create" or any(map(is_mark, intent.patch))
