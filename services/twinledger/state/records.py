"""State: the records as they live in memory while one batch is in work.

Entity, Shadow and Intent are mutable on purpose: enrich applies a whole batch to them in memory
and stores what changed in one go. `fields` maps canonical path -> canonical value everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

__all__ = [
    "NO_MARKS",
    "Clock",
    "Conflict",
    "CrosswalkRow",
    "Entity",
    "ExternalKey",
    "Fields",
    "Intent",
    "IntentState",
    "Lane",
    "LateWrite",
    "Marks",
    "Parked",
    "Review",
    "Shadow",
    "Target",
    "clock_text",
    "columns_of",
    "system_of",
]

Fields = dict[str, Any]
Parked = dict[str, dict[str, dict[str, Any]]]
"""path -> object -> {value, at}: what each side wants of a field that a person must decide."""
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

    @classmethod
    def parse(cls, text: str) -> ExternalKey:
        """The key that `text` named."""
        object_name, _, external_id = text.partition("/")
        return cls(object_name, external_id)


class Target(NamedTuple):
    """Where an entity lives on one side."""

    entity_id: UUID
    object: str
    role: str


def columns_of(targets: Iterable[Target]) -> tuple[list[UUID], list[str], list[str]]:
    """As a statement takes them: entity ids, objects, roles."""
    rows = list(targets)
    return [t.entity_id for t in rows], [t.object for t in rows], [t.role for t in rows]


class Clock(NamedTuple):
    """Who set a field: entity version, writer (object or flow), the writer's own time."""

    version: int
    writer: str
    at: str | None


def clock_text(moment: datetime) -> str:
    """A writer's time as clocks keep it: UTC, compared as text."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


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
    parked: Parked = field(default_factory=dict)

    def set(self, path: str, value: Any, clock: Clock) -> None:
        self.fields[path] = value
        self.clocks[path] = clock
        self.changed = True


@dataclass(frozen=True, slots=True)
class Marks:
    """What is known of a side's fields beyond the values it holds.

    `unseen`: written by us and not seen since. `mangled`: what we sent where the side made something
    else of it. `doubts`: when the first look after our write showed another value. `held`: since when
    a field is written no more, because it went back and forth.
    """

    unseen: Sequence[str] = ()
    mangled: Mapping[str, Any] = field(default_factory=dict)
    doubts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    held: Mapping[str, str] = field(default_factory=dict)


NO_MARKS = Marks()


class LateWrite(NamedTuple):
    """A write given up for lost, which the vendor may still run: what it carries, and until when."""

    until: datetime
    fields: Fields
    bases: Mapping[str, int]


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
    marks: Marks = NO_MARKS
    changed: bool = False
    late: LateWrite | None = None

    def forget(self) -> None:
        """What one record held is no base for another that stands in its place."""
        self.fields, self.bases = {}, {}
        self.content_hash, self.vendor_updated_at, self.marks = None, None, NO_MARKS
        self.changed = True

    def holds(self, path: str, value: Any) -> bool:
        """Is this what the side makes of `value`?"""
        made_of = self.marks.mangled
        return self.fields.get(path) == value or (path in made_of and made_of[path] == value)


@dataclass(frozen=True, slots=True)
class CrosswalkRow:
    """External id <-> entity. `merged_into`: the id that took its place, `survivor`: whose that one is."""

    workspace: str
    key: ExternalKey
    entity_id: UUID
    role: str
    status: str = "active"
    merged_into: str | None = None
    survivor: UUID | None = None

    @property
    def target(self) -> Target:
        return Target(self.entity_id, self.key.object, self.role)

    @property
    def system(self) -> str:
        return system_of(self.key.object)


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
    carried: Fields | None = None
    """What a lost update stated besides `expected`: the rest of what the vendor takes whole."""
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
