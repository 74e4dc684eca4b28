from __future__ import annotations

import pytest

from twinledger.kernel.errors import PermanentError, TransientError
from twinledger.kernel.ids import new_rng
from twinledger.road.failures import WAITS_S, WaitLadder, verdict_on
from twinledger.road.outcome import DeadLetter, Retry, reason_of
from twinledger.road.parking import Wait


def raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:
        return caught


def test_an_unexpected_exception_is_our_bug_and_its_text_stays_out() -> None:
    verdict = verdict_on(raised(KeyError("ada@example.com")))
    assert (verdict.reason, verdict.error_class, verdict.exception_class) == ("bug", "bug", "KeyError")
    assert "ada@example.com" not in str(verdict)
    assert "test_failures.py raised:" in verdict.stacktrace


def test_a_permanent_error_keeps_its_class_its_words_and_its_field() -> None:
    verdict = verdict_on(raised(PermanentError("no number", error_class="mapping", field="lines.quantity")))
    assert (verdict.reason, verdict.message, verdict.rule) == ("mapping", "no number", "lines.quantity")


def test_another_error_of_ours_keeps_its_words() -> None:
    assert verdict_on(TransientError("slow", error_class="network")).message == "slow"


@pytest.mark.parametrize("step", range(len(WAITS_S)))
def test_waits_grow_with_full_jitter(step: int) -> None:
    ladder = WaitLadder(new_rng(step))
    waits = [ladder.wait(Retry("parent"), step) for _ in range(200)]
    delays = [wait.delay_s for wait in waits if isinstance(wait, Wait)]
    assert len(delays) == 200
    assert 0 <= min(delays) < 0.1 * WAITS_S[step]
    assert 0.9 * WAITS_S[step] < max(delays) <= WAITS_S[step]


def test_a_wait_that_the_step_named_takes_no_rung() -> None:
    ladder = WaitLadder(new_rng(1))
    assert ladder.wait(Retry("budget", delay_s=40.0), 3) == Wait("budget", 40.0, None, 3)


def test_the_end_of_the_ladder_is_a_dead_letter() -> None:
    ladder = WaitLadder(new_rng(1))
    missing = ladder.wait(Retry("parent_missing", waits_for="freshbooks.client/1"), len(WAITS_S))
    assert isinstance(missing, DeadLetter)
    assert (missing.reason, missing.error_class) == ("dependency-missing", "parent_missing")
    exhausted = ladder.wait(Retry("conflict"), len(WAITS_S))
    assert isinstance(exhausted, DeadLetter)
    assert (exhausted.reason, exhausted.error_class) == ("upstream-exhausted", "conflict")


def test_errors_worth_trying_again_are_exhausted_when_they_end_here() -> None:
    assert reason_of("rate_limited") == "upstream-exhausted"
    assert reason_of("permission") == "upstream-auth"
