"""What a bench reports: every value it saw, their median and spread, and the machine they were seen on."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Figure", "describe_machine", "table"]


@dataclass(frozen=True)
class Figure:
    """`target` is met at `at_least` or `at_most`, whichever is given."""

    name: str
    unit: str
    values: Sequence[float]
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def missed(self) -> bool:
        low = self.at_least is not None and self.median < self.at_least
        return low or (self.at_most is not None and self.median > self.at_most)

    def line(self) -> str:
        spread = f"{_short(min(self.values))} .. {_short(max(self.values))}"
        text = f"{self.name:<44} {_short(self.median):>10} {self.unit:<12} {spread:<22} n={len(self.values)}"
        for word, bound in ((">=", self.at_least), ("<=", self.at_most)):
            if bound is not None:
                text += f"  target {word} {_short(bound)} {'MISSED' if self.missed else 'met'}"
        return f"{text}  {self.note}".rstrip()


def table(figures: Sequence[Figure]) -> str:
    """One line a figure."""
    return "\n".join(figure.line() for figure in figures)


def describe_machine() -> str:
    """CPU, cores, memory, kernel, Python, and how busy it was before the bench."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = ", ".join(f"{one:.2f}" for one in os.getloadavg())
    return (
        f"{cpu}, {os.cpu_count()} cores, {memory_gib:.0f} GiB, Linux {platform.release()}, "
        f"Python {platform.python_version()}, load average before the start {load}"
    )


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
