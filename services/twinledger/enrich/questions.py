"""Enrich: records of the batch, and beside it, of which only a person can say who they are.

While the question is open nothing is created for its candidates in the record's object: it may be theirs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from twinledger.state.records import ExternalKey
from twinledger.state.unresolved import Unresolved

__all__ = ["Questions"]


@dataclass(slots=True)
class Questions:
    """`asked` is stored with the batch, `settled` forgotten; `freed` are planned for again: candidates that a
    question, asked anew, is about no more."""

    open: dict[ExternalKey, Unresolved] = field(default_factory=dict)
    asked: dict[ExternalKey, Unresolved] = field(default_factory=dict)
    settled: set[ExternalKey] = field(default_factory=set)
    freed: set[UUID] = field(default_factory=set)
    _by_key: dict[str, set[ExternalKey]] = field(default_factory=dict)
    _by_candidate: dict[UUID, set[ExternalKey]] = field(default_factory=dict)

    def load(self, found: Iterable[Unresolved]) -> None:
        for one in found:
            self._open(one)

    def ask(self, one: Unresolved) -> None:
        before = self.open.get(one.key)
        if before is not None:
            self.freed.update(set(before.candidates).difference(one.candidates))
        self._close(one.key)
        self._open(one)
        self.asked[one.key] = one
        self.settled.discard(one.key)

    def settle(self, key: ExternalKey) -> None:
        self._close(key)
        self.asked.pop(key, None)
        self.settled.add(key)

    def about(self, entity_id: UUID, object_name: str) -> list[ExternalKey]:
        """Records of an object that may be this entity's."""
        return [key for key in self.naming(entity_id) if key.object == object_name]

    def naming(self, entity_id: UUID) -> Collection[ExternalKey]:
        """Records of any object that may be this entity's."""
        return self._by_candidate.get(entity_id, ())

    def found_under(self, keys: Iterable[str], common: int) -> list[Unresolved]:
        """Those that share a key, but for keys that more than `common` of them share."""
        sharing = (self._by_key.get(key, set()) for key in keys)
        names = set().union(*(found for found in sharing if len(found) <= common))
        return [self.open[name] for name in sorted(names)]

    def _open(self, one: Unresolved) -> None:
        self.open[one.key] = one
        for key in one.keys:
            self._by_key.setdefault(key, set()).add(one.key)
        for entity_id in one.candidates:
            self._by_candidate.setdefault(entity_id, set()).add(one.key)

    def _close(self, key: ExternalKey) -> None:
        one = self.open.pop(key, None)
        if one is None:
            return
        for match_key in one.keys:
            self._by_key[match_key].discard(key)
        for entity_id in one.candidates:
            self._by_candidate[entity_id].discard(key)
