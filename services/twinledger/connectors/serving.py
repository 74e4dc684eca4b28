"""Connectors: keeps the parts of every connected workspace running inside one stage.

A workspace is served from a moment after its last platform was connected until one of its connections is
paused, removed, ends or is consented to again; then its parts are stopped, and started anew with what is
left. What happens to one workspace stops no other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import asyncpg
import structlog

from twinledger.connectors import registry
from twinledger.kernel.database import Pool, transaction
from twinledger.kernel.errors import TransientError
from twinledger.state.connections import Served, served_connections

__all__ = ["Parts", "ServedWorkspaces"]

_LOOK_EVERY_S = 1.0
_TRY_AGAIN_S = (1.0, 5.0, 30.0)
_AWAY = (TransientError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)

log = structlog.get_logger()


class Parts(Protocol):
    """What a stage runs for one workspace."""

    async def run(self) -> None:
        """Until stopped: what is in flight has ended then."""
        ...

    def stop(self) -> None: ...


P = TypeVar("P", bound=Parts)
Grants = frozenset[Served]
Open = Callable[[str], AbstractAsyncContextManager[P]]


@dataclass(slots=True)
class _Serving(Generic[P]):
    grants: Grants
    parts: P | None = None
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def stop(self) -> None:
        self.stopping.set()
        if self.parts is not None:
            self.parts.stop()


class ServedWorkspaces(Generic[P]):
    """A worker; `open_parts` opens what a workspace needs and closes it after the parts have ended."""

    def __init__(self, pool: Pool, open_parts: Open[P], *, look_every_s: float = _LOOK_EVERY_S) -> None:
        self._pool = pool
        self._open_parts = open_parts
        self._look_every_s = look_every_s
        self._platforms = frozenset(info.platform for info in registry.infos().values() if not info.optional)
        self._serving: dict[str, _Serving[P]] = {}
        self._failures: dict[str, int] = {}
        self._missing: dict[str, Collection[str]] = {}
        self._stopping = asyncio.Event()
        self._woken = asyncio.Event()

    def get(self, workspace: str) -> P | None:
        """The running parts of a workspace."""
        serving = self._serving.get(workspace)
        return serving.parts if serving is not None else None

    def __iter__(self) -> Iterator[P]:
        return iter([one.parts for one in self._serving.values() if one.parts is not None])

    def stop(self) -> None:
        self._stopping.set()
        self._woken.set()
        for serving in self._serving.values():
            serving.stop()

    async def run(self) -> None:
        """Until stopped; returns when the parts of all workspaces have ended."""
        async with asyncio.TaskGroup() as group:
            while not self._stopping.is_set():
                self._woken.clear()
                try:
                    self._adjust(await self._wanted(), group)
                except _AWAY as error:  # what runs goes on
                    log.warning("workspaces_not_looked_at", exc_info=error)
                await self._wait(self._woken, self._look_every_s)

    def _adjust(self, wanted: dict[str, Grants], group: asyncio.TaskGroup) -> None:
        for workspace, serving in self._serving.items():
            if wanted.get(workspace) != serving.grants:
                serving.stop()
        for workspace, grants in wanted.items():
            if workspace not in self._serving and not self._stopping.is_set():
                serving = self._serving[workspace] = _Serving(grants)
                group.create_task(self._serve(workspace, serving))

    async def _wanted(self) -> dict[str, Grants]:
        """Workspaces with every platform connected, and what of that can be worked over."""
        async with transaction(self._pool) as connection:
            known = await served_connections(connection)
        wanted: dict[str, Grants] = {}
        for workspace, connections in known.items():
            self._tell_missing(workspace, sorted(self._platforms - connections.keys()))
            usable = frozenset(filter(None, connections.values()))
            if usable and connections.keys() >= self._platforms:
                wanted[workspace] = usable
        return wanted

    async def _serve(self, workspace: str, serving: _Serving[P]) -> None:
        try:
            async with self._open_parts(workspace) as parts:
                if not serving.stopping.is_set():
                    serving.parts = parts
                    await parts.run()
            self._failures.pop(workspace, None)
        except Exception as error:  # the runner of workspaces: one that cannot be served stops no other
            serving.parts = None
            log.error("workspace_failed", workspace=workspace, exc_info=error)
            await self._wait(serving.stopping, self._next_try_s(workspace))
        finally:
            del self._serving[workspace]
            self._woken.set()

    def _next_try_s(self, workspace: str) -> float:
        failures = self._failures[workspace] = self._failures.get(workspace, 0) + 1
        return _TRY_AGAIN_S[min(failures, len(_TRY_AGAIN_S)) - 1]

    def _tell_missing(self, workspace: str, missing: Collection[str]) -> None:
        if missing and self._missing.get(workspace) != missing:
            log.info("waiting_for_connection", workspace=workspace, missing=missing)
        self._missing[workspace] = missing

    async def _wait(self, event: asyncio.Event, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return
