"""Simulation: its PostgreSQL server, and one run of an asynchronous story on a virtual clock."""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from tests.faults.simulation.life import life_of_task
from tests.faults.simulation.outside import standing_in
from tests.faults.simulation.port import Port
from tests.faults.simulation.template import make_template
from tests.faults.simulation.virtual_time import VirtualLoop

from twinledger.cli.dev.database import OwnDatabase

__all__ = ["Server"]

_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
T = TypeVar("T")


class Server:
    """One server, one database; a story begins by emptying it."""

    def __init__(self, folder: Path, name: str) -> None:
        self._database = OwnDatabase(folder / "postgres", settings=_FAST)
        self._name = name

    async def start(self) -> None:
        await self._database.start()
        await make_template(self._database.address, self._name, self._address)

    async def stop(self) -> None:
        await self._database.stop()

    def tell(self, story: Callable[[VirtualLoop, Port], Awaitable[T]]) -> T:
        """Run it to its end, in virtual time."""
        loop = VirtualLoop()
        loop.set_task_factory(life_of_task)
        try:
            with standing_in():
                return loop.run_until_complete(self._told(loop, story))
        finally:
            loop.close()
            gc.collect()

    async def _told(self, loop: VirtualLoop, story: Callable[[VirtualLoop, Port], Awaitable[T]]) -> T:
        async with Port.open(loop, self._address) as port:
            return await story(loop, port)

    @property
    def _address(self) -> str:
        return self._database.address.rpartition("/")[0] + f"/{self._name}"
