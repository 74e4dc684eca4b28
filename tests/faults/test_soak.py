"""Two-way property test: seeded edits on all sides at once, webhooks disturbed, stages killed."""

from __future__ import annotations

import pytest
from tests.faults.conftest import Live
from tests.faults.soak import Soak

pytestmark = pytest.mark.asyncio(loop_scope="session")
SEEDS = range(2)
BURSTS, EDITS = 2, 30


@pytest.mark.parametrize("seed", SEEDS)
async def test_what_people_type_on_all_sides_survives(live: Live, seed: int) -> None:
    replay = f"make test-faults ARGS='-k survives[{seed}]'"
    await Soak(live, seed, replay).run(BURSTS, EDITS)
