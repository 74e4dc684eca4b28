"""State: the records as they live in memory while one batch is in work.

Entity, Shadow and Intent are mutable on purpose: enrich applies a whole batch to them in memory
and stores what changed in one go. `fields` maps canonical path -> canonical value everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

__all__ = [
    "Clock",
    "Conflict",
    "CrosswalkRow",
    "Entity",
    "ExternalKey",
    "Fields",
    "Intent",
    "IntentState",
    "Lane",
    "Review",
    "Shadow",
    "Target",
    "system_of",
]

Fields = dict[str, Any]
Lane = Literal["live", "retry", "verify", "backfill"]
IntentState = Literal["planned", "sending", "unknown", "confirmed", "rejected", "superseded"]


def system_of(object_name: str) -> str:
    """`zoho_crm.contact` -> `zoho_crm`."""
    return object_name.partition(".")[0]


class ExternalKey(NamedTuple):
    """A record at a vendor, within a workspace."""

    object: str
    external_id: str

    def text(self) -> str:
        return f"{self.object}/{self.external_id}"


class Target(NamedTuple):
    """Where an entity lives on one side."""

    entity_id: UUID
    object: str
    role: str


class Clock(NamedTuple):
    """Who set a field: entity version, writer (object or flow), the writer's own time."""

    version: int
    writer: str
    at: str | None


@dataclass(slots=True)
class Entity:
    """The canonical record."""

    id: UUID
    workspace: str
    type: str
    version: int
    origin: str
    fields: Fields
    clocks: dict[str, Clock]
    definition: str = ""
    changed: bool = False
    is_new: bool = False

    def set(self, path: str, value: Any, clock: Clock) -> None:
        self.fields[path] = value
        self.clocks[path] = clock
        self.changed = True


@dataclass(slots=True)
class Shadow:
    """The last state one side is known to hold: the merge base of that side."""

    target: Target
    external_id: str
    fields: Fields
    bases: dict[str, int]
    content_hash: str | None
    vendor_updated_at: datetime | None
    read_started_at: datetime
    revision: int = 0
    changed: bool = False


@dataclass(frozen=True, slots=True)
class CrosswalkRow:
    """External id <-> entity."""

    workspace: str
    key: ExternalKey
    entity_id: UUID
    role: str
    status: str = "active"


@dataclass(slots=True)
class Intent:
    """One planned write. `patch` holds the canonical values the side should reach."""

    id: UUID
    workspace: str
    budget_group: str
    target: Target
    op: Literal["create", "update"]
    patch: Fields
    bases: dict[str, int]
    state: IntentState
    entity_version: int
    lane: Lane = "live"
    reference: str | None = None
    attempt: int = 0
    failures: int = 0
    name_attempt: int = 0
    expected: Fields | None = None
    phase: str | None = None
    waits_for: str | None = None
    received_at: datetime | None = None
    sent_at: datetime | None = None
    first_sent_at: datetime | None = None
    external_id: str | None = None
    permit_id: UUID | None = None
    released_by: str | None = None
    """The accepted plan that lets it through a held gate."""
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two sides wanted different values; the loser is kept."""

    workspace: str
    entity_id: UUID
    entity_type: str
    field: str
    policy: str
    winner: dict[str, Any]
    loser: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Review:
    """A question for a person."""

    workspace: str
    kind: str
    subject: str
    evidence: dict[str, Any] = field(default_factory=dict)
