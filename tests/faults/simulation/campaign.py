"""Simulation: many seeds over a few processes, counted, going on where the last campaign stopped.

A seed that fails is kept in tests/faults/seeds/ and tells the one command that plays it again.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

__all__ = ["Campaign", "keep_seed", "kept_seeds", "replay_command", "run", "say", "stopwatch"]

SEEDS = Path(__file__).parents[1] / "seeds"
_LONGEST_LINE = 16 * 1024 * 1024


@dataclass
class Campaign:
    """What was done so far, over all runs since the first seed."""

    next_seed: int = 1
    edits: int = 0
    seeds: int = 0
    overwritten: int = 0
    kills: int = 0
    ran_late: int = 0
    failed: list[int] = field(default_factory=list)

    @classmethod
    def so_far(cls, note: Path) -> Campaign:
        return cls(**orjson.loads(note.read_bytes())) if note.exists() else cls()

    def keep(self, note: Path) -> None:
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_bytes(orjson.dumps(asdict(self)))

    def count(self, told: dict[str, Any]) -> None:
        self.seeds += 1
        self.edits += told["edits"]
        self.overwritten += told["overwritten"]
        self.kills += len(told["deaths"])
        self.ran_late += told["ran_late"]
        if told["faults"]:
            self.failed.append(told["seed"])

    def summary(self) -> str:
        bound = f", at most {3 / self.edits:.1e} a failure per edit (95 %)" if not self.failed else ""
        return (
            f"{self.edits} edits in {self.seeds} seeds, {self.kills} kills, {self.ran_late} calls run late, "
            f"{len(self.failed)} seeds failed"
            f"{bound}; {self.overwritten} edits met our own write before we could know of them"
        )


async def run(
    seeds: Iterator[int], goal: Callable[[], bool], told: Callable[[dict[str, Any]], None], processes: int
) -> None:
    """Hand out seeds until the goal is reached; those under way are told to their end."""

    async def one_process(number: int) -> None:
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.faults.simulation.worker"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment,
            limit=_LONGEST_LINE,
        )
        assert process.stdin is not None and process.stdout is not None
        _keep_to_one_cpu(process.pid, number)
        try:
            while not goal() and (seed := next(seeds, None)) is not None:
                process.stdin.write(b"%d\n" % seed)
                line = await process.stdout.readline()
                if not line:
                    raise RuntimeError(f"the process ended in seed {seed}; try: {replay_command(seed)}")
                told(orjson.loads(line))
        finally:
            process.stdin.close()
            await process.wait()

    async with asyncio.TaskGroup() as group:
        for number in range(processes):
            group.create_task(one_process(number))


def _keep_to_one_cpu(pid: int, number: int) -> None:
    """A story and its database take turns: on one CPU neither is woken on another, which costs a third."""
    if hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(pid, {allowed[number % len(allowed)]})


def replay_command(seed: int) -> str:
    return f"make soak SEED={seed}"


def kept_seeds() -> list[int]:
    """Those that failed once."""
    return sorted(int(path.stem) for path in SEEDS.glob("*.txt"))


def keep_seed(told: dict[str, Any]) -> Path:
    SEEDS.mkdir(exist_ok=True)
    path = SEEDS / f"{told['seed']}.txt"
    path.write_text("\n".join([replay_command(told["seed"]), *told["faults"], ""]), encoding="utf-8")
    return path


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def stopwatch() -> Callable[[], float]:
    began = time.monotonic()
    return lambda: time.monotonic() - began
