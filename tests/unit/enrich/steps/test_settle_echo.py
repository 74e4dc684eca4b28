"""Our own write coming back is known by its values, whatever the target makes of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from twinledger.enrich.observed import BatchState, Observed
from twinledger.enrich.steps.settle_echo import is_mid_flight, settle_echo
from twinledger.mapping.entity_model import CanonicalField
from twinledger.mapping.field_policy import FieldPolicy
from twinledger.state.records import ExternalKey, Intent, LateWrite, Marks, Shadow, Target

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TARGET = Target(UUID(int=7), "zoho_books.item", "primary")
KEY = ExternalKey("zoho_books.item", "9")
TEXTS = {path: CanonicalField(path, path, "public", "text") for path in ("name", "city", "zip", "country")}
MODELS = TEXTS | {"price": CanonicalField("price", "price", "financial", "decimal")}


def in_flight(shadow: Shadow | None, **expected: Any) -> BatchState:
    bases = dict.fromkeys(expected, 4)
    intent = Intent(UUID(int=1), "default", "g", TARGET, "update", expected, bases, "unknown", 4)
    intent.expected = expected
    shadows = {} if shadow is None else {TARGET: shadow}
    return BatchState("default", intents={TARGET: [intent]}, shadows=shadows)


def a_shadow(marks: Marks | None = None, **fields: Any) -> Shadow:
    shadow = Shadow(TARGET, "9", fields, dict.fromkeys(fields, 1), "hash", NOON, NOON)
    shadow.marks = marks or shadow.marks
    return shadow


def shown(**fields: Any) -> Observed:
    return Observed("default", KEY, "item", fields, NOON, "other", "test@1")


def test_values_as_sent_confirm_the_write_and_raise_the_base() -> None:
    state = in_flight(a_shadow(name="old"), name="new")
    assert settle_echo(shown(name="new"), TARGET, state, MODELS, carries_reference=True)
    assert state.intents[TARGET][0].state == "confirmed"
    assert (state.shadows[TARGET].fields["name"], state.shadows[TARGET].bases["name"]) == ("new", 4)


def test_what_the_side_is_known_to_make_of_them_confirms_too() -> None:
    shadow = a_shadow(Marks((), {"name": "Harbor"}), name="HARBOR")
    assert settle_echo(
        shown(name="HARBOR"), TARGET, in_flight(shadow, name="Harbor"), MODELS, carries_reference=True
    )
    assert shadow.holds("name", "Harbor") and shadow.fields["name"] == "HARBOR"


def test_other_values_confirm_nothing() -> None:
    state = in_flight(a_shadow(name="old"), name="new")
    assert not settle_echo(shown(name="third"), TARGET, state, MODELS, carries_reference=True)
    assert state.intents[TARGET][0].state == "unknown"


def test_a_lost_write_that_shows_in_part_has_landed_and_the_rest_was_typed_over_it() -> None:
    state = in_flight(a_shadow(name="old", city=None, zip="1"), name="new", city="Bonn", zip=None)
    assert settle_echo(shown(name="new", city="Ulm", zip="2"), TARGET, state, MODELS, carries_reference=True)
    shadow = state.shadows[TARGET]
    assert shadow.fields == {"name": "new", "city": "Bonn", "zip": None}
    assert set(shadow.bases.values()) == {4}


def test_where_another_value_is_the_old_one_somebody_typed_the_same_and_nothing_landed() -> None:
    state = in_flight(a_shadow(country="CA", city="Ulm"), country="ES", city="Bonn")
    assert not settle_echo(shown(country="ES", city="Ulm"), TARGET, state, MODELS, carries_reference=True)
    assert state.intents[TARGET][0].state == "unknown"
    assert state.shadows[TARGET].fields == {"country": "CA", "city": "Ulm"}


def test_a_field_put_back_to_its_old_value_reads_as_if_nothing_had_landed() -> None:
    state = in_flight(a_shadow(name="old", city=None, zip="1"), name="new", city="Bonn", zip=None)
    assert not settle_echo(
        shown(name="new", city="Ulm", zip="1"), TARGET, state, MODELS, carries_reference=True
    )


def test_a_price_that_the_target_rounds_is_known_before_its_answer_is_here() -> None:
    state = in_flight(None, price="12.345", name="new")
    assert settle_echo(shown(price="12.35", name="new"), TARGET, state, MODELS, carries_reference=False)
    shadow = state.shadows[TARGET]
    assert shadow.fields == {"price": "12.35", "name": "new"}
    assert shadow.holds("price", "12.345") and "name" not in shadow.marks.mangled


def test_a_value_of_before_is_no_form_of_the_new_one() -> None:
    """ "Harbor" is how "Harbor Bakery" is cut, and what stood there."""
    state = in_flight(a_shadow(name="Harbor", city="Ulm"), name="Harbor Bakery", city="Bonn")
    assert not settle_echo(shown(name="Harbor", city="Ulm"), TARGET, state, MODELS, carries_reference=True)
    state = in_flight(a_shadow(name="Harbor"), name="Harbor Bakery")
    assert not settle_echo(shown(name="Harbor"), TARGET, state, MODELS, carries_reference=True)


def test_a_rounded_price_is_a_part_of_a_write_on_its_way() -> None:
    state = in_flight(a_shadow(price="9.00", name="old"), price="12.345", name="new")
    state.intents[TARGET][0].state = "sending"
    assert is_mid_flight(shown(price="12.35", name="third"), TARGET, state, {}, MODELS)


def late(shadow: Shadow, until: datetime, **fields: Any) -> BatchState:
    shadow.late = LateWrite(until, fields, dict.fromkeys(fields, 3))
    return BatchState("default", shadows={TARGET: shadow})


@pytest.mark.parametrize("until_s", [60.0, -60.0])
def test_a_write_given_up_for_lost_that_comes_late_is_no_edit(until_s: float) -> None:
    """Seen while it may still run, or by the poll after that."""
    known = a_shadow(name="old", city="Ulm")
    known.read_started_at = NOON - timedelta(minutes=2)
    state = late(known, NOON + timedelta(seconds=until_s), name="ours")
    assert settle_echo(shown(name="ours", city="Ulm"), TARGET, state, MODELS, carries_reference=True)
    shadow = state.shadows[TARGET]
    assert (shadow.fields["name"], shadow.bases["name"], shadow.bases["city"]) == ("ours", 3, 1)


@pytest.mark.parametrize(
    ("until_s", "read_s", "name"),
    [
        pytest.param(-120.0, -180.0, "ours", id="too late to be ours"),
        pytest.param(-60.0, -30.0, "ours", id="somebody has looked since it could run"),
        pytest.param(60.0, 0.0, "theirs", id="another value"),
        pytest.param(60.0, 0.0, "old", id="it has not come"),
    ],
)
def test_else_it_is_what_the_side_says(until_s: float, read_s: float, name: str) -> None:
    known = a_shadow(name="old")
    known.read_started_at = NOON + timedelta(seconds=read_s)
    state = late(known, NOON + timedelta(seconds=until_s), name="ours")
    assert not settle_echo(shown(name=name), TARGET, state, MODELS, carries_reference=True)
    assert state.shadows[TARGET].fields["name"] == "old"


def test_what_a_late_write_carries_along_is_no_edit_either() -> None:
    """Somebody had typed another city there, which the late write took back with the whole address."""
    known = a_shadow(name="old", city="Ulm")
    state = late(known, NOON + timedelta(minutes=1), name="ours", city="Bonn")
    assert settle_echo(shown(name="ours", city="Bonn"), TARGET, state, MODELS, carries_reference=True)
    assert state.shadows[TARGET].fields == {"name": "ours", "city": "Bonn"}


def test_what_a_late_write_carries_along_is_an_edit_where_all_it_was_for_is_typed_over() -> None:
    """One form, saved whole: a new name, and the city that had stood there before the last edit."""
    state = late(a_shadow(name="old", city="Ulm"), NOON + timedelta(minutes=1), name="ours", city="Bonn")
    shadow = state.shadows[TARGET]
    assert shadow.late is not None
    shadow.late = shadow.late._replace(bases={"name": 3})
    assert not settle_echo(shown(name="third", city="Bonn"), TARGET, state, MODELS, carries_reference=True)
    assert shadow.fields == {"name": "old", "city": "Ulm"}


def test_what_a_late_write_carries_along_is_no_edit_where_all_it_was_for_is_there_already() -> None:
    """It was sent again and answered, a city was typed, and now the first one runs."""
    state = late(a_shadow(name="ours", city="Ulm"), NOON + timedelta(minutes=1), name="ours", city="Bonn")
    shadow = state.shadows[TARGET]
    assert shadow.late is not None
    shadow.late = shadow.late._replace(bases={"name": 3})
    assert settle_echo(shown(name="ours", city="Bonn"), TARGET, state, MODELS, carries_reference=True)
    assert shadow.fields == {"name": "ours", "city": "Bonn"}


def test_what_stood_there_before_is_no_part_of_a_lost_write() -> None:
    state = in_flight(a_shadow(name="old", city="Bonn"), name="new", city="Bonn")
    assert not settle_echo(shown(name="third", city="Bonn"), TARGET, state, MODELS, carries_reference=True)


def test_a_write_whose_answer_may_still_come_is_waited_for_when_it_shows_in_part() -> None:
    state = in_flight(a_shadow(name="old", city=None), name="new", city="Bonn")
    state.intents[TARGET][0].state = "sending"
    half = shown(name="new", city="Ulm")
    assert not settle_echo(half, TARGET, state, MODELS, carries_reference=True)
    assert is_mid_flight(half, TARGET, state, {}, MODELS)
    assert not is_mid_flight(shown(name="third", city="Ulm"), TARGET, state, {}, MODELS)


def test_a_count_that_moves_while_its_write_is_on_the_way_waits() -> None:
    policies = {"stock": FieldPolicy("delta"), "name": FieldPolicy("lww")}
    state = in_flight(a_shadow(stock="10", name="old"), stock="8", name="new")
    assert is_mid_flight(shown(stock="7", name="old"), TARGET, state, policies, MODELS)
    assert not is_mid_flight(shown(stock="10", name="third"), TARGET, state, policies, MODELS)
    state.intents[TARGET][0].state = "confirmed"
    assert not is_mid_flight(shown(stock="7", name="old"), TARGET, state, policies, MODELS)
