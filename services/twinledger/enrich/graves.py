"""Enrich: what is known of the ends of records in one batch, and what the batch adds to it.

Loaded by `steps/load_graves.py` only for batches that bring an end; `steps/store_graves.py` keeps it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from twinledger.state.moved_children import MovedChild
from twinledger.state.records import CrosswalkRow, ExternalKey
from twinledger.state.tombstones import Standing, Tombstone

__all__ = ["Graves", "Survivor"]


@dataclass(frozen=True, slots=True)
class Survivor:
    """The record that took the place of one that ended: its row, why we think so, its sides elsewhere."""

    row: CrosswalkRow
    why: str
    sides: Sequence[CrosswalkRow] = ()


@dataclass(slots=True)
class Graves:
    """`stopped`: entity types of which too many end at once, with the number that is allowed."""

    stopped: dict[str, int] = field(default_factory=dict)
    words: dict[ExternalKey, Standing] = field(default_factory=dict)
    survivors: dict[ExternalKey, Survivor] = field(default_factory=dict)
    same_here: set[tuple[str, UUID, UUID]] = field(default_factory=set)
    """(system, survivor, merged): two entities that are one record on this side."""

    unheard: dict[ExternalKey, Sequence[ExternalKey]] = field(default_factory=dict)
    """Ends with the documents that name the record and were not read since: who merges moves them."""

    found: list[Tombstone] = field(default_factory=list)
    moved: list[MovedChild] = field(default_factory=list)
    changed_elsewhere: dict[ExternalKey, dict[str, object]] = field(default_factory=dict)
    """Ends that meet a later change of another side: what that side holds."""
    merged: list[tuple[UUID, UUID]] = field(default_factory=list)
    """(merged, survivor): entities of which one side has a single record from now on."""
    resting: set[UUID] = field(default_factory=set)
    """Entities whose writes rest a little: a merge shows in its children a moment later."""
