"""Soak, the long way: `make soak N=1000 SEED=1`: N edits, seed after seed; goes on where it stopped.

The note keeps the next seed and what was done so far; `make clean` forgets it, SEED starts anew.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
from tests.faults.conftest import KAFKA_LIBS, SHORT_TIMES, Live, offsets_of_transform
from tests.faults.soak import Soak

from twinledger.cli.demo.acts import People
from twinledger.cli.dev.folders import Folders
from twinledger.cli.dev.session import open_session
from twinledger.cli.dev.stack import StackOptions
from twinledger.kernel.clock import SystemClock

NOTE = Path(".twinledger/soak.json")
BURSTS, EDITS = 3, 60


@dataclass(slots=True)
class Done:
    """What was soaked so far, over all runs since the first seed."""

    next_seed: int
    edits: int = 0
    overwritten: int = 0
    failed: int = 0

    @classmethod
    def so_far(cls, seed: int | None) -> Done:
        if seed is None and NOTE.exists():
            return cls(**orjson.loads(NOTE.read_bytes()))
        return cls(1 if seed is None else seed)

    def keep(self) -> None:
        NOTE.parent.mkdir(exist_ok=True)
        NOTE.write_bytes(orjson.dumps(asdict(self)))


async def soak(done: Done, edits: int) -> bool:
    """True when every seed held."""
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as folder:
        folders = Folders(Path(folder), None, KAFKA_LIBS)
        options = StackOptions(tenfold=True, environment=SHORT_TIMES)
        async with open_session(folders, options, clock, lambda text: None) as session:
            await session.go_live()
            async with offsets_of_transform(session.stack.broker.address) as offsets:
                live = Live(session, People(session.http, session.admin), offsets)
                return await _seeds(live, done, done.edits + edits)


async def _seeds(live: Live, done: Done, goal: int) -> bool:
    clock, failed = live.session.clock, done.failed
    while done.edits < goal:
        began, before = clock.monotonic(), done.edits
        await _one_seed(live, done)
        rate = (done.edits - before) / (clock.monotonic() - began)
        _say(f"{done.edits} edits, {rate:.1f} a second, {done.failed} seeds failed,"
            f" {done.overwritten} edits overwritten before we could know of them")  # fmt: skip
    return done.failed == failed


async def _one_seed(live: Live, done: Done) -> None:
    seed = Soak(live, done.next_seed, f"make soak N=1 SEED={done.next_seed}")
    try:
        await seed.run(BURSTS, EDITS)
    except AssertionError as broken:
        done.failed += 1
        _say(str(broken))
    done.next_seed += 1
    done.edits += seed.edits
    done.overwritten += seed.overwritten
    done.keep()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edits", type=int, default=1000)
    parser.add_argument("--seed", type=int)
    given = parser.parse_args()
    return 0 if asyncio.run(soak(Done.so_far(given.seed), given.edits)) else 1


if __name__ == "__main__":
    raise SystemExit(main())
