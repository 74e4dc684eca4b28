"""Simulation: one world: its vendors, broker and database, and the four stages that live in it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from typing import Any

from tests.fakes.broker import MemoryBroker
from tests.faults.simulation.database import SimPool
from tests.faults.simulation.life import Life
from tests.faults.simulation.outside import KEYS_TEXT
from tests.faults.simulation.port import Port
from tests.faults.simulation.vendors import Vendors
from tests.faults.simulation.virtual_time import LoopClock, VirtualLoop

from twinledger.cli.dev.connect import connect
from twinledger.enrich import wiring as enrich
from twinledger.enrich.settings import EnrichSettings
from twinledger.ingest import wiring as ingest
from twinledger.ingest.settings import IngestSettings
from twinledger.kernel.health import Health
from twinledger.kernel.http import new_http_client
from twinledger.kernel.service import Runtime, Worker
from twinledger.loader import wiring as loader
from twinledger.loader.settings import LoaderSettings
from twinledger.road.broker import OutRecord
from twinledger.road.topics import ROAD, WRITE_RESULTS
from twinledger.state.budgets import BudgetLimits
from twinledger.state.sealing import KeyFile
from twinledger.transform import wiring as transform
from twinledger.transform.settings import TransformSettings

__all__ = ["STAGES", "SimWorld", "StageDied"]

Wire = Callable[[Any, Runtime], AbstractAsyncContextManager[Sequence[Worker]]]
STAGES: Mapping[str, tuple[type[Any], Wire]] = {
    "ingest": (IngestSettings, ingest.wire),
    "transform": (TransformSettings, transform.wire),
    "enrich": (EnrichSettings, enrich.wire),
    "loader": (LoaderSettings, loader.wire),
}
WORKSPACE = "default"
_LIMITS = BudgetLimits(minute=None, in_flight=50)
_BUDGETS = {"freshbooks": _LIMITS, "zoho_crm": _LIMITS, "zoho_finance": _LIMITS}
_PARTITIONS = 6
_SETTLED_WITHIN_S = 2.0
"""An answer is in the database by then, or died with whoever had heard it."""
_MOST_REPLAYED = 200


class StageDied(AssertionError):
    """A stage ended although nobody killed it."""


class SimWorld:
    """Built anew for each seed, on a database that was emptied."""

    def __init__(self, loop: VirtualLoop, port: Port, seed: int, times: Mapping[str, Any]) -> None:
        self.loop, self.port, self.seed = loop, port, seed
        self.clock = LoopClock(loop)
        self.rng = random.Random(f"world {seed}")
        self.vendors = Vendors(loop, seed)
        self.broker = MemoryBroker(partitions=_PARTITIONS, waits=True, now=self.clock.now)
        self.pool = SimPool(port, lambda name: None)
        self.lives: dict[str, Life] = {}
        self.deaths: list[str] = []
        self.failure: BaseException | None = None
        self._times = times
        self._supervisors: list[asyncio.Task[None]] = []

    @property
    def now(self) -> datetime:
        return self.clock.now()

    async def broker_send(self, records: Sequence[OutRecord]) -> None:
        """Acknowledged after a moment."""
        await self.broker.send_batch(records)
        await asyncio.sleep(self.rng.expovariate(1 / 0.003))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Connected, all stages alive; gone without a farewell afterwards."""
        await self._connect()
        self._supervisors = [self.loop.create_task(self._supervise(stage)) for stage in STAGES]
        try:
            yield
        finally:
            for supervisor in self._supervisors:
                supervisor.cancel()
            await asyncio.gather(*self._supervisors, return_exceptions=True)
            for life in self.lives.values():
                life.end("the end of the world")
                await life.gone()
            await self.vendors.world.webhooks.close()

    def check_alive(self) -> None:
        if self.failure is not None:
            raise StageDied(f"a stage died by itself: {self.failure!r}") from self.failure

    def replay(self, rng: random.Random) -> int:
        """A part of every topic of the road lies in it once more; how many records."""
        again = []
        for topic in ROAD:
            log = self.broker.log[topic.name]
            if topic is not WRITE_RESULTS and log:
                first = rng.randrange(len(log))
                again += log[first : first + rng.randrange(1, _MOST_REPLAYED)]
        for one in again:
            self.broker.append(OutRecord(one.topic, one.key, one.value, one.headers))
        return len(again)

    def unread(self) -> int:
        """Records on the road that the reader of their group has not fetched."""
        return self.broker.unread()

    def kill(self, stage: str) -> None:
        """Now; it comes back by itself."""
        self.lives[stage].end("killed")

    def kill_after(self, stage: str, steps: int) -> None:
        """At that many of its awaits from now."""
        life = self.lives[stage]
        life.dies_at = life.steps + steps

    async def _supervise(self, stage: str) -> None:
        while True:
            life = Life(stage, self, random.Random(self.rng.getrandbits(64)), None)
            self.lives[stage] = life
            living = life.start(self._live(life))
            await asyncio.wait([living])
            if not life.is_over and not living.cancelled():
                self.failure = living.exception() or RuntimeError(f"{stage} ended")
                life.end("by itself")
            self.vendors.unheard.update(life.heard_last(_SETTLED_WITHIN_S))
            await life.gone()
            self.deaths.append(f"{stage} in {life.died_in}")
            await asyncio.sleep(self.rng.uniform(0.05, 2.0))

    async def _live(self, life: Life) -> None:
        settings_type, wire = STAGES[life.stage]
        runtime = Runtime(life.stage, self.clock, Health(self.clock))
        async with wire(self._settings(settings_type), runtime) as workers, asyncio.TaskGroup() as group:
            tasks = [group.create_task(worker.run()) for worker in workers]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)

    async def _connect(self) -> None:
        keys = KeyFile.model_validate({"kek": KEYS_TEXT, "environment": "test"})
        async with new_http_client(transport=self.vendors.transport(lambda name: None)) as http:
            pool: Any = self.pool
            await connect(pool, WORKSPACE, self._platforms(), keys, http, self.clock)

    def _settings(self, settings_type: type[Any]) -> Any:
        given = {
            "workspace": WORKSPACE,
            "environment": "test",
            "database_url": "postgresql://simulated/simulated",
            "kafka_bootstrap_servers": "simulated",
            "platforms": self._platforms(),
            "budgets": _BUDGETS,
            "ingest": {"public_url": "http://ingest.test:8080", **self._times["ingest"]},
            "loader": self._times["loader"],
        }
        return settings_type(
            **{name: value for name, value in given.items() if name in settings_type.model_fields}
        )

    def _platforms(self) -> dict[str, dict[str, Any]]:
        freshbooks, zoho = self.vendors.urls["freshbooks"], self.vendors.urls["zoho"]["us"]
        return {
            "freshbooks": {
                **_application(freshbooks),
                "auth_url": freshbooks["auth"],
                "api_url": freshbooks["api"],
                "sandbox_origins": [freshbooks["auth"], freshbooks["api"]],
            },
            "zoho": {
                **_application(zoho),
                "auth_url": zoho["accounts"],
                "sandbox_origins": [zoho["accounts"], zoho["api_domain"]],
            },
        }


def _application(vendor: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(vendor[name]) for name in ("client_id", "client_secret", "redirect_uri")}
