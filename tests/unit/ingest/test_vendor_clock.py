"""How far a vendor's clock is behind, by what it has shown."""

from __future__ import annotations

from datetime import timedelta

from tests.fakes.clock import START

from twinledger.ingest.vendor_clock import VendorClock

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def test_of_a_vendor_that_has_shown_nothing_ten_minutes_are_assumed() -> None:
    clock = VendorClock()
    assert not clock.is_past(START, START + 10 * MINUTE)
    assert clock.is_past(START, START + 10 * MINUTE + 2 * SECOND)


def test_a_fresh_stamp_tells_that_the_clock_is_right() -> None:
    clock = VendorClock()
    clock.shows(START, START + SECOND)
    assert not clock.is_past(START, START + SECOND)
    assert clock.is_past(START, START + 3 * SECOND)


def test_a_clock_behind_never_shows_a_fresh_one() -> None:
    clock = VendorClock()
    for later in range(3):
        clock.shows(START + later * SECOND, START + 5 * MINUTE + later * SECOND)
    assert not clock.is_past(START, START + 5 * MINUTE + SECOND)
    assert clock.is_past(START, START + 5 * MINUTE + 2 * SECOND)


def test_old_records_tell_nothing_and_a_clock_ahead_is_none_behind() -> None:
    clock = VendorClock()
    clock.shows(START + MINUTE, START)
    clock.shows(START - 60 * MINUTE, START + SECOND)
    assert clock.is_past(START, START + 2 * SECOND)


def test_what_was_told_an_hour_ago_counts_no_more() -> None:
    clock = VendorClock()
    clock.shows(START, START)
    clock.shows(START + 60 * MINUTE, START + 65 * MINUTE)
    assert not clock.is_past(START + 60 * MINUTE, START + 65 * MINUTE)
