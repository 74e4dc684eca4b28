"""Runs the benches and prints their figures; raw values of every round go to a file.

A bench is a module `bench_<name>.py` with `async def measure(lab, rounds) -> list[Figure]`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import uvloop
from tests.bench.figures import Figure, table
from tests.bench.lab import Lab
from tests.bench.machine import describe_machine

from twinledger.kernel.clock import SystemClock

NAMES = ("ingest", "transform", "enrich", "latency", "road", "memory", "sandbox", "slope")
_RESULTS = Path(__file__).parent / "results"


async def run(wanted: Sequence[str], rounds: int) -> dict[str, Any]:
    """One stack at a time; everything is ended after the last bench."""
    machine = describe_machine(Path(gettempdir()))
    _say(", ".join(f"{name} {value}" for name, value in machine.items()))
    lab = Lab(_say)
    figures: list[Figure] = []
    try:
        for name in wanted:
            found: list[Figure] = await import_module(f"tests.bench.bench_{name}").measure(lab, rounds)
            if not figures:
                _say(f"on {lab.servers}\n")
            _say(table(found))
            figures += found
        servers = lab.servers
    finally:
        await lab.aclose()
    return {"machine": machine, "servers": servers, "figures": [figure.as_row() for figure in figures]}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], help="all when none is given")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="default: tests/bench/results/<date>.json when all are run")
    given = parser.parse_args()
    answer = uvloop.run(run(given.names or NAMES, given.rounds))
    today = SystemClock().now().date()
    path = given.json or (None if given.names else _RESULTS / f"{today}.json")
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"date": str(today), **answer}, indent=1) + "\n")
        _say(f"\nraw results: {path}")
    missed = [row["name"] for row in answer["figures"] if row["missed"]]
    _say(f"\n{len(missed)} targets missed{': ' if missed else ''}{'; '.join(missed)}")


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a bench prints


if __name__ == "__main__":
    main()
