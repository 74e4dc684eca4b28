"""The whole road: webhooks of FreshBooks edits -> reads by id lists -> merge -> CRM in batches of 100.

The sandbox limits nothing. Our own budget lets Books have its published 100 calls a minute, so the
figure is that of one target; every event must be in CRM once, counted in the sandbox.
"""

from __future__ import annotations

from tests.bench.customers import LiveRoad, live_road
from tests.bench.figures import Figure
from tests.bench.lab import Lab, meter, reached
from tests.bench.programs import Tool, tool_program

__all__ = ["measure", "running"]

CUSTOMERS = 3_000
_BOOKS_A_MINUTE = 100
_BUSY = ["zoho_books.%"]
_SLOW_BOOKS = "update budget set minute = $1 where budget_group = 'zoho_finance'"


async def running(lab: Lab) -> LiveRoad:
    """The road that this bench uses: its first read at full speed, then Books as slow as it is published."""
    road = await live_road(lab, CUSTOMERS)
    await road.session.pool.execute(_SLOW_BOOKS, _BOOKS_A_MINUTE)
    return road


async def measure(lab: Lab, rounds: int) -> list[Figure]:
    """The first round is a warm-up."""
    road = await running(lab)
    per_s, lost, notes = [], [], []
    async with tool_program("webhook_load") as load:
        cpu = meter(road.session, load=load.pid)
        for number in range(rounds + 1):
            given = f"R{number}x"
            await road.rename(range(CUSTOMERS), given)
            cpu.start()
            per_s.append(await _round(road, load, given))
            notes.append(cpu.text())
            lost.append(await _lost(road, given))
        lab.kept["road has run"] = True
    held = f"middle round, {notes[1:][len(notes[1:]) // 2]}"
    return [
        Figure("road: events from webhook to CRM", "1/s", per_s[1:], 530, next_gate=1_000, note=held),
        Figure(f"road: lost of {CUSTOMERS:,} events", "", lost[1:], at_most=0),
    ]


async def _round(road: LiveRoad, load: Tool, given: str) -> float:
    """Events a second, from the first webhook sent to the last write in the ledger."""
    writes = await road.crm_writes(given)
    sent_at = await road.tell(load, range(CUSTOMERS), connections=32)

    async def all_there() -> bool:
        return await writes.look() == CUSTOMERS

    await reached(all_there, within_s=120, every_s=0.5)
    return CUSTOMERS / (max(writes.at.values()) - min(sent_at))


async def _lost(road: LiveRoad, given: str) -> float:
    """Customers that CRM shows with another name once nothing waits any more."""
    await road.rest(but_for=_BUSY)
    shown = await road.names_in_crm()
    return float(sum(shown[place] != f"{given}{place}" for place in range(CUSTOMERS)))
