"""Sandbox: the limits of one system (calls per minute and per day, in flight, credits), changeable.

Windows slide and are exact: a call counts at the instant it is admitted. Refused calls do not count.
"""

from collections import deque
from dataclasses import asdict, dataclass, fields
from typing import Any

from .clock import Clock

__all__ = ["DAY_S", "MINUTE_S", "LimitSettings", "Limiter", "Over", "SlidingWindow"]

MINUTE_S = 60.0
DAY_S = 86_400.0


class SlidingWindow:
    """How much was spent in the last `length_s` seconds."""

    def __init__(self, length_s: float, grain_s: float = 0.0) -> None:
        self.length_s = length_s
        self._grain_s = grain_s  # calls this close together share one entry, which leaves with the youngest
        self.spent = 0
        self._began = 0.0
        self._entries: deque[tuple[float, int]] = deque()

    def add(self, now: float, cost: int = 1) -> None:
        if not cost:
            return
        self.spent += cost
        if self._entries and now - self._began < self._grain_s:
            self._entries[-1] = (now, self._entries[-1][1] + cost)
        else:
            self._began = now
            self._entries.append((now, cost))

    def at(self, now: float) -> int:
        edge = now - self.length_s
        while self._entries and self._entries[0][0] <= edge:
            self.spent -= self._entries.popleft()[1]
        return self.spent

    def room_after_s(self, now: float, cost: int, cap: int) -> float:
        """Seconds until `cost` more fits under `cap`."""
        over = self.at(now) + cost - cap
        for moment, freed in self._entries:
            if over <= 0:
                return 0.0
            over -= freed
            if over <= 0:
                return moment + self.length_s - now
        return self.length_s

    def dump(self) -> Any:
        return list(self._entries)

    def load(self, state: Any) -> None:
        self._entries = deque((float(at), int(cost)) for at, cost in state)
        self.spent = sum(cost for _, cost in self._entries)


@dataclass(slots=True)
class LimitSettings:
    """None = unlimited. `token` is read by the OAuth server; `latency_s` holds each answer back."""

    minute: int | None = None
    day: int | None = None
    in_flight: int | None = None
    heavy_in_flight: int | None = None
    credits: int | None = None
    token: int | None = None
    latency_s: float = 0.0

    def change(self, wanted: dict[str, Any]) -> None:
        known = {each.name for each in fields(self)}
        for name, value in wanted.items():
            if name not in known:
                raise ValueError(f"no limit named {name!r}")
            if name == "latency_s":
                self.latency_s = max(0.0, float(value or 0))
            elif value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
                setattr(self, name, value)
            else:
                raise ValueError(f"{name} is a whole number or null, not {value!r}")


@dataclass(frozen=True, slots=True)
class Over:
    """Which limit refused, and when it has room again."""

    limit: str  # minute, day, credits, in_flight, heavy_in_flight
    cap: int
    retry_after_s: float


class Limiter:
    def __init__(self, clock: Clock, settings: LimitSettings) -> None:
        self.settings = settings
        self.running = 0
        self.heavy_running = 0
        self.minute = SlidingWindow(MINUTE_S)
        self.day = SlidingWindow(DAY_S, grain_s=10.0)
        self.credits = SlidingWindow(DAY_S, grain_s=10.0)
        self._clock = clock

    def admit(self, cost: int) -> Over | None:
        """Counts the call, unless a limit refuses it."""
        now, caps = self._clock.now(), self.settings
        if caps.in_flight is not None and self.running > caps.in_flight:
            return Over("in_flight", caps.in_flight, 1.0)
        spending = (
            ("minute", self.minute, 1, caps.minute),
            ("day", self.day, 1, caps.day),
            ("credits", self.credits, cost, caps.credits),
        )
        for name, window, amount, cap in spending:
            if cap is not None and window.at(now) + amount > cap:
                return Over(name, cap, window.room_after_s(now, amount, cap))
        for _, window, amount, _ in spending:
            window.add(now, amount)
            window.at(now)
        return None

    def too_many_heavy(self) -> Over | None:
        """For a heavy call, before `admit`: more of them in flight than their pool holds."""
        cap = self.settings.heavy_in_flight
        return Over("heavy_in_flight", cap, 1.0) if cap is not None and self.heavy_running > cap else None

    def remaining(self, limit: str) -> int | None:
        cap: int | None = getattr(self.settings, limit)
        window: SlidingWindow = getattr(self, limit)
        return None if cap is None else max(0, cap - window.at(self._clock.now()))

    def dump(self) -> Any:
        windows = {name: getattr(self, name).dump() for name in ("minute", "day", "credits")}
        return {"settings": asdict(self.settings), "windows": windows}

    def load(self, state: Any) -> None:
        self.settings.change(state["settings"])
        for name, entries in state["windows"].items():
            getattr(self, name).load(entries)
