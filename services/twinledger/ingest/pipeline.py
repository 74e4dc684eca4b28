"""Ingest: its pipeline over the hints topic. A hint is done once it is noted; the queue is the table.

delivery -> judge -> hint -> [hints] -> note due read -> read -> [source-records]
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from twinledger.ingest.steps.note_hints import read_hints
from twinledger.kernel.database import Connection
from twinledger.road.broker import Received
from twinledger.road.codec import Codec
from twinledger.road.outcome import DeadLetter, Ok, Outcome
from twinledger.state.due_reads import announce, note_hints

__all__ = ["HintsPipeline", "Readers"]


class Readers(Protocol):
    """Who reads what in this process."""

    def reads(self, workspace: str, object_name: str) -> bool: ...

    def wake(self, workspace: str, object_name: str) -> None: ...


class HintsPipeline:
    """Handler of the transactional runner; `committed` runs after its commit."""

    def __init__(
        self, codec: Codec, objects: Collection[str], shared: Mapping[str, str], readers: Readers
    ) -> None:
        """`shared`: of a record that two products show, the one we hear of -> the one we read."""
        self._codec = codec
        self._objects = objects
        self._shared = shared
        self._readers = readers
        self._noted: set[tuple[str, str]] = set()

    async def handle(self, connection: Connection, batch: Sequence[Received]) -> Sequence[Outcome[None]]:
        """A verdict for each record, in order; one statement for all of them."""
        read = [read_hints(received, self._codec, self._objects, self._shared) for received in batch]
        hints = [hint for found in read if not isinstance(found, DeadLetter) for hint in found]
        await note_hints(connection, hints)
        noted = {(hint.workspace, hint.object) for hint in hints}
        await announce(connection, [one for one in noted if not self._readers.reads(*one)])
        self._noted |= noted
        return [verdict if isinstance(verdict, DeadLetter) else Ok(None) for verdict in read]

    def committed(self) -> None:
        """Wake the readers of what was noted: they do not wait for their next look."""
        noted, self._noted = self._noted, set()
        for workspace, name in noted:
            self._readers.wake(workspace, name)
