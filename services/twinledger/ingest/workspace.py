"""Ingest: what runs for one workspace: readers, pollers, subscribers and their leases."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

import structlog

from twinledger.ingest.duties import Duties
from twinledger.state.ingest_leases import Duty

__all__ = ["Part", "WorkspaceParts"]

log = structlog.get_logger()


class Part(Protocol):
    """A reader, a poller, a subscriber."""

    async def run(self) -> None: ...

    def wake(self) -> None: ...

    def stop(self) -> None: ...


class WorkspaceParts:
    """Started and stopped together; `readers` by object."""

    def __init__(
        self, workspace: str, duties: Duties, readers: Mapping[str, Part], others: Sequence[Part]
    ) -> None:
        self._workspace = workspace
        self._duties = duties
        self._readers = readers
        self._parts = [*readers.values(), *others]
        duties.on_change = self._wake_all

    def reads(self, object_name: str) -> bool:
        """Whether this process is the one that reads the object."""
        return object_name in self._readers and self._duties.holds(Duty("read", object_name))

    def wake(self, object_name: str) -> None:
        """A hint of this object was noted."""
        if (reader := self._readers.get(object_name)) is not None:
            reader.wake()

    def stop(self) -> None:
        for part in self._parts:
            part.stop()

    async def run(self) -> None:
        """Until stopped; the leases are held until the last part has ended."""
        log.info("systems_open", workspace=self._workspace, count=len(self._parts))
        async with asyncio.TaskGroup() as group:
            holding = group.create_task(self._duties.run())
            await asyncio.wait([group.create_task(part.run()) for part in self._parts])
            self._duties.stop()
            await holding

    def _wake_all(self) -> None:
        for part in self._parts:
            part.wake()
