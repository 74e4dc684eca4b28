"""What a bench reports: every value it saw, their median and spread, the target, and what held it back."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Figure", "ratio", "table"]


@dataclass(frozen=True)
class Figure:
    """`target` is met at `at_least` or `at_most`, whichever is given; `next_gate` is the one after it."""

    name: str
    unit: str
    values: Sequence[float]
    at_least: float | None = None
    at_most: float | None = None
    next_gate: float | None = None
    note: str = ""
    """What the processes did meanwhile: printed as the reason when the target is missed."""

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def missed(self) -> bool:
        low = self.at_least is not None and self.median < self.at_least
        return low or (self.at_most is not None and self.median > self.at_most)

    def lines(self) -> list[str]:
        spread = f"{_short(min(self.values))} .. {_short(max(self.values))}"
        text = f"{self.name:<46} {_short(self.median):>9} {self.unit:<12} {spread:<20} n={len(self.values)}"
        for sign, bound in ((">=", self.at_least), ("<=", self.at_most)):
            if bound is not None:
                text += f"  target {sign} {_short(bound)} {'MISSED' if self.missed else 'met'}"
                text += f" (next {_short(self.next_gate)})" if self.next_gate is not None else ""
        return [text, *([f"    {self.note}"] if self.note else [])]

    def as_row(self) -> dict[str, Any]:
        return {**asdict(self), "median": self.median, "missed": self.missed}


def ratio(name: str, ours: Sequence[float], yardstick: Sequence[float], at_least: float | None) -> Figure:
    """Round by round: both sides of a round ran next to each other."""
    return Figure(name, "", [one / other for one, other in zip(ours, yardstick, strict=True)], at_least)


def table(figures: Sequence[Figure]) -> str:
    """One line a figure, and what was busy meanwhile."""
    return "\n".join(line for figure in figures for line in figure.lines())


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"
