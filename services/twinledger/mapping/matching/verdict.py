"""Mapping, matching: the verdict on one record among its candidates: link, ask, or new.

In: Candidates, compared    Out: Verdict. One to one: a candidate whose place on this side is taken is a rival
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from twinledger.mapping.matching.compare import Comparison

__all__ = ["Candidate", "Verdict", "judge"]

Why = Literal["duplicate_in_one_system", "several_candidates", "its_match_is_in_review", "perhaps_the_same"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A known entity beside the record. `taken`: another record of the same object is linked to it.

    `waits`: not the entity itself but a record in review that may be it: "surely", one of two records that
    claim it, or "perhaps", one that only resembles it. The latter is nobody's rival: the two would wait for
    each other for ever, while it is judged again as soon as this record is somebody.
    """

    entity_id: UUID
    comparison: Comparison
    taken: bool
    waits: Literal["", "surely", "perhaps"] = ""

    @property
    def is_sure(self) -> bool:
        return self.comparison.level == "link"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`entity_id` to link to; or `why` a person is asked, with those in question, the best first; or new."""

    entity_id: UUID | None = None
    why: Why | None = None
    candidates: tuple[Candidate, ...] = ()

    @property
    def waits(self) -> Literal["surely", "perhaps"]:
        """What a record in review is to others that resemble it."""
        return "perhaps" if self.why == "perhaps_the_same" else "surely"


def judge(candidates: Sequence[Candidate], margin: float) -> Verdict:
    """The same record among the same candidates has the same verdict, in whatever order all arrived."""
    ranked = sorted(
        (c for c in candidates if c.comparison.level != "new"),
        key=lambda c: (not c.is_sure, -c.comparison.score, bool(c.waits), c.entity_id),
    )
    if not ranked or not ranked[0].is_sure:
        return _perhaps(ranked)
    known = [c for c in ranked if c.waits != "perhaps"]
    if not known or not known[0].is_sure:
        return Verdict()  # the sure one joins this record once it is an entity
    best = known[0]
    close = tuple(
        c for c in known if best.comparison.score - c.comparison.score < margin or _is_namesake(c, best)
    )
    if len(close) > 1 and any(c.entity_id != best.entity_id or c.waits == "surely" for c in close):
        return Verdict(why="several_candidates", candidates=close)
    if best.waits == "surely":
        return Verdict(why="its_match_is_in_review", candidates=(best,))
    if best.taken:
        return Verdict(why="duplicate_in_one_system", candidates=(best,))
    return Verdict(entity_id=best.entity_id)


def _is_namesake(other: Candidate, best: Candidate) -> bool:
    """Father and son, or two customers of one company where nobody is named: of two who have the name and
    something else in common with the record, the nearer one may be the wrong one."""
    said = other.comparison.answers
    company = said.get("organization") in ("same", "alike") and "person" not in best.comparison.answers
    beyond = said.get("email") in ("same", "shared") or "same" in (
        said.get("phone"),
        said.get("site"),
        said.get("address"),
    )
    return beyond and (company or said.get("person") in ("same", "alike"))


def _perhaps(ranked: Sequence[Candidate]) -> Verdict:
    """A mere resemblance to somebody who has a record here already is two people, not a question; with
    that one's own mailbox it may be a double."""
    open_ = tuple(
        c for c in ranked if not c.waits and (not c.taken or c.comparison.answers.get("email") == "same")
    )
    return Verdict(why="perhaps_the_same", candidates=open_) if open_ else Verdict()
