"""Enrich, step 5 of 6: flows. One entity gives rise to another, exactly once, ever.

In: Entity that took part in the batch    Out: the derived entity, new in memory, or None

The derived id follows from flow and key, so however often the order is seen there is one invoice.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from twinledger.enrich.observed import BatchState
from twinledger.enrich.steps.recognise import match_keys
from twinledger.kernel.ids import derived_id
from twinledger.mapping.flow import Flow
from twinledger.mapping.sync_rule import SyncRule
from twinledger.state.records import Clock, Entity

__all__ = ["derive", "derived_entity_id"]


def derived_entity_id(flow: Flow, source_id: UUID) -> UUID:
    """Identity of what `flow` makes of one source entity."""
    return derived_id("flow", flow.name, str(source_id))


def derive(flow: Flow, source: Entity, rule: SyncRule, state: BatchState, now: datetime) -> Entity | None:
    """The new entity, kept in step by `rule`, or None when the flow does not apply or has already made it."""
    entity_id = derived_entity_id(flow, source.id)
    if entity_id in state.entities or not flow.applies(source.fields):
        return None
    fields = flow.derive(source.fields)
    clock = Clock(1, f"flow:{flow.name}", now.isoformat())
    entity = Entity(
        entity_id,
        source.workspace,
        flow.derives,
        1,
        f"flow:{flow.name}/{source.id}",
        fields,
        dict.fromkeys(fields, clock),
        definition=flow.definition,
        changed=True,
        is_new=True,
    )
    state.entities[entity_id] = entity
    state.rename(entity_id, [], match_keys(fields, rule))
    return entity
