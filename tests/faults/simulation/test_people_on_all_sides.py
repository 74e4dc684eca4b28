"""Two-way property test: people type on all sides at once while everything else goes wrong."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.faults.simulation.campaign import Campaign, kept_seeds, replay_command, run, stopwatch

EDITS = 20_000
FIRST_SEED = 1
PROCESSES = 2


def test_what_people_type_survives_and_no_conflict_is_silent(capsys: Any) -> None:
    """I1 to I10, judged at every rest by the vendors' own state and ledger; README says how far."""
    campaign, faults, elapsed = Campaign(), list[str](), stopwatch()

    def told(one: dict[str, Any]) -> None:
        campaign.count(one)
        faults.extend(f"{replay_command(one['seed'])}: {fault}" for fault in one["faults"])

    def seeds() -> Any:
        yield from kept_seeds()
        seed = FIRST_SEED
        while True:
            yield seed
            seed += 1

    asyncio.run(run(seeds(), lambda: campaign.edits >= EDITS or bool(faults), told, PROCESSES))
    with capsys.disabled():
        print(f"\nsimulated in {elapsed():.0f} s: {campaign.summary()}")  # noqa: T201
    assert not faults, "\n".join(faults[:20])
    assert campaign.kills > 0 and campaign.ran_late > 0
