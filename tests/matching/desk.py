"""Match proof: the road's matcher over two books in memory, and what it got right.

Keys, comparison and verdict are those of `mapping/matching`; only the tables are dictionaries here. As on the
road, a record in review is judged again when an entity appears that shares a key with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from tests.matching.entries import Book, Entry

from twinledger.kernel.ids import NAMESPACE
from twinledger.mapping.match_rule import MatchRule
from twinledger.mapping.matching.compare import Comparison, are_one, compare
from twinledger.mapping.matching.portrait import Portrait, keys_of, portrait_of
from twinledger.mapping.matching.verdict import Candidate, Verdict, judge

__all__ = ["Desk", "Known", "Marks", "marks_of"]


class Arrival(NamedTuple):
    """A record as it came."""

    side: str
    entry: Entry
    portrait: Portrait


@dataclass
class Known:
    """An entity: its merged fields, and the records linked to it by side."""

    fields: dict[str, Any]
    portrait: Portrait
    records: dict[str, Entry]


@dataclass
class Desk:
    """Takes in entries one by one, in any order."""

    rule: MatchRule
    known: dict[UUID, Known] = field(default_factory=dict)
    by_key: dict[str, set[UUID]] = field(default_factory=lambda: defaultdict(set))
    asked: dict[str, Verdict] = field(default_factory=dict)
    asked_by_key: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    entries: dict[str, Arrival] = field(default_factory=dict)
    linked_by: dict[str, Comparison] = field(default_factory=dict)
    compared: int = 0

    def take_in(self, arrivals: Iterable[tuple[str, Entry]]) -> None:
        for side, entry in arrivals:
            self.entries[entry.external_id] = Arrival(side, entry, portrait_of(entry.fields, self.rule))
            again = [entry.external_id]
            while again:
                again += sorted(self._judge(again.pop()) - set(again))

    def pairs(self) -> set[frozenset[str]]:
        """Records that are one customer."""
        both = (known.records.values() for known in self.known.values() if len(known.records) == 2)
        return {frozenset(entry.external_id for entry in records) for records in both}

    def _judge(self, name: str) -> set[str]:
        """Names of those in review that may now be judged otherwise."""
        arrival = self.entries[name]
        keys = keys_of(arrival.portrait, self.rule)
        self.asked.pop(name, None)
        candidates = self._entities(arrival, keys) + self._waiting(name, arrival, keys)
        self.compared += len(candidates)
        verdict = judge(candidates, self.rule.margin, are_one(self.rule))
        for key in keys:
            (self.asked_by_key[key].add if verdict.why else self.asked_by_key[key].discard)(name)
        if verdict.why is not None:
            self.asked[name] = verdict
            return set()
        if verdict.entity_id is None:
            entity_id = uuid5(NAMESPACE, name)
            fields = dict(arrival.entry.fields)
            self.known[entity_id] = Known(fields, arrival.portrait, {arrival.side: arrival.entry})
            return self._found_by(entity_id, keys)
        self.linked_by[name] = next(
            c.comparison for c in candidates if c.entity_id == verdict.entity_id and not c.waits
        )
        return self._join(arrival, verdict.entity_id)

    def _entities(self, arrival: Arrival, keys: list[str]) -> list[Candidate]:
        sharing = (self.by_key[key] for key in keys)
        ids = set().union(*(found for found in sharing if len(found) <= self.rule.common))
        return [
            Candidate(
                id_,
                compare(arrival.portrait, known.portrait, self.rule),
                arrival.side in known.records,
                known.portrait,
            )
            for id_ in ids
            if (known := self.known[id_])
        ]

    def _waiting(self, name: str, arrival: Arrival, keys: list[str]) -> list[Candidate]:
        sharing = (self.asked_by_key[key] for key in keys)
        names = set().union(*(found for found in sharing if len(found) <= self.rule.common)) - {name}
        made = []
        for other in names:
            verdict, there = self.asked[other], self.entries[other]
            comparison = compare(arrival.portrait, there.portrait, self.rule)
            best = verdict.candidates[0].entity_id
            made.append(
                Candidate(best, comparison, there.side == arrival.side, there.portrait, verdict.waits)
            )
        return made

    def _join(self, arrival: Arrival, entity_id: UUID) -> set[str]:
        known = self.known[entity_id]
        known.records[arrival.side] = arrival.entry
        for path, value in arrival.entry.fields.items():
            if known.fields.get(path) is None:
                known.fields[path] = value
        known.portrait = portrait_of(known.fields, self.rule)
        about = {n for n, v in self.asked.items() if any(c.entity_id == entity_id for c in v.candidates)}
        return about | self._found_by(entity_id, keys_of(known.portrait, self.rule))

    def _found_by(self, entity_id: UUID, keys: list[str]) -> set[str]:
        new = [key for key in keys if entity_id not in self.by_key[key]]
        for key in new:
            self.by_key[key].add(entity_id)
        waiting = [self.asked_by_key[key] for key in new]
        return set().union(*(found for found in waiting if len(found) <= self.rule.common))


@dataclass(frozen=True)
class Marks:
    """How well it went. `found`: customers on both sides that were linked, or about whom the right question
    was asked; `links` and `wrong`: records joined to an entity."""

    customers: int
    found: int
    linked: int
    links: int
    wrong: int
    questions: int
    idle_questions: int
    on_a_name_alone: int

    @property
    def precision(self) -> float:
        return 1 - self.wrong / self.links

    @property
    def recall(self) -> float:
        return self.found / self.customers

    def __str__(self) -> str:
        return (
            f"{self.links} automatic links, {self.wrong} wrong: precision {self.precision:.4%}; "
            f"of {self.customers} customers on both sides {self.linked / self.customers:.1%} linked, "
            f"with review {self.recall:.2%}; {self.questions} questions, {self.idle_questions} idle; "
            f"on a name alone: {self.on_a_name_alone}"
        )


def marks_of(desk: Desk, book: Book) -> Marks:
    """Against the truth."""
    both = {entry.truth for entry in book.left} & {entry.truth for entry in book.right}
    truths = {id_: [entry.truth for entry in known.records.values()] for id_, known in desk.known.items()}
    linked = {t[0] for t in truths.values() if len(t) == 2 and t[0] == t[1]}
    named = {
        desk.entries[name].entry.truth
        for name, verdict in desk.asked.items()
        for candidate in verdict.candidates
        if desk.entries[name].entry.truth in truths[candidate.entity_id]
    }
    idle = sum(
        all(desk.entries[name].entry.truth not in truths[c.entity_id] for c in verdict.candidates)
        for name, verdict in desk.asked.items()
    )
    beyond = ("email", "phone", "site", "address")
    alone = sum(
        all(c.answers.get(feature) not in ("same", "shared") for feature in beyond)  # type: ignore[call-overload]
        for c in desk.linked_by.values()
    )
    pairs = [t for t in truths.values() if len(t) == 2]
    return Marks(
        len(both), len(both & (linked | named)), len(both & linked), len(pairs),
        sum(t[0] != t[1] for t in pairs), len(desk.asked), idle, alone,
    )  # fmt: skip
