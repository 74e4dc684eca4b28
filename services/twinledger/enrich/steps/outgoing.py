"""Enrich: what leaves with the batch through the outbox: planned writes, and hints for unknown parents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from twinledger.kernel.clock import Clock
from twinledger.road.broker import OutRecord
from twinledger.road.codec import Codec
from twinledger.road.envelope import Envelope, Headers, Lane
from twinledger.road.hints import build_hints
from twinledger.road.topics import WRITE_INTENTS, key_of
from twinledger.state.records import ExternalKey, Intent

__all__ = ["Outgoing"]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Builds the records of one workspace."""

    codec: Codec
    clock: Clock
    workspace: str

    def intents(self, planned: Iterable[Intent]) -> list[OutRecord]:
        """One record a budget group and lane: a wake-up, however many intents wait there."""
        together: dict[tuple[str, Lane], list[Intent]] = {}
        for intent in planned:
            if intent.state == "planned":
                together.setdefault((intent.budget_group, intent.lane), []).append(intent)
        return [self._intents(*intents) for intents in together.values()]

    def hints(self, wanted: Iterable[ExternalKey]) -> list[OutRecord]:
        """Look there first: a parent that is not known yet."""
        names = sorted(wanted)
        return build_hints(self.codec, self.workspace, names, lane="verify", received_at=self.clock.now())

    def _intents(self, intent: Intent, *more: Intent) -> OutRecord:
        value = {
            "intent_id": str(intent.id),
            "more_ids": [str(other.id) for other in more],
            "workspace": self.workspace,
            "budget_group": intent.budget_group,
            "lane": intent.lane,
        }
        envelope = self._envelope(
            str(intent.id), intent.target.object, "write-intent", intent.lane, intent.received_at
        )
        return OutRecord(
            WRITE_INTENTS.name,
            key_of(self.workspace, intent.budget_group),
            self.codec.encode("write-intent", value),
            envelope,
        )

    def _envelope(
        self, event_id: str, source: str, kind: str, lane: Lane, received_at: datetime | None
    ) -> Headers:
        now = self.clock.now()
        envelope = Envelope(
            event_id=event_id,
            source=source,
            type=kind,
            time=now,
            workspace=self.workspace,
            lane=lane,
            received_at=received_at or now,
        )
        return tuple(envelope.to_headers())
