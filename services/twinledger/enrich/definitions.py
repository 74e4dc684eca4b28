"""Enrich: the shipped definitions, arranged for the questions its steps ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from twinledger.enrich.observed import Observed
from twinledger.mapping.definitions import Definitions
from twinledger.mapping.entity_model import EntityModel, entity_models
from twinledger.mapping.flow import Flow
from twinledger.mapping.lens import ObjectMapping
from twinledger.mapping.sync_rule import SyncRule

__all__ = ["SyncDefinitions"]


@dataclass(frozen=True, slots=True)
class SyncDefinitions:
    """Rules by entity, mappings by object, flows, and which objects carry our reference."""

    rules: Mapping[str, SyncRule]
    mappings: Mapping[str, ObjectMapping]
    flows: Sequence[Flow]
    with_reference: frozenset[str]
    models: Mapping[str, EntityModel]
    ref_paths: Mapping[str, Sequence[str]]
    flow_entities: frozenset[str]
    _without: dict[frozenset[str], SyncDefinitions] = field(default_factory=dict, init=False)

    @classmethod
    def of(cls, definitions: Definitions) -> SyncDefinitions:
        models = entity_models()
        carriers = (name for name, mapping in definitions.mappings.items() if mapping.has_reference)
        return cls(
            definitions.sync_rules,
            definitions.mappings,
            definitions.flows,
            frozenset(carriers),
            models,
            {entity: tuple(model.refs) for entity, model in models.items()},
            frozenset(name for flow in definitions.flows for name in (flow.on_entity, flow.derives)),
        )

    def without(self, systems: frozenset[str]) -> SyncDefinitions:
        """As a workspace sees them that these systems are not connected in; made once for each such set."""
        if not systems:
            return self
        if systems not in self._without:
            rules = {entity: rule.without(systems) for entity, rule in self.rules.items()}
            flows = [flow for flow in self.flows if flow.target.partition(".")[0] not in systems]
            self._without[systems] = replace(self, rules=rules, flows=flows)
        return self._without[systems]

    def asks_settings(self, batch: Iterable[Observed]) -> bool:
        """Does what becomes of the batch depend on what the workspace has chosen?"""
        types = {observed.entity_type for observed in batch}
        rules = (self.rules[one] for one in types if one in self.rules)
        return not self.flow_entities.isdisjoint(types) or any(
            rule.dated_by is not None or rule.accounts for rule in rules
        )

    def in_flows(self, batch: Iterable[Observed]) -> bool:
        """Can a record of the batch give rise to another, or come from one?"""
        return not self.flow_entities.isdisjoint(observed.entity_type for observed in batch)

    def refs(self, entity_type: str) -> Sequence[str]:
        """Paths of the entity that hold references: "customer", "lines.item"."""
        return self.ref_paths[entity_type]

    def parents(self, entity_type: str) -> Sequence[str]:
        """Those of them that name a record which people may merge into another."""
        return [
            path
            for path, named in self.models[entity_type].refs.items()
            if "." not in path and self.rules[named].delete in ("archive", "propagate")
        ]
