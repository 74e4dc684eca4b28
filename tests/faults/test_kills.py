"""Fault rows 1 to 3: kill -9 of each stage in the middle of a load, then a restart: same final state."""

from __future__ import annotations

import asyncio
import os
import random
from typing import Any

import pytest
from tests.faults.business import Business
from tests.faults.conftest import Live

from twinledger.cli.dev.stack import STAGES

pytestmark = pytest.mark.asyncio(loop_scope="session")
SEEDS = range(int(os.environ.get("KILL_RUNS", "20")))
"""`make gate` takes 50."""


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_kill_in_the_middle_leaves_the_same_final_state(live: Live, seed: int) -> None:
    """Replay one run: pytest tests/faults/test_kills.py -k 'state[SEED]'"""
    rng = random.Random(seed)
    victim = STAGES[seed % len(STAGES)]
    business = Business(live, f"k{seed}", rng)
    began = await live.ledger_end()

    async def kill() -> None:
        await asyncio.sleep(rng.uniform(0.05, 1.2))
        live.kill(victim)

    await asyncio.gather(business.open(), kill())
    await live.rest()
    await business.pay_one()
    await live.rest()
    await business.check()
    assert _invoices_made(await live.ledger(began), "freshbooks") == len(business.orders)
    assert _invoices_made(await live.ledger(began), "zoho_books") == len(business.orders)


def _invoices_made(ledger: list[dict[str, Any]], system: str) -> int:
    """Distinct invoices created over the vendor's API since the run began."""
    made = {
        touched["id"]
        for row in ledger
        if row["system"] == system and row["kind"] == "effect"
        for touched in row["objects"]
        if touched["object"] == "invoice" and touched["op"] == "create"
    }
    return len(made)
