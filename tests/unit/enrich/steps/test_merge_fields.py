"""The three-way merge: what a side changed since the base, and who wins."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.merging import LWW, NOON, a_change, a_shadow, an_entity

from twinledger.enrich.steps.merge_fields import Change, Merge, is_stale, merge
from twinledger.mapping.field_policy import FieldPolicy


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
    skewed = Change(
        "zoho_crm.contact", "zoho_crm", {"name": "skewed"}, NOON + MINUTE + skew, NOON + 2 * MINUTE
    )
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
