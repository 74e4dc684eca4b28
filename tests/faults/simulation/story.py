"""Simulation: one seed is one story: a business opens, people type, things go wrong, all comes to rest."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field

from tests.faults.simulation.answers import answer
from tests.faults.simulation.judge import Judge, still_there
from tests.faults.simulation.merges import Merges
from tests.faults.simulation.money import Money
from tests.faults.simulation.people import People
from tests.faults.simulation.port import Port
from tests.faults.simulation.rest import come_to_rest
from tests.faults.simulation.stack import STAGES, SimWorld
from tests.faults.simulation.virtual_time import VirtualLoop
from tests.faults.soak_fields import SIDES

__all__ = ["Size", "Told", "tell"]

_TIMES = {
    "ingest": {"poll_interval_s": 20.0, "sweep_interval_s": 20.0, "call_timeout_s": 4.0},
    "loader": {"find_lag_s": 2.0, "latest_run_s": 10.0, "upsert_blind_s": 5.0, "call_timeout_s": 4.0},
}
_SKEW_S = 600.0
_EDITS_A_TRADE = 12
_SYSTEMS = ("freshbooks", "zoho_crm", "zoho_books")
_FAULTS = (
    *("status_before:500", "status_before:503", "status_after:500", "status_after:502"),
    *("timeout_after", "reset_mid_body", "truncate", "html", "lag:3", "status_before:429"),
)


@dataclass(frozen=True, slots=True)
class Size:
    """How much happens."""

    customers: int = 60
    items: int = 15
    bursts: int = 4
    edits: int = 500


@dataclass(slots=True)
class Told:
    """What came of it."""

    seed: int
    edits: int = 0
    overwritten: int = 0
    virtual_s: float = 0.0
    statements: int = 0
    calls: int = 0
    ran_late: int = 0
    answered: int = 0
    deaths: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


async def tell(loop: VirtualLoop, port: Port, seed: int, size: Size) -> Told:
    """The whole story of a seed; `faults` is empty when every invariant held at every rest."""
    await port.empty(seed)
    began, statements = loop.time(), port.statements
    world = SimWorld(loop, port, seed, _TIMES)
    told = Told(seed)
    people, judge = People(world, random.Random(f"people {seed}")), Judge(world)
    money = Money(world, random.Random(f"money {seed}"))
    merges = Merges(world, random.Random(f"merges {seed}"))
    rng = random.Random(f"weather {seed}")
    _disturb(world, rng)
    try:
        async with world.running():
            for _ in range(size.customers):
                people.enter_customer()
            for _ in range(size.items):
                people.enter_item()
            await come_to_rest(world)
            told.faults = await judge.judge(people.things)
            for _ in range(size.bursts):
                if told.faults:
                    break
                merges.merge_some(people.things, money.payers())
                await _burst(world, people, money, rng, size.edits)
                await come_to_rest(world)
                if answered := await answer(world):
                    told.answered += answered
                    await come_to_rest(world)
                told.faults = [
                    *await judge.judge(people.things),
                    *money.judge(),
                    *await merges.judge([*people.things, *people.deleted]),
                    *still_there(world, people.deleted),
                ]
            if not told.faults:
                world.replay(rng)
                await come_to_rest(world)
                told.faults = judge.judge_quiet("I7 a replay wrote")
    except AssertionError as broken:
        told.faults = [f"{type(broken).__name__}: {broken}"]
    told.edits = people.edits + money.acts + merges.acts
    told.overwritten, told.deaths = judge.overwritten, world.deaths
    told.virtual_s, told.statements = loop.time() - began, port.statements - statements
    told.calls, told.ran_late = world.vendors.calls, world.vendors.ran_late
    return told


def _disturb(world: SimWorld, rng: random.Random) -> None:
    """Webhooks are lost, doubled, late and shuffled; the vendors' clocks are wrong."""
    world.vendors.world.webhooks.configure(
        {
            "loss": 0.2,
            "duplicate": 0.5,
            "reorder": rng.choice((0, 5, 20)),
            "delay_s": rng.choice((0.0, 0.1, 3.0)),
            "seed": world.seed,
        }
    )
    for vendor in ("freshbooks", "zoho"):
        world.vendors.clock.skew_s[vendor] = rng.choice((0.0, rng.uniform(-_SKEW_S, _SKEW_S)))


async def _burst(world: SimWorld, people: People, money: Money, rng: random.Random, edits: int) -> None:
    """Everybody types at once, while stages die."""

    async def type_on(side: str) -> None:
        for pause_s in people.edits_of(side, edits // len(SIDES)):
            await asyncio.sleep(pause_s)

    async def trade() -> None:
        for pause_s in money.trades(people.things, edits // _EDITS_A_TRADE):
            await asyncio.sleep(pause_s)

    for _ in range(rng.choice((0, 0, 1, 2))):
        people.delete_one()
    for system in _SYSTEMS:
        for fault in rng.sample(_FAULTS, rng.choice((0, 1, 2))):
            script = {"system": system, "fault": fault, "rate": rng.choice((0.01, 0.05)), "times": 20}
            world.vendors.world.faults.add(script)
    for _ in range(rng.choice((0, 1, 2, 3))):
        world.kill_after(rng.choice(list(STAGES)), rng.randrange(1, 400))
    await asyncio.gather(trade(), *(type_on(side) for side in SIDES))
    world.vendors.world.faults.clear()
