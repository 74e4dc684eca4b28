"""Enrich: the observation as the steps see it, and the batch they work on.

`BatchState` is everything PostgreSQL knows about the records of one batch, loaded in a few
set-based queries and locked; steps change it in memory, `steps/store_changes.py` writes it back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from twinledger.enrich.graves import Graves
from twinledger.enrich.questions import Questions
from twinledger.state.derivations import Derivation
from twinledger.state.history import AuditRow
from twinledger.state.records import (
    Conflict,
    CrosswalkRow,
    Entity,
    ExternalKey,
    Fields,
    Intent,
    Lane,
    Review,
    Shadow,
    Target,
    system_of,
)

__all__ = ["ROLE", "BatchState", "Observed", "Rekeyed"]

ROLE = "primary"


@dataclass(frozen=True, slots=True)
class Observed:
    """What one system says a record is now; references are still the vendor's ids."""

    workspace: str
    key: ExternalKey
    entity_type: str
    fields: Fields
    read_started_at: datetime
    content_hash: str
    definition: str
    vendor_updated_at: datetime | None = None
    reference: str | None = None
    links: Mapping[str, str] = field(default_factory=dict)
    related: Mapping[str, Sequence[str]] = field(default_factory=dict)
    gone: bool = False
    lane: Lane = "live"
    received_at: datetime | None = None

    @property
    def system(self) -> str:
        return system_of(self.key.object)


class Rekeyed(NamedTuple):
    """Match keys of an entity as they are stored, and as they shall be."""

    before: frozenset[str] | None
    """None: not known, whatever is stored goes"""
    after: frozenset[str]

    @property
    def added(self) -> frozenset[str]:
        return self.after - self.before if self.before is not None else self.after

    @property
    def removed(self) -> frozenset[str]:
        return self.before - self.after if self.before is not None else frozenset()


@dataclass(slots=True)
class BatchState:
    """State of one workspace's part of a batch, and what the batch adds to it."""

    workspace: str
    entities: dict[UUID, Entity] = field(default_factory=dict)
    crosswalk: dict[ExternalKey, CrosswalkRow] = field(default_factory=dict)
    sides: dict[Target, CrosswalkRow] = field(default_factory=dict)
    shadows: dict[Target, Shadow] = field(default_factory=dict)
    intents: dict[Target, list[Intent]] = field(default_factory=dict)
    references: dict[str, Target] = field(default_factory=dict)
    matches: dict[str, set[UUID]] = field(default_factory=dict)
    seen: set[tuple[str, str, str, str]] = field(default_factory=set)
    unsettled_objects: set[str] = field(default_factory=set)
    settings: Mapping[str, Any] = field(default_factory=dict)
    derivations: dict[UUID, Derivation] = field(default_factory=dict)
    derived_from: dict[UUID, list[UUID]] = field(default_factory=dict)

    rekeyed: dict[UUID, Rekeyed] = field(default_factory=dict)
    known_anew: set[UUID] = field(default_factory=set)
    """Entities that say something else of who they are."""
    touched: dict[UUID, Observed] = field(default_factory=dict)
    bound: list[CrosswalkRow] = field(default_factory=list)
    planned: list[Intent] = field(default_factory=list)
    new_references: list[tuple[str, Target]] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    audit: list[AuditRow] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    withdrawn: set[tuple[str, str]] = field(default_factory=set)
    """Kind and subject of questions that answered themselves."""
    counted: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """What metrics tell of the batch: (what, system, entity)."""
    matched: Counter[tuple[str, str]] = field(default_factory=Counter)
    """What became of unknown records: (bucket, entity)."""
    wanted: set[ExternalKey] = field(default_factory=set)
    graves: Graves = field(default_factory=Graves)
    questions: Questions = field(default_factory=Questions)

    def add_row(self, row: CrosswalkRow) -> None:
        """Know a crosswalk row; dead rows are kept so that nothing is created again for them. One that a
        person said to be nobody's is no side."""
        self.crosswalk[row.key] = row
        if row.status == "ignored":
            return
        target = row.target
        held = self.sides.get(target)
        if row.status == "active" or held is None or held.key == row.key:
            self.sides[target] = row

    def add_derivation(self, derivation: Derivation) -> None:
        """Know what a flow made; its parts in the order of their names."""
        self.derivations[derivation.entity_id] = derivation
        made = self.derived_from.setdefault(derivation.source_id, [])
        made.append(derivation.entity_id)
        made.sort(key=lambda one: (self.derivations[one].part, one))

    def bind(self, key: ExternalKey, entity_id: UUID, status: str = "active") -> None:
        """Link an external id to an entity; stored with the batch."""
        row = CrosswalkRow(self.workspace, key, entity_id, ROLE, status)
        self.add_row(row)
        self.bound.append(row)

    def end(self, row: CrosswalkRow, status: str, into: CrosswalkRow | None = None) -> None:
        """An external id is an entity's no longer; `into` took its place."""
        survivor = (into.key.external_id, into.entity_id) if into is not None else (None, None)
        ended = CrosswalkRow(row.workspace, row.key, row.entity_id, row.role, status, *survivor)
        self.add_row(ended)
        self.bound.append(ended)

    def make_again(self, row: CrosswalkRow) -> None:
        """The side of a dead record is free for a new one; should the old come back, a person is asked."""
        self.end(row, "orphan")
        target = row.target
        self.sides.pop(target, None)
        if (shadow := self.shadows.get(target)) is not None:
            shadow.forget()

    def rename(self, entity_id: UUID, before: Sequence[str] | None, after: Sequence[str]) -> None:
        """Later records of the batch find the entity by its new match keys, and no longer by the old."""
        if before == after:
            return
        held = self.rekeyed.setdefault(
            entity_id, Rekeyed(frozenset(before) if before is not None else None, frozenset())
        )
        self.rekeyed[entity_id] = held._replace(after=frozenset(after))
        for key in before or ():
            self.matches.get(key, set()).discard(entity_id)
        for key in after:
            self.matches.setdefault(key, set()).add(entity_id)

    def withdraw(self, kind: str, subject: str) -> None:
        """It has answered itself: asked in this batch it is not asked at all."""
        self.reviews = [one for one in self.reviews if (one.kind, one.subject) != (kind, subject)]
        self.withdrawn.add((kind, subject))

    def side_of(self, entity_id: UUID, object_name: str) -> CrosswalkRow | None:
        """The row of an entity on one side, active or dead."""
        return self.sides.get(Target(entity_id, object_name, ROLE))

    def entity_of(self, key: ExternalKey) -> UUID | None:
        """The entity an external id is linked to; a merged record stands for its survivor."""
        row = self.crosswalk.get(key)
        if row is not None and row.status == "merged_into":
            return row.survivor
        return row.entity_id if row is not None and row.status == "active" else None
