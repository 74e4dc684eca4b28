"""Dev: one life of the stack: up, connected, described in run.json, watched, down again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from twinledger.cli.dev.connect import connect
from twinledger.cli.dev.folders import Folders
from twinledger.cli.dev.lock import only_one
from twinledger.cli.dev.stack import Stack, StackOptions, write_run_file
from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Pool, open_pool
from twinledger.kernel.http import AsyncClient, new_http_client
from twinledger.state.sealing import KeyFile

__all__ = ["Session", "open_session"]

_TENFOLD_MINUTE = 10


@dataclass(frozen=True, slots=True)
class Session:
    """A running stack and what talking to it needs."""

    stack: Stack
    pool: Pool
    http: AsyncClient
    clock: Clock

    @property
    def admin(self) -> str:
        return str(self.stack.sandbox["admin"])

    async def go_live(self) -> None:
        """Connect, start the stages, tell where everything is."""
        keys = KeyFile(data_dir=self.stack.folders.data)
        workspace = self.stack.options.workspace
        await connect(self.pool, workspace, self.stack.platforms(), keys, self.http, self.clock)
        await self.stack.start_stages()
        self.write_run_file()
        self.stack.supervisor.restarted = self.write_run_file

    def write_run_file(self) -> None:
        write_run_file(self.stack.folders.run_file, self.stack.description())


@asynccontextmanager
async def open_session(
    folders: Folders, options: StackOptions, clock: Clock, say: Callable[[str], None]
) -> AsyncIterator[Session]:
    """Broker, database and vendors run inside the block; everything is down after it."""
    with only_one(folders.lock_file):
        async with new_http_client(timeout_s=60) as http:
            stack = Stack(folders, options, http, clock, say)
            try:
                await stack.start_foundation()
                if options.tenfold:
                    await _raise_limits(http, str(stack.sandbox["admin"]))
                pool = await open_pool(stack.database.address, min_size=1, max_size=4)
                watch = asyncio.create_task(stack.supervisor.watch())
                try:
                    yield Session(stack, pool, http, clock)
                finally:
                    watch.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await watch
                    await pool.close()
            finally:
                folders.run_file.unlink(missing_ok=True)
                await stack.stop()


async def _raise_limits(http: AsyncClient, admin: str) -> None:
    """Ten times the vendors' minute and in-flight limits, in the sandbox only."""
    limits: dict[str, dict[str, Any]] = (await http.get(f"{admin}/limits")).json()
    for system, held in limits.items():
        raised = {name: held[name] * _TENFOLD_MINUTE for name in ("minute", "in_flight") if held.get(name)}
        if raised:
            await http.put(f"{admin}/limits", json={"system": system, **raised})
