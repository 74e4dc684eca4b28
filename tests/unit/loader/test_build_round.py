"""What is left of a planned write when its turn comes."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

import pytest

from twinledger.loader.steps.build_calls import Parents, Round, build_round
from twinledger.mapping.definitions import load_shipped
from twinledger.state.intent_queue import Candidate
from twinledger.state.records import Intent, Target

TARGET = Target(UUID(int=1), "zoho_books.contact", "primary")
MAPPINGS = load_shipped().mappings


def turn(
    patch: dict[str, Any],
    *,
    op: Literal["create", "update"] = "update",
    shadow: dict[str, Any],
    entity: dict[str, Any],
    attempt: int = 1,
    released_by: str | None = None,
) -> Round:
    intent = Intent(UUID(int=2), "w", "zoho_finance", TARGET, op, patch, {}, "planned", 3)
    intent.attempt, intent.released_by = attempt, released_by
    candidate = Candidate(intent, "9" if op == "update" else None, shadow, entity)
    return build_round([candidate], MAPPINGS, Parents({}, {}, {}, {}))


@pytest.mark.parametrize(
    ("attempt", "released_by", "written"),
    [
        pytest.param(1, None, [], id="sent before, and the side has said something newer since"),
        pytest.param(0, None, ["notes"], id="never sent: enrich decides what replaces it"),
        pytest.param(1, "plan-7", ["notes"], id="accepted by a person"),
    ],
)
def test_a_value_that_the_entity_has_left_is_not_sent_again(
    attempt: int, released_by: str | None, written: list[str]
) -> None:
    round_ = turn(
        {"notes": "ours"},
        shadow={"notes": "theirs"},
        entity={"kind": "person", "notes": "theirs"},
        attempt=attempt,
        released_by=released_by,
    )
    assert [list(built.expected) for built in round_.built] == ([written] if written else [])
    assert round_.nothing_left == ([] if written else [UUID(int=2)])


def test_what_the_entity_still_says_is_sent_again() -> None:
    round_ = turn(
        {"notes": "ours", "website": "https://ours.example"},
        shadow={"notes": "theirs", "website": None},
        entity={"kind": "person", "notes": "theirs", "website": "https://ours.example"},
    )
    assert [list(built.expected) for built in round_.built] == [["website"]]


@pytest.mark.parametrize(("state", "made"), [("active", 1), ("deleted", 0), ("void", 0)])
def test_what_has_ended_is_not_created(state: str, made: int) -> None:
    entity = {"kind": "person", "name.family": "Ruiz", "state": state}
    round_ = turn({"name.family": "Ruiz"}, op="create", shadow={}, entity=entity)
    assert (len(round_.built), len(round_.nothing_left)) == (made, 1 - made)
