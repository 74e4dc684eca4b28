"""Mapping, matching: the verdict on one record among its candidates: link, ask, or new.

In: Candidates, compared    Out: Verdict. One to one: a candidate whose place on this side is taken is a rival
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from twinledger.mapping.matching.compare import Comparison
from twinledger.mapping.matching.portrait import Portrait

__all__ = ["Agree", "Candidate", "Verdict", "judge"]

Why = Literal["duplicate_in_one_system", "several_candidates", "its_match_is_in_review", "perhaps_the_same"]


Agree = Callable[[Portrait, Portrait], bool]
"""Are these two surely one?"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A known entity beside the record. `taken`: another record of the same object is linked to it.

    `waits`: not the entity itself but a record in review that may be it: "surely", one of two records that
    claim it, or "perhaps", one that only resembles it.
    """

    entity_id: UUID
    comparison: Comparison
    taken: bool
    portrait: Portrait
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


def judge(candidates: Sequence[Candidate], margin: float, agree: Agree) -> Verdict:
    """The same record among the same candidates has the same verdict, in whatever order all arrived.

    A record that only resembles somebody, but surely is the best one too, is no rival of it: it is judged
    again once this record is somebody, and two that wait for each other would wait for ever.
    """
    ranked = sorted(
        (c for c in candidates if c.comparison.level != "new"),
        key=lambda c: (not c.is_sure, -c.comparison.score, bool(c.waits), c.entity_id),
    )
    if not ranked or not ranked[0].is_sure:
        return _perhaps(ranked)
    best = next((c for c in ranked if c.is_sure and c.waits != "perhaps"), ranked[0])
    close = tuple(
        c for c in ranked if c is best or (_is_close(c, best, margin) and not _joins(c, best, agree))
    )
    if len(close) > 1 and any(_is_other(c, best) for c in close):
        return Verdict(why="several_candidates", candidates=close)
    if best.waits == "surely":
        return Verdict(why="its_match_is_in_review", candidates=(best,))
    if best.waits:
        return Verdict()  # that record is judged again once this one is an entity, and joins it
    if best.taken:
        return Verdict(why="duplicate_in_one_system", candidates=(best,))
    return Verdict(entity_id=best.entity_id)


def _is_close(other: Candidate, best: Candidate, margin: float) -> bool:
    return best.comparison.score - other.comparison.score < margin or _is_namesake(other, best)


def _joins(other: Candidate, best: Candidate, agree: Agree) -> bool:
    return other.waits == "perhaps" and agree(other.portrait, best.portrait)


def _is_other(one: Candidate, best: Candidate) -> bool:
    """Not the best one, nor a record whose own question is about the best one and which fits no better."""
    fits_better = one.comparison.score > best.comparison.score
    return one.entity_id != best.entity_id or one.waits == "surely" or fits_better


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
