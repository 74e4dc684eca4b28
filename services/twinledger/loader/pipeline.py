"""Loader: its pipeline. A write intent that arrives only wakes: the intent table is the queue.

wake -> build calls -> pay and mark SENDING -> send -> settle (or resolve what is unknown)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from twinledger.kernel.database import Connection
from twinledger.kernel.errors import PermanentError
from twinledger.road.broker import Received
from twinledger.road.codec import Codec
from twinledger.road.outcome import DeadLetter, Ok, Outcome

__all__ = ["LoaderPipeline"]


@dataclass(frozen=True, slots=True)
class LoaderPipeline:
    """Handler of the transactional runner for the write-intents topic."""

    codec: Codec
    wake: Callable[[str, str, UUID], None]

    async def handle(self, connection: Connection, batch: Sequence[Received]) -> Sequence[Outcome[None]]:
        """Each record is done once noted; its intent was committed before it was published."""
        return [self._note(received) for received in batch]

    def _note(self, received: Received) -> Outcome[None]:
        try:
            _, record = self.codec.decode(received.value)
        except PermanentError as refused:
            return DeadLetter.of(refused)
        self.wake(record["workspace"], record["budget_group"], UUID(record["intent_id"]))
        return Ok(None)
