"""The first look after our write: what the target made of it, and when it will not stand still."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from twinledger.enrich.observed import Observed
from twinledger.enrich.steps.first_look import first_look, still_mangled
from twinledger.mapping.entity_model import entity_models
from twinledger.state.records import NO_MARKS, ExternalKey, Marks, Shadow, Target

FIELDS = entity_models()["customer"].fields
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TARGET = Target(UUID(int=7), "zoho_crm.contact", "primary")
SECOND = timedelta(seconds=1)


def written(marks: Marks = NO_MARKS, stamp: datetime | None = NOON, **fields: Any) -> Shadow:
    """As the loader leaves it: what was sent, not seen since."""
    unseen = Marks(sorted(fields), marks.mangled, marks.doubts, marks.held)
    return Shadow(TARGET, "9", dict(fields), dict.fromkeys(fields, 1), None, stamp, NOON, marks=unseen)


def seen(stamp: datetime | None = NOON, at: datetime = NOON + SECOND, **fields: Any) -> Observed:
    key = ExternalKey("zoho_crm.contact", "9")
    return Observed("default", key, "customer", fields, at, "hash", "test@1", vendor_updated_at=stamp)


def test_a_loss_in_the_answer_is_learned_and_no_change() -> None:
    shadow = written(notes="Harbor Bakery")
    assert first_look(seen(notes="HARBOR"), shadow, FIELDS) == []
    assert shadow.fields["notes"] == "HARBOR"
    assert shadow.holds("notes", "Harbor Bakery") and not shadow.holds("notes", "harbor bakery")
    assert shadow.marks == Marks((), {"notes": "Harbor Bakery"})


def test_a_version_that_somebody_made_since_teaches_nothing() -> None:
    shadow = written(notes="Harbor Bakery")
    first_look(seen(stamp=NOON + SECOND, notes="HARBOR"), shadow, FIELDS)
    assert shadow.fields["notes"] == "Harbor Bakery" and not shadow.marks.mangled


def test_without_stamps_only_the_answer_itself_teaches() -> None:
    answer, later = written(stamp=None, notes="Harbor"), written(stamp=None, notes="Harbor")
    first_look(seen(None, NOON, notes="HARBOR"), answer, FIELDS)
    first_look(seen(None, NOON + SECOND, notes="HARBOR"), later, FIELDS)
    assert answer.marks.mangled and not later.marks.mangled


def test_the_read_that_found_a_lost_write_teaches_though_its_version_is_new() -> None:
    """A price was rounded by a write whose answer was lost; meanwhile another price was typed elsewhere, so
    that nothing but what was sent tells the rounded one from an edit."""
    prices = entity_models()["item"].fields
    shadow = written(unit_price="855.005")
    assert first_look(seen(NOON + SECOND, NOON, unit_price="855.01"), shadow, prices) == []
    assert shadow.fields["unit_price"] == "855.01" and not shadow.marks.doubts
    typed = written(unit_price="855.005")
    first_look(seen(NOON + SECOND, NOON, unit_price="36.33"), typed, prices)
    assert typed.fields["unit_price"] == "855.005" and typed.marks.doubts


def test_another_value_is_somebodys_change_even_in_the_answer() -> None:
    shadow = written(notes="Harbor")
    first_look(seen(notes="Bakery"), shadow, FIELDS)
    assert shadow.fields["notes"] == "Harbor" and not shadow.marks.mangled


def test_what_was_made_of_a_value_is_forgotten_with_the_value() -> None:
    marks = Marks((), {"notes": "Harbor Bakery"})
    assert still_mangled(marks, {"notes": "HARBOR"}, {"notes": "HARBOR", "email": "x"}) is marks
    assert still_mangled(marks, {"notes": "HARBOR"}, {"notes": "Other"}).mangled == {}


def fight(minutes: list[int], shown: str = "theirs") -> list[list[str]]:
    """We write, they show something else, again and again; what is newly held at each look."""
    marks, found = NO_MARKS, []
    for minute in minutes:
        at = NOON + timedelta(minutes=minute)
        shadow = written(marks, notes="ours", email="a@x.example")
        found.append(first_look(seen(at=at, notes=shown, email="a@x.example"), shadow, FIELDS))
        marks = shadow.marks
    return found


def test_three_times_in_ten_minutes_holds_the_field_and_no_other() -> None:
    assert fight([0, 4, 8]) == [[], [], ["notes"]]


def test_three_times_in_longer_than_ten_minutes_holds_nothing() -> None:
    assert fight([0, 6, 12, 18]) == [[], [], [], []]


def test_values_that_stay_as_written_are_no_fight() -> None:
    assert fight([0, 1, 2, 3], shown="ours") == [[], [], [], []]


def test_a_held_field_is_told_once() -> None:
    assert fight([0, 1, 2, 3, 4])[2:] == [["notes"], [], []]


def test_a_person_who_edits_one_side_often_trips_nothing() -> None:
    """After each write the answer shows our value; the person's next edit comes later."""
    marks = NO_MARKS
    for minute in range(6):
        at = NOON + timedelta(minutes=minute)
        shadow = written(marks, notes=f"text {minute}")
        assert first_look(seen(at=at, notes=f"text {minute}"), shadow, FIELDS) == []
        assert first_look(seen(at=at + SECOND, notes="typed over"), shadow, FIELDS) == []
        marks = shadow.marks
    assert marks == NO_MARKS
