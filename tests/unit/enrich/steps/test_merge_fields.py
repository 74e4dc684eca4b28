"""The three-way merge: what a side changed since the base, and who wins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinledger.enrich.steps.merge_fields import Change, Merge, is_stale, merge
from twinledger.mapping.field_policy import FieldPolicy
from twinledger.state.records import Clock, Entity, Shadow, Target

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ID = UUID(int=7)
LWW = {"email": FieldPolicy("lww"), "phone": FieldPolicy("lww"), "name": FieldPolicy("lww")}


def an_entity(version: int = 1, **fields: Any) -> Entity:
    clocks = {path: Clock(version, "freshbooks.client", NOON.isoformat()) for path in fields}
    return Entity(ID, "default", "customer", version, "freshbooks.client/1", dict(fields), clocks)


def a_shadow(base: int, **fields: Any) -> Shadow:
    target = Target(ID, "zoho_crm.contact", "primary")
    return Shadow(target, "9", dict(fields), dict.fromkeys(fields, base), "hash", NOON, NOON)


def a_change(minutes: int = 1, writer: str = "zoho_crm.contact", **fields: Any) -> Change:
    at = NOON + timedelta(minutes=minutes)
    return Change(writer, writer.partition(".")[0], dict(fields), at, at + timedelta(seconds=1))


def test_a_change_made_since_the_base_is_accepted() -> None:
    entity = an_entity(email="a@x.example")
    result = merge(entity, a_shadow(1, email="a@x.example"), a_change(email="b@x.example"), LWW)
    assert entity.fields["email"] == "b@x.example"
    assert (entity.version, result.accepted) == (2, {"email": ("a@x.example", "b@x.example")})
    assert result.conflicts == []


def test_an_equal_shadow_changes_nothing_however_often_it_is_seen() -> None:
    entity = an_entity(email="a@x.example")
    result = merge(entity, a_shadow(1, email="a@x.example"), a_change(email="a@x.example"), LWW)
    assert (entity.version, result) == (1, Merge())


def test_edits_of_different_fields_at_the_same_time_both_survive() -> None:
    entity = an_entity(email="a@x.example", phone="+1")
    base = a_shadow(1, email="a@x.example", phone="+1")
    merge(entity, base, a_change(writer="freshbooks.client", email="b@x.example", phone="+1"), LWW)
    result = merge(entity, base, a_change(email="a@x.example", phone="+2"), LWW)
    assert entity.fields == {"email": "b@x.example", "phone": "+2"}
    assert result.conflicts == []


@pytest.mark.parametrize(("minutes", "winner"), [(5, "late@x.example"), (1, "early@x.example")])
def test_concurrent_edits_of_one_field_keep_the_later_and_store_the_loser(minutes: int, winner: str) -> None:
    entity = an_entity(email="a@x.example")
    base = a_shadow(1, email="a@x.example")
    merge(entity, base, a_change(3, "freshbooks.client", email="early@x.example"), LWW)
    result = merge(entity, base, a_change(minutes, email="late@x.example"), LWW)
    assert entity.fields["email"] == winner
    (conflict,) = result.conflicts
    values = {conflict.winner["value"], conflict.loser["value"]}
    assert values == {"early@x.example", "late@x.example"} and conflict.winner["value"] == winner


def test_emptiness_on_first_sight_overwrites_nothing() -> None:
    entity = an_entity(phone="+1")
    result = merge(entity, None, a_change(phone=None), LWW)
    assert entity.fields["phone"] == "+1" and result.conflicts == []


def test_a_value_fills_what_is_empty_on_first_sight() -> None:
    entity = an_entity(phone=None)
    merge(entity, None, a_change(phone="+1"), LWW)
    assert entity.fields["phone"] == "+1"


def test_clearing_a_field_after_the_base_is_an_edit() -> None:
    entity = an_entity(phone="+1")
    merge(entity, a_shadow(1, phone="+1"), a_change(phone=None), LWW)
    assert entity.fields["phone"] is None


def test_only_the_owner_changes_an_owned_field_and_the_other_is_noted() -> None:
    owned = {"number": FieldPolicy("owner", "freshbooks")}
    entity = an_entity(number="INV-1")
    result = merge(entity, a_shadow(1, number="INV-1"), a_change(number="INV-9"), owned)
    assert entity.fields["number"] == "INV-1"
    assert result.conflicts[0].loser["value"] == "INV-9"
    merge(entity, a_shadow(1, number="INV-1"), a_change(writer="freshbooks.invoice", number="INV-2"), owned)
    assert entity.fields["number"] == "INV-2"


def test_write_once_is_taken_while_empty_and_kept_afterwards() -> None:
    once = {"currency": FieldPolicy("write_once")}
    entity = an_entity()
    merge(entity, None, a_change(currency="USD"), once)
    result = merge(entity, a_shadow(1, currency="USD"), a_change(currency="EUR"), once)
    assert entity.fields["currency"] == "USD" and result.conflicts[0].policy == "write_once"


def test_computed_fields_never_enter_the_entity() -> None:
    entity = an_entity()
    merge(entity, None, a_change(total="10"), {"total": FieldPolicy("computed")})
    assert entity.fields == {}


def test_a_read_begun_before_our_write_ended_is_stale_whatever_its_stamp() -> None:
    """The stamp we know is that of the version before our write: a read in flight may show a newer one."""
    written = a_shadow(1, notes="ours")
    written.content_hash = None
    second = timedelta(seconds=1)
    assert is_stale(written, NOON + second, NOON - second / 2)
    assert not is_stale(written, NOON + second, NOON + second)


def test_an_older_stamp_is_stale_and_equal_stamps_are_ordered_by_the_read() -> None:
    shadow = a_shadow(1, email="a@x.example")
    second = timedelta(seconds=1)
    assert is_stale(shadow, NOON - second, NOON + second)
    assert not is_stale(shadow, NOON + second, NOON - second)
    assert is_stale(shadow, NOON, NOON - second)
    assert not is_stale(shadow, None, NOON)


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


MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.mark.parametrize("skew", [10 * MINUTE, -10 * MINUTE, DAY, -DAY])
@pytest.mark.parametrize(("other_at", "winner"), [(NOON - MINUTE, "skewed"), (NOON + 3 * MINUTE, "other")])
def test_a_wrong_clock_turns_round_no_edits_that_our_looks_tell_apart(
    skew: timedelta, other_at: datetime, winner: str
) -> None:
    """CRM was looked at at noon, is edited a minute later and looked at again a minute after that."""
    entity = an_entity(name="x")
    freshbooks, crm = a_shadow(1, name="x"), a_shadow(1, name="x")
    freshbooks.read_started_at = NOON - DAY
    crm.vendor_updated_at = NOON + skew
    other = Change("freshbooks.client", "freshbooks", {"name": "other"}, other_at, other_at + MINUTE / 2)
    merge(entity, freshbooks, other, LWW)
    skewed = Change(CRM, "zoho_crm", {"name": "skewed"}, NOON + MINUTE + skew, NOON + 2 * MINUTE)
    merge(entity, crm, skewed, LWW)
    assert entity.fields["name"] == winner


VALUES = st.sampled_from(["a", "b", "c", None])
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["freshbooks.client", "zoho_crm.contact"]),
        st.sampled_from(["email", "phone", "name"]),
        VALUES,
    ),
    max_size=12,
)


@given(EDITS)
def test_every_edit_is_kept_or_stored_as_a_conflict(edits: list[tuple[str, str, Any]]) -> None:
    """Whatever two sides edit between two merges, the entity holds it or a conflict does."""
    start: dict[str, Any] = {"email": "x", "phone": "x", "name": "x"}
    entity = an_entity(**start)
    sides = {writer: dict(start) for writer in ("freshbooks.client", "zoho_crm.contact")}
    for writer, path, value in edits:
        sides[writer][path] = value
    conflicts = []
    for minutes, (writer, fields) in enumerate(sides.items(), 1):
        change = a_change(minutes, writer, **fields)
        conflicts += merge(entity, a_shadow(1, **start), change, LWW).conflicts
    losers = {(conflict.field, conflict.loser["value"]) for conflict in conflicts}
    for fields in sides.values():
        for path, value in fields.items():
            if value != start[path]:
                assert entity.fields[path] == value or (path, value) in losers
