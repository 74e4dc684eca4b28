"""A workspace whose gate is held: plans by the real enrich, writes by the real loader, vendors in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.fakes.feeding import GROUPS, Enrich
from tests.fakes.feeding import enrich as enrich
from tests.fakes.vendor import FakePermit, FakeVendor

from twinledger.cli.sync_foresight import Foresight, foresee
from twinledger.cli.sync_plan import accept, show_plan
from twinledger.connectors.base.contract import WriteAnswer, WriteCall
from twinledger.kernel.clock import SystemClock
from twinledger.kernel.database import Pool, transaction
from twinledger.loader.executor import Executor, ExecutorSettings
from twinledger.loader.settle_queue import SettleQueue
from twinledger.loader.steps.feed_back import FeedBack
from twinledger.loader.steps.load_parents import ParentLoader
from twinledger.loader.steps.settle import Settler
from twinledger.loader.wiring import homes, renamable
from twinledger.mapping.definitions import load_shipped
from twinledger.road.codec import Codec
from twinledger.road.dead_letters import DeadLetterOffice

WORKSPACE = "default"


@dataclass
class Recorder(FakeVendor):
    """Keeps what each call was marked to carry when it left: marks are committed before the first byte."""

    pool: Pool = None  # type: ignore[assignment]
    sent: list[dict[str, Any]] = field(default_factory=list)

    async def write(
        self, calls: Sequence[WriteCall], *, send_by: float | None = None
    ) -> Sequence[WriteAnswer]:
        for call in calls:
            marked = await self.pool.fetchrow(
                "select entity_id, role, expected, state from intent where id = $1::text::uuid",
                call.intent_id,
            )
            assert marked is not None and marked["state"] == "sending"
            self.sent.append(
                {
                    "intent": call.intent_id,
                    "object": call.object,
                    "role": marked["role"],
                    "entity": str(marked["entity_id"]),
                    "op": call.op,
                    "external_id": call.external_id,
                    "patch": marked["expected"],
                }
            )
        return await super().write(calls, send_by=send_by)


@dataclass
class Held:
    """The workspace and its vendors. `written` are whole writes, whatever number of calls they took."""

    enrich: Enrich
    vendors: dict[str, Recorder]
    executors: Sequence[Executor]
    queue: SettleQueue

    async def shown(self) -> Foresight:
        async with transaction(self.enrich.pool) as connection:
            _, foresight, _ = await show_plan(connection, WORKSPACE)
            return foresight

    async def foreseen(self) -> Foresight:
        async with transaction(self.enrich.pool) as connection:
            return await foresee(connection, WORKSPACE, load_shipped())

    async def accept(self, plan_hash: str, *, resume: bool = False) -> int:
        async with transaction(self.enrich.pool) as connection:
            return await accept(connection, WORKSPACE, plan_hash, resume=resume)

    async def write_all(self) -> None:
        """Rounds of the loader until nothing may leave any more."""
        while sum([await executor._round() for executor in self.executors]):
            for executor in self.executors:
                await executor.drain()
            await self.queue.join()

    def written(self) -> list[dict[str, Any]]:
        whole: dict[str, dict[str, Any]] = {}
        for call in (call for vendor in self.vendors.values() for call in vendor.sent):
            kept = whole.setdefault(call["intent"], {**call, "patch": {}})
            kept["patch"].update(call["patch"])
        return [{k: v for k, v in one.items() if k != "intent"} for one in whole.values()]

    def forget(self) -> None:
        for vendor in self.vendors.values():
            vendor.sent.clear()


@pytest.fixture
async def held(enrich: Enrich) -> AsyncIterator[Held]:
    await enrich.pool.execute(
        """insert into workspace (id, reference_key, opened_at, held_at, held_by, settings)
           values ($1, $2, now(), now(), 'go_live', '{"since": "2000-01-01"}')""",
        WORKSPACE,
        b"k" * 32,
    )
    clock, definitions = SystemClock(), load_shipped()
    vendors = {system: Recorder(pool=enrich.pool) for system in GROUPS}
    office = DeadLetterOffice(group="loader", stage="loader", release="test", clock=clock)
    settler = Settler(FeedBack(Codec.from_files(), clock, office), renamable(definitions))
    queue = SettleQueue(enrich.pool, settler, clock)
    parents = ParentLoader(homes(definitions))
    executors = [
        Executor(
            ExecutorSettings("loader-0", WORKSPACE, group),
            enrich.pool,
            vendors,
            definitions.mappings,
            definitions.sync_rules,
            parents,
            queue,
            FakePermit(),
            clock,
        )
        for group in sorted(set(GROUPS.values()))
    ]
    settling = asyncio.create_task(queue.run())
    yield Held(enrich, vendors, executors, queue)
    settling.cancel()
