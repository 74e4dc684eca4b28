"""The same business in short: what a weakened safeguard is tried on, and a quick look at all invariants."""

from __future__ import annotations

import pytest
from tests.faults.simulation.server import Server
from tests.faults.simulation.story import Size, tell

SHORT = Size(customers=25, items=6, bursts=2, edits=200)


@pytest.mark.parametrize("seed", (1, 2))
def test_every_invariant_holds_in_a_short_story(simulated: Server, seed: int) -> None:
    told = simulated.tell(lambda loop, port: tell(loop, port, seed, SHORT))
    assert not told.faults, "\n".join(told.faults)
