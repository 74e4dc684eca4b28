"""Windows that slide, settings that change."""

import pytest

from twinledger.sandbox.clock import VirtualClock
from twinledger.sandbox.limits import Limiter, LimitSettings, SlidingWindow


def test_a_minute_window_never_holds_more_than_its_cap() -> None:
    clock = VirtualClock()
    limiter = Limiter(clock, LimitSettings(minute=10))
    admitted: list[float] = []
    for _ in range(300):
        clock.advance(1)
        if limiter.admit(1) is None:
            admitted.append(clock.now())
    spans = zip(admitted, admitted[10:], strict=False)
    assert all(later - earlier >= 60 for earlier, later in spans)
    assert len(admitted) == 50


def test_credits_cost_what_the_call_costs() -> None:
    limiter = Limiter(VirtualClock(), LimitSettings(credits=10))
    assert limiter.admit(10) is None
    over = limiter.admit(1)
    assert over is not None
    assert (over.limit, over.cap) == ("credits", 10)


def test_retry_after_is_when_room_comes_back() -> None:
    clock = VirtualClock()
    window = SlidingWindow(60)
    window.add(clock.now(), 3)
    clock.advance(20)
    window.add(clock.now(), 2)
    assert window.room_after_s(clock.now(), 1, 5) == 40
    assert window.room_after_s(clock.now(), 4, 5) == 60
    assert window.room_after_s(clock.now(), 1, 6) == 0


def test_calls_in_flight_are_those_that_run_now() -> None:
    limiter = Limiter(VirtualClock(), LimitSettings(in_flight=2))
    limiter.running = 2
    assert limiter.admit(1) is None
    limiter.running = 3
    over = limiter.admit(1)
    assert over is not None
    assert over.limit == "in_flight"


@pytest.mark.parametrize("wanted", [{"minute": -1}, {"minute": "ten"}, {"hour": 5}, {"day": True}])
def test_wrong_settings_are_refused(wanted: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"minute|hour|day"):
        LimitSettings().change(dict(wanted))
