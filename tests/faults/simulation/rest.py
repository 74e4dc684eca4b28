"""Simulation: when the world is at rest: every side was polled since, and nothing waits anywhere."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.faults.simulation.stack import SimWorld

__all__ = ["NeverAtRest", "come_to_rest"]

_LOOKED = """
    select coalesce((select min(polled_at) from poll_cursor), '-infinity') > $1
       and coalesce((select min(ended_at) from sweep where started_at is null), 'infinity') > $1
       and not exists (select from sweep where started_at is not null)
"""
_WAITING = """
    select (select count(*) from workspace where opened_at is null or catching_up) as closed,
           (select count(*) from first_sight) as unseen,
           (select count(*) from due_read where hints > read_hints) as reads,
           (select count(*) from outbox where acked_at is null) as outbox,
           (select count(*) from parked) as parked,
           (select count(*) from replan) as replans,
           (select count(*) from intent where state in ('planned', 'sending', 'unknown')) as writes
"""
_LOOK_EVERY_S = 1.0
_WITHIN_S = 1800.0


class NeverAtRest(AssertionError):
    """Something still waits after half an hour of virtual time."""


async def come_to_rest(world: SimWorld) -> None:
    """A poll that ends now may have begun before the last edit: the second one has seen everything."""
    await world.vendors.world.webhooks.flush()
    deadline = world.loop.time() + _WITHIN_S
    for _ in range(2):
        now = world.now
        while not await world.pool.fetchval(_LOOKED, now):
            await _pass_time(world, deadline, {"polls": 1})
    quiet = 0
    while quiet < 2:
        waiting = await _waiting(world)
        quiet = 0 if waiting else quiet + 1
        await _pass_time(world, deadline, waiting)


async def _waiting(world: SimWorld) -> dict[str, int]:
    row = dict(await world.pool.fetchrow(_WAITING))
    row["unread"] = world.unread()
    row["deliveries"] = world.vendors.deliveries_waiting()
    row["calls that run late"] = len(world.vendors.late)
    return {name: count for name, count in row.items() if count}


async def _pass_time(world: SimWorld, deadline: float, waiting: dict[str, Any]) -> None:
    world.check_alive()
    if (
        "deliveries" in waiting
    ):  # to an ingest that was dead: the vendor would try again in a quarter of an hour
        await world.vendors.world.webhooks.flush()
    if world.loop.time() > deadline:
        raise NeverAtRest(f"still waiting: {waiting}")
    await asyncio.sleep(_LOOK_EVERY_S)
