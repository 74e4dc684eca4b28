"""Simulation: people answer the one question that their own haste asks: who types over our fresh writes three
times within minutes looks to us like a field that goes back and forth.

Answered when nobody types any more: what really goes back and forth asks again, and the judge finds it.
"""

from __future__ import annotations

from typing import Any

from tests.faults.simulation.stack import SimWorld

from twinledger.kernel.database import transaction
from twinledger.state.answers import end_quarantine

__all__ = ["answer"]

_OPEN = "select id, workspace from review_item where kind = 'oscillation' and state = 'open' order by id"


async def answer(world: SimWorld) -> int:
    """Each field is written again; how many."""
    pool: Any = world.pool
    questions = await pool.fetch(_OPEN)
    for row in questions:
        async with transaction(pool) as connection:
            await end_quarantine(connection, row["workspace"], row["id"], world.now)
    return len(questions)
