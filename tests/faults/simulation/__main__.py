"""`make soak N=1000000`: simulated edits, at least N more than there were; `SEED=7` plays one story again.

It ends early when ten seeds have failed.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
from pathlib import Path
from typing import Any

from tests.faults.simulation.campaign import Campaign, keep_seed, replay_command, run, say, stopwatch

NOTE = Path(".twinledger/simulation.json")
PROCESSES = 2
MOST_FAILURES = 10
"""More of them tell nothing new."""


def soak(edits: int) -> bool:
    """True when every seed held."""
    campaign = Campaign.so_far(NOTE)
    before, failed, elapsed = campaign.edits, len(campaign.failed), stopwatch()

    def told(one: dict[str, Any]) -> None:
        campaign.count(one)
        if one["faults"]:
            _say_failure(one)
        rate = (campaign.edits - before) / elapsed()
        say(f"{campaign.edits - before} edits, {rate:.0f} a second; in all {campaign.summary()}")
        campaign.keep(NOTE)

    def seeds() -> Any:
        while True:
            campaign.next_seed += 1
            yield campaign.next_seed - 1

    def enough() -> bool:
        return campaign.edits - before >= edits or len(campaign.failed) - failed >= MOST_FAILURES

    asyncio.run(run(seeds(), enough, told, PROCESSES))
    return len(campaign.failed) == failed


def replay(seed: int) -> bool:
    """One story, alone."""
    outcomes: list[dict[str, Any]] = []
    asyncio.run(run(itertools.chain([seed]), lambda: False, outcomes.append, 1))
    (one,) = outcomes
    say(f"seed {seed}: {one['edits']} edits in {one['seconds']:.0f} s, {len(one['faults'])} faults")
    for fault in one["faults"]:
        say(f"  {fault}")
    return not one["faults"]


def _say_failure(told: dict[str, Any]) -> None:
    say(f"seed {told['seed']} failed, kept in {keep_seed(told)}; replay: {replay_command(told['seed'])}")
    for fault in told["faults"][:10]:
        say(f"  {fault}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edits", type=int, default=10_000)
    parser.add_argument("--seed", type=int)
    given = parser.parse_args()
    return 0 if (replay(given.seed) if given.seed is not None else soak(given.edits)) else 1


if __name__ == "__main__":
    raise SystemExit(main())
