"""Ingest, jobs: what each kind of job needs of the open systems; parents come before children."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from twinledger.connectors.base.contract import CallPermit, Connector
from twinledger.ingest.backfill import Backfill, Reach
from twinledger.ingest.comparison import Comparison
from twinledger.ingest.jobs import Work
from twinledger.ingest.poll_now import PollNow
from twinledger.ingest.workspace import Part
from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Pool
from twinledger.mapping.definitions import Definitions
from twinledger.mapping.entity_model import EntityModel, entity_models
from twinledger.road.broker import Producer
from twinledger.road.codec import Codec
from twinledger.state.due_reads import Lane
from twinledger.state.jobs import JobKind
from twinledger.state.records import system_of

__all__ = ["job_works"]


def job_works(
    workspace: str,
    pool: Pool,
    producer: Producer,
    codec: Codec,
    clock: Clock,
    connectors: Mapping[str, Connector],
    permits: Mapping[str, Mapping[Lane, CallPermit]],
    pollers: Sequence[Part],
    definitions: Definitions,
    served: Collection[str],
) -> dict[JobKind, Work]:
    """One work a kind, each in its own lane; `served` are the objects that this workspace reads."""
    models = entity_models()
    objects = [name for name in _in_order(definitions, models) if name in served]

    def reach(lane: Lane, names: Sequence[str]) -> dict[str, Reach]:
        return {
            name: Reach(connectors[system_of(name)].source, permits[system_of(name)][lane]) for name in names
        }

    kept = {name for rule in definitions.sync_rules.values() for name in rule.systems}
    compared = [name for name in objects if name in kept]
    return {
        "backfill": Backfill(workspace, pool, producer, codec, clock, reach("backfill", objects)),
        "verify": Comparison(workspace, pool, clock, definitions, models, reach("verify", compared)),
        "poll": PollNow(workspace, pool, clock, objects, pollers),
    }


def _in_order(definitions: Definitions, models: Mapping[str, EntityModel]) -> list[str]:
    """Objects whose entity refers to no other first."""

    def depth(entity: str, below: frozenset[str] = frozenset()) -> int:
        refs = set(models[entity].refs.values()) & models.keys() - below - {entity}
        return 1 + max((depth(ref, below | {entity}) for ref in refs), default=-1)

    return sorted(definitions.mappings, key=lambda name: (depth(definitions.mappings[name].entity), name))
