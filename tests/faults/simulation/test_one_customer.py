"""The whole road in one process: one customer travels, and time costs nothing."""

from __future__ import annotations

import asyncio
import time

from tests.faults.simulation.port import Port
from tests.faults.simulation.server import Server
from tests.faults.simulation.stack import SimWorld
from tests.faults.simulation.virtual_time import VirtualLoop

ANA = {"fname": "Ana", "lname": "Ruiz", "email": "ana@harbor.example"}
HOLDERS = ("freshbooks.client", "zoho_crm.contact", "zoho_books.contact")


async def _one_customer(loop: VirtualLoop, port: Port) -> tuple[float, list[int]]:
    await port.empty(1)
    world = SimWorld(loop, port, 1, {"ingest": {}, "loader": {}})
    async with world.running():
        world.vendors.act("freshbooks", "client", "create", None, ANA)
        await asyncio.sleep(300)
        world.check_alive()
        return loop.time(), [len(world.vendors.records(name)) for name in HOLDERS]


def test_a_customer_reaches_both_other_sides_faster_than_the_clock_runs(simulated: Server) -> None:
    began = time.monotonic()
    virtual_s, found = simulated.tell(_one_customer)
    assert found == [1, 1, 1]
    assert virtual_s > 300 > 2 * (time.monotonic() - began)
