"""A PostgreSQL of this layer's own, without fsync: nothing here claims durability."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from tests.faults.simulation.server import Server


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("simulation"), "simulation")
    asyncio.run(server.start())
    yield server
    asyncio.run(server.stop())
