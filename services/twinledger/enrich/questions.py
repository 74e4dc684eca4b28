"""Enrich: records of the batch, and beside it, of which only a person can say who they are.

While the question is open nothing is created for its candidates in the record's object: it may be theirs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from twinledger.state.records import ExternalKey
from twinledger.state.unresolved import Unresolved

__all__ = ["Questions"]


@dataclass(slots=True)
class Questions:
    """`asked` is stored with the batch, `settled` forgotten; their candidates are planned for again."""

    open: dict[ExternalKey, Unresolved] = field(default_factory=dict)
    asked: dict[ExternalKey, Unresolved] = field(default_factory=dict)
    settled: set[ExternalKey] = field(default_factory=set)

    def load(self, found: Iterable[Unresolved]) -> None:
        self.open.update((one.key, one) for one in found)

    def ask(self, one: Unresolved) -> None:
        self.open[one.key] = self.asked[one.key] = one
        self.settled.discard(one.key)

    def settle(self, key: ExternalKey) -> None:
        self.open.pop(key, None)
        self.asked.pop(key, None)
        self.settled.add(key)

    def about(self, entity_id: UUID, object_name: str) -> list[ExternalKey]:
        """Records of an object that may be this entity's."""
        return [
            key for key, one in self.open.items() if key.object == object_name and entity_id in one.candidates
        ]

    def found_under(self, keys: Iterable[str]) -> list[Unresolved]:
        wanted = set(keys)
        return [one for one in self.open.values() if not wanted.isdisjoint(one.keys)]
