"""The three-way merge: fields that a person decides, states that only rise, counts and sets."""

from __future__ import annotations

import pytest
from tests.fakes.merging import a_change, a_shadow, an_entity

from twinledger.enrich.steps.merge_fields import Merge, merge
from twinledger.mapping.field_policy import FieldPolicy
from twinledger.state.records import Entity, Shadow

CRM, BOOKS = "zoho_crm.contact", "zoho_books.contact"
MANUAL = {"email": FieldPolicy("manual")}


def test_a_foreign_value_at_first_sight_is_overruled_in_the_open() -> None:
    owned = {"number": FieldPolicy("owner", "freshbooks")}
    entity = an_entity(number="INV-1")
    (conflict,) = merge(entity, None, a_change(number="INV-9"), owned).conflicts
    assert (conflict.policy, conflict.loser["value"]) == ("owner(freshbooks)", "INV-9")


def test_the_owner_overrules_what_another_side_said_first_in_the_open() -> None:
    owned = {"number": FieldPolicy("owner", "zoho_crm")}
    entity = an_entity(number="INV-1")
    (conflict,) = merge(entity, None, a_change(number="INV-9"), owned).conflicts
    assert entity.fields["number"] == "INV-9" and conflict.loser["value"] == "INV-1"


def test_manual_takes_a_change_of_one_side_alone() -> None:
    entity = an_entity(email="a@x.example")
    result = merge(entity, a_shadow(1, email="a@x.example"), a_change(email="b@x.example"), MANUAL)
    assert entity.fields["email"] == "b@x.example" and not entity.parked and not result.conflicts


def both_changed() -> tuple[Entity, Shadow, Merge]:
    entity, base = an_entity(email="a@x.example"), a_shadow(1, email="a@x.example")
    merge(entity, base, a_change(1, BOOKS, email="books@x.example"), MANUAL)
    result = merge(entity, base, a_change(2, CRM, email="crm@x.example"), MANUAL)
    return entity, a_shadow(1, email="crm@x.example"), result


def test_manual_parks_both_values_when_both_sides_changed() -> None:
    entity, _, result = both_changed()
    assert entity.fields["email"] == "books@x.example" and not result.accepted
    values = {side: parked["value"] for side, parked in entity.parked["email"].items()}
    assert values == {BOOKS: "books@x.example", CRM: "crm@x.example"} and result.parked.keys() == {"email"}
    (conflict,) = result.conflicts
    assert conflict.policy == "manual"
    assert {conflict.winner["value"], conflict.loser["value"]} == set(values.values())


def test_later_edits_of_a_parked_field_are_parked_too() -> None:
    entity, crm, _ = both_changed()
    result = merge(entity, crm, a_change(3, CRM, email="newer@x.example"), MANUAL)
    assert entity.fields["email"] == "books@x.example" and not result.accepted
    assert entity.parked["email"][CRM]["value"] == "newer@x.example"


def test_sides_that_come_to_say_the_same_need_no_person() -> None:
    entity, crm, _ = both_changed()
    result = merge(entity, crm, a_change(3, CRM, email="books@x.example"), MANUAL)
    assert not entity.parked and result.unparked == ["email"] and "email" in result.agreed


STATE = {
    "state": FieldPolicy("lattice", order=("draft", "sent"), reserved={"void": "freshbooks"}),
}


@pytest.mark.parametrize(
    ("current", "value", "writer", "taken"),
    [
        ("draft", "sent", "zoho_books.invoice", True),
        ("sent", "draft", "zoho_books.invoice", False),
        ("sent", "draft", "freshbooks.invoice", False),
        ("sent", "void", "zoho_books.invoice", False),
        ("sent", "void", "freshbooks.invoice", True),
        ("void", "sent", "zoho_books.invoice", False),
        ("void", "sent", "freshbooks.invoice", True),
    ],
)
def test_states_only_rise_and_the_reserved_ones_are_their_owners(
    current: str, value: str, writer: str, taken: bool
) -> None:
    entity = an_entity(state=current)
    result = merge(entity, a_shadow(1, state=current), a_change(1, writer, state=value), STATE)
    assert entity.fields["state"] == (value if taken else current)
    assert [conflict.policy for conflict in result.conflicts] == ([] if taken else ["lattice"])


def test_a_lower_state_at_first_sight_is_only_behind() -> None:
    """Books makes a draft of every invoice: the call that makes it sent comes after."""
    entity = an_entity(state="sent")
    result = merge(entity, None, a_change(1, "zoho_books.invoice", state="draft"), STATE)
    assert (entity.fields["state"], result.conflicts) == ("sent", [])


STOCK = {"stock": FieldPolicy("delta")}


def test_what_each_side_sold_is_taken_off_once() -> None:
    entity = an_entity(stock="10")
    merge(entity, a_shadow(1, stock="10"), a_change(1, BOOKS, stock="8"), STOCK)
    merge(entity, a_shadow(1, stock="10"), a_change(2, CRM, stock="8"), STOCK)
    assert entity.fields["stock"] == "6", "both sold two: equal values are no agreement"
    result = merge(entity, a_shadow(1, stock="8"), a_change(3, CRM, stock="8"), STOCK)
    assert entity.fields["stock"] == "6" and not result.accepted


def test_numbers_that_no_float_holds_are_added_up_exactly() -> None:
    entity = an_entity(stock="0.1")
    merge(entity, a_shadow(1, stock="0.1"), a_change(1, BOOKS, stock="0.3"), STOCK)
    merge(
        entity, a_shadow(1, stock="12345678901234567.8"), a_change(1, CRM, stock="12345678901234567.9"), STOCK
    )
    assert entity.fields["stock"] == "0.4"


def test_two_first_counts_that_differ_are_shown_not_added_up() -> None:
    entity = an_entity(stock="10")
    (conflict,) = merge(entity, None, a_change(1, BOOKS, stock="7"), STOCK).conflicts
    assert entity.fields["stock"] == "10"
    assert (conflict.policy, conflict.loser["value"]) == ("delta", "7")


def test_a_count_that_begins_on_one_side_is_taken() -> None:
    entity = an_entity(stock=None)
    merge(entity, a_shadow(1, stock=None), a_change(1, BOOKS, stock="7"), STOCK)
    assert entity.fields["stock"] == "7"


TAGS = {"tags": FieldPolicy("set")}


def test_tags_added_here_and_taken_away_there_both_count() -> None:
    entity = an_entity(tags=["a", "b"])
    merge(entity, a_shadow(1, tags=["a", "b"]), a_change(1, BOOKS, tags=["a", "b", "c"]), TAGS)
    result = merge(entity, a_shadow(1, tags=["a", "b"]), a_change(2, CRM, tags=["b"]), TAGS)
    assert entity.fields["tags"] == ["b", "c"] and result.conflicts == []


def test_a_member_removed_here_and_edited_there_stays_in_the_open() -> None:
    people = {"people": FieldPolicy("set", key="email")}
    ann = {"email": "ann@x.example", "phone": "1"}
    entity = an_entity(people=[ann])
    merge(entity, a_shadow(1, people=[ann]), a_change(1, BOOKS, people=[ann | {"phone": "2"}]), people)
    result = merge(entity, a_shadow(1, people=[ann]), a_change(2, CRM, people=None), people)
    assert entity.fields["people"] == [ann | {"phone": "2"}]
    assert [conflict.policy for conflict in result.conflicts] == ["set"]
    assert not result.agreed, "this side lacks the member: it is put back"
