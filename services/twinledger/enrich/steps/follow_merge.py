"""Enrich, step 2c: two records became one at a vendor: the loser redirects, the survivor lives on.

In: crosswalk row of the loser, Survivor    Out: verdict; nothing is archived, nothing doubled

The other systems still hold two records: their merge is proposed to a person, with both of them. Until
then each system keeps its own view, and a parent that was merged in one of them is written as its survivor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from twinledger.enrich.graves import Survivor
from twinledger.enrich.observed import BatchState, Observed
from twinledger.mapping.sync_rule import SyncRule
from twinledger.road.outcome import Ok, Outcome, Skip
from twinledger.state.moved_children import MovedChild
from twinledger.state.records import CrosswalkRow, Entity, ExternalKey, Fields, Review, Target
from twinledger.state.unresolved import Unresolved

__all__ = ["as_known_here", "follow", "merge_into", "note_moves"]

ENTITY_PREFIX = "entity:"


def follow(row: CrosswalkRow, state: BatchState, *, said: Unresolved | None) -> Outcome[None]:
    """Word of a record that was merged: its survivor is looked at. One that lives again (`said`: what it says
    of who it is) is a question; until that is answered nothing is made in its place, nor a merge proposed."""
    if said is None:
        state.wanted.add(_survivor_of(row))
        return Skip(reason="merged")
    state.end(row, "orphan")
    state.questions.ask(said)
    for side in _other_sides(row, state):
        state.withdraw("merge", side.key.text())
    evidence = {"why": "a_merged_record_lives_again", "entity": str(row.entity_id), "linked": row.merged_into}
    state.reviews.append(Review(state.workspace, "match", row.key.text(), evidence))
    return Skip(reason="review: a_merged_record_lives_again")


def merge_into(row: CrosswalkRow, survivor: Survivor, state: BatchState) -> Outcome[None]:
    """The loser's id leads to the survivor from now on."""
    state.end(row, "merged_into", into=survivor.row)
    state.wanted.add(survivor.row.key)
    state.withdraw("merge", row.key.text())
    if survivor.row.entity_id == row.entity_id:
        _take_over(survivor.row, state)
    else:
        state.graves.merged.append((row.entity_id, survivor.row.entity_id))
        _propose(row, survivor, state)
    return Ok(None)


def note_moves(observed: Observed, before: Fields, parents: Sequence[str], state: BatchState) -> None:
    """Children that name another parent than this side's base: the trace of a merge."""
    for path in parents:
        old, new = before.get(path), observed.fields.get(path)
        if old and new and old != new:
            pair = _entity_id(old), _entity_id(new)
            state.graves.moved.append(MovedChild(observed.system, *pair, observed.key.text()))


def as_known_here(
    observed: Observed, entity: Entity, rule: SyncRule, parents: Sequence[str], state: BatchState
) -> Observed:
    """A survivor stands for the merged parent, where the field belongs to a system that knows of no merge."""
    fields = dict(observed.fields)
    for path in parents:
        new, held, policy = fields.get(path), entity.fields.get(path), rule.policy[path]
        if not new or not held or new == held or policy.kind != "owner" or policy.owner == observed.system:
            continue
        if (observed.system, _entity_id(new), _entity_id(held)) in state.graves.same_here:
            fields[path] = held
    return observed if fields == observed.fields else replace(observed, fields=fields)


def _take_over(double: CrosswalkRow, state: BatchState) -> None:
    """The duplicate that waited in review lives on in the place of the record it doubled."""
    state.bind(double.key, double.entity_id)
    shadow = state.shadows.get(Target(double.entity_id, double.key.object, double.role))
    if shadow is not None:
        shadow.external_id = double.key.external_id
        shadow.forget()
    state.withdraw("match", double.key.text())
    state.questions.settle(double.key)


def _propose(row: CrosswalkRow, survivor: Survivor, state: BatchState) -> None:
    theirs = {side.key.object: side.key.text() for side in survivor.sides}
    for side in _other_sides(row, state):
        evidence = {
            "record": side.key.text(),
            "survivor": theirs.get(side.key.object),
            "merged": row.key.text(),
            "into": survivor.row.key.text(),
            "why": survivor.why,
            "entities": [str(row.entity_id), str(survivor.row.entity_id)],
        }
        state.reviews.append(Review(state.workspace, "merge", side.key.text(), evidence))


def _other_sides(row: CrosswalkRow, state: BatchState) -> list[CrosswalkRow]:
    return [
        side
        for target, side in state.sides.items()
        if target.entity_id == row.entity_id and side.status == "active" and side.key.object != row.key.object
    ]


def _survivor_of(row: CrosswalkRow) -> ExternalKey:
    return ExternalKey(row.key.object, row.merged_into or row.key.external_id)


def _entity_id(reference: str) -> UUID:
    return UUID(reference.removeprefix(ENTITY_PREFIX))
