"""A system that is down or says wait is left alone, and its records pay no step for it."""

from __future__ import annotations

import pytest
from tests.fakes.clock import FakeClock

from twinledger.ingest.pauses import SystemPause
from twinledger.kernel.errors import ErrorClass, PermanentError, TransientError


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def pause(clock: FakeClock) -> SystemPause:
    return SystemPause(clock)


def failure(error_class: ErrorClass, retry_after_s: float | None = None) -> TransientError:
    return TransientError("no", error_class=error_class, retry_after_s=retry_after_s)


@pytest.mark.parametrize("error_class", ["rate_limited", "day_cap", "concurrency", "auth_expired"])
def test_a_told_wait_is_kept_and_costs_no_step(pause: SystemPause, error_class: ErrorClass) -> None:
    assert pause.failed(failure(error_class, 30)) is False
    assert pause.wait_s() == 30


def test_the_breaker_opens_at_five_failures_in_a_row(pause: SystemPause) -> None:
    assert [pause.failed(failure("network")) for _ in range(4)] == [True] * 4
    assert pause.wait_s() == 0
    assert pause.failed(failure("target_down")) is False
    assert pause.wait_s() == 5


def test_it_stays_open_twice_as_long_each_time_up_to_five_minutes(
    pause: SystemPause, clock: FakeClock
) -> None:
    for _ in range(4):
        pause.failed(failure("network"))
    waits = []
    for _ in range(8):
        assert pause.failed(failure("network")) is False
        waits.append(pause.wait_s())
        clock.advance(waits[-1])
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300]


def test_an_answer_closes_it(pause: SystemPause) -> None:
    for _ in range(4):
        pause.failed(failure("network"))
    pause.answered()
    assert pause.failed(failure("network")) is True
    assert pause.wait_s() == 0


def test_a_records_own_trouble_does_not_count(pause: SystemPause) -> None:
    assert all(pause.failed(failure("conflict")) for _ in range(20))
    assert pause.wait_s() == 0


def test_a_lost_grant_waits_for_a_person(pause: SystemPause) -> None:
    assert pause.refused(PermanentError("gone", error_class="grant_revoked")) is True
    assert pause.wait_s() == 5
    assert pause.refused(PermanentError("no", error_class="validation")) is False
