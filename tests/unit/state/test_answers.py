"""A person's word on a conflict: the value chosen holds, the side that shows it agrees."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from twinledger.kernel.errors import PermanentError
from twinledger.state.answers import choose_side
from twinledger.state.records import Clock, Entity, Shadow, Target

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ID = UUID(int=7)
CRM, BOOKS = "zoho_crm.contact", "zoho_books.contact"


def parked() -> Entity:
    entity = Entity(ID, "default", "customer", 3, "x/1", {"email": "b"}, {"email": Clock(3, BOOKS, None)})
    entity.parked = {"email": {BOOKS: {"value": "b", "at": None}, CRM: {"value": "c", "at": None}}}
    return entity


def shadow(object_name: str, email: str) -> Shadow:
    return Shadow(Target(ID, object_name, "primary"), "1", {"email": email}, {"email": 1}, "h", NOON, NOON)


def test_the_chosen_value_holds_and_its_side_agrees() -> None:
    entity, books, crm = parked(), shadow(BOOKS, "b"), shadow(CRM, "c")
    assert choose_side(entity, [books, crm], "email", CRM, NOON) == ("b", "c")
    assert (entity.fields["email"], entity.parked, entity.version) == ("c", {}, 4)
    assert entity.clocks["email"].version == crm.bases["email"] == 4
    assert books.bases["email"] == 1, "a change there from now on is concurrent"


def test_only_a_side_of_the_conflict_can_be_chosen() -> None:
    with pytest.raises(PermanentError, match="none of"):
        choose_side(parked(), [], "email", "freshbooks.client", NOON)
