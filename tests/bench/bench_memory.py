"""Memory: what each stage holds after the road has run at its full rate. The broker's JVM is left out."""

from __future__ import annotations

from tests.bench import bench_road
from tests.bench.figures import Figure
from tests.bench.lab import Lab
from tests.bench.machine import resident_mb

from twinledger.cli.dev.stack import STAGES

__all__ = ["measure"]


async def measure(lab: Lab, rounds: int) -> list[Figure]:
    """On the stack of `road`; when that has not run yet, after one round of it."""
    road = await bench_road.running(lab)
    if not lab.kept.get("road has run"):
        await bench_road.measure(lab, 1)
    supervisor = road.session.stack.supervisor
    held = {name: resident_mb(supervisor.part(name).process.pid) for name in STAGES}
    parts = [Figure(f"memory: {name}, resident", "MB", [mb]) for name, mb in held.items()]
    return [*parts, Figure("memory: all stages together", "MB", [sum(held.values())], at_most=500)]
