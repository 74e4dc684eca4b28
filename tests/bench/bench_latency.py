"""Event to the write, idle: a FreshBooks edit's webhook arrives, CRM's write is in the sandbox's ledger.

At a fixed arrival rate, with every stage, durable at each hop; beside it four bare hops.
"""

from __future__ import annotations

from tests.bench.customers import LiveRoad, live_road
from tests.bench.figures import Figure, ratio
from tests.bench.lab import Lab, meter, reached
from tests.bench.programs import Tool, tool_program

from twinledger.road.topics import WRITE_RESULTS

__all__ = ["measure"]

_EVENTS = 100
_PER_S = 4.0


async def measure(lab: Lab, rounds: int) -> list[Figure]:
    """A B A B; the first round of each is a warm-up."""
    road = await live_road(lab, _EVENTS * 6)
    stack = road.session.stack
    ours: list[list[float]] = []
    bare: list[list[float]] = []
    notes = []
    async with (
        tool_program("webhook_load") as load,
        tool_program("bare_hops", stack.broker.address, stack.database.address, WRITE_RESULTS.name) as hops,
    ):
        cpu = meter(road.session, load=load.pid)
        for number in range(rounds + 1):
            bare.append((await hops.ask(events=_EVENTS, rate=_PER_S * 4))["took_ms"])
            cpu.start()
            ours.append(await _round(road, load, number))
            notes.append(cpu.text())
    return _figures(ours[1:], bare[1:], notes[1:])


async def _round(road: LiveRoad, load: Tool, number: int) -> list[float]:
    """Milliseconds of each event."""
    first = number * _EVENTS % len(road.clients)
    places = range(first, first + _EVENTS)
    given = f"L{number}x"
    await road.rename(places, given)
    writes = await road.crm_writes(given)
    sent_at = await road.tell(load, places, connections=1, rate=_PER_S)

    async def all_there() -> bool:
        return await writes.look() == len(places)

    await reached(all_there, within_s=30, every_s=0.2)
    await road.rest()
    return [(writes.at[place] - at) * 1e3 for place, at in zip(places, sent_at, strict=True)]


def _figures(ours: list[list[float]], bare: list[list[float]], notes: list[str]) -> list[Figure]:
    p50, p99 = ([_percentile(one, share) for one in ours] for share in (0.50, 0.99))
    hops = [_percentile(one, 0.50) for one in bare]
    held = f"middle round, {notes[len(notes) // 2]}"
    return [
        Figure("latency: event to write, idle, p50", "ms", p50, at_most=30, next_gate=25, note=held),
        Figure("latency: event to write, idle, p99", "ms", p99),
        Figure("latency: four bare hops, p50", "ms", hops),
        Figure("latency: p50, ratio to the four hops", "", ratio("", p50, hops, None).values, at_most=5),
        Figure("latency: p99, ratio to its own p50", "", ratio("", p99, p50, None).values, at_most=4),
    ]


def _percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]
